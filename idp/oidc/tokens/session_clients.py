"""Which apps a session was used with, and the `sid` by which each knows it; logout tells them (Back-Channel Logout 1.0 §2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from idp.identifiers import ClientId, SessionId
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import PAIRWISE
from idp.oidc.tokens import store
from idp.unit_of_work import UnitOfWork

_SID_BYTES = 16


@dataclass(frozen=True, slots=True)
class SessionClient:
    """An app of a session."""

    session_id: SessionId
    client_id: ClientId
    sid: str


def remember(work: UnitOfWork, session_id: SessionId, client: Client) -> str:
    """Note that a session is used with an app; give the `sid` of its ID tokens."""
    sid = sid_of(work, session_id, client)
    store.add_session_client(work.db, session_id, client.id, sid, work.now)
    return sid


def sid_of(work: UnitOfWork, session_id: SessionId, client: Client) -> str:
    """Give a session's `sid`: stable, and worth nothing as a session; a pairwise client has its own, that it can be compared with none."""
    named = f"{session_id}\n{client.id}" if client.subject_type == PAIRWISE else session_id
    return work.secrets.mac("sid", named.encode())[:_SID_BYTES].hex()


def clients_of(work: UnitOfWork, session_ids: Sequence[SessionId]) -> list[SessionClient]:
    """List the apps of sessions."""
    rows = store.session_clients(work.db, session_ids)
    return [SessionClient(row["session_id"], row["client_id"], row["sid"]) for row in rows]
