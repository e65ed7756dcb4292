"""Clients that register and manage themselves (RFC 7591, RFC 7592, OpenID Connect Dynamic Client Registration 1.0).

Who registers shows an initial access token, unless the operator lets anybody; who manages a client shows the registration access
token that came with it. `check` before and `register` or `replace` after `sectors.prove`, which fetches.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from idp import audit
from idp.audit import Event
from idp.crypto import hash_token
from idp.database import storable
from idp.directory import limits
from idp.directory.limits import Limit
from idp.identifiers import new_token
from idp.oidc.clients import clients, initial_tokens, sectors
from idp.oidc.clients.clients import ChangedMeanwhile, Client, ClientUnknown
from idp.oidc.clients.events import ClientEnded
from idp.oidc.clients.metadata import BASIC, POST, Metadata, Origin, refused
from idp.oidc.clients.store import clients as store
from idp.oidc.clients.store import secrets as secret_store
from idp.oidc.protocol import ErrorCode, OAuthError, Path
from idp.settings import Settings
from idp.unit_of_work import Actor, ActorKind, UnitOfWork

BY_NETWORK = Limit("registration_network", 300, timedelta(hours=1))
OPEN_BY_NETWORK = Limit("registration_open_network", 30, timedelta(hours=1))
CHANGES = Limit("registration_change", 60, timedelta(hours=1))
NOT_IN_AN_UPDATE = ("registration_access_token", "registration_client_uri", "client_id_issued_at", "client_secret_expires_at")
_WITH_SECRET = (BASIC, POST)


@dataclass(frozen=True, slots=True)
class Managed:
    """A client as it is told to itself; `secret` where it is new, or was just shown to us."""

    client: Client
    issued_at: datetime
    registration_token: str
    secret: str | None = None


def check(work: UnitOfWork, token: str | None, metadata: Mapping[str, Any], network: str) -> Mapping[str, Any]:
    """Check a new client before anything is fetched for it; counts the try. Gives the whole metadata.

    Raises: OAuthError 401 `invalid_token` and those of metadata_checks.validate; TooMany.
    """
    if token is None and not work.settings.open_registration:
        raise _unknown_token("an initial access token is needed")
    if token is not None and not initial_tokens.usable(work, token):
        raise _unknown_token("the initial access token is unknown, has expired or been used up")
    limit = OPEN_BY_NETWORK if token is None else BY_NETWORK
    limits.check(work, limit, network)
    limits.count(work, limit, network)
    limits.count_refusal(work, limit, network)
    return clients.check(work, metadata, Origin.DYNAMIC)


def register(work: UnitOfWork, token: str | None, metadata: Mapping[str, Any]) -> Managed:
    """Register a client, and use the initial access token once. Raises: OAuthError (see check)."""
    used = initial_tokens.spend(work, token) if token is not None else None
    if used is None and (token is not None or not work.settings.open_registration):
        raise _unknown_token("the initial access token has been used up")
    made = clients.register(work, metadata, origin=Origin.DYNAMIC)
    registration_token = new_token()
    store.change(work.db, made.client.id, {"registration_token_hash": hash_token(registration_token)})
    audit.record(work, Event.CLIENT_REGISTERED_ITSELF, client=made.client.id, token=used)
    return Managed(made.client, made.created_at, registration_token, made.secret)


def show(work: UnitOfWork, client_id: str, token: str) -> Managed:
    """Give a client that proves itself by its registration access token. Raises: OAuthError 401 `invalid_token`."""
    row = _proven(work, client_id, token)
    return Managed(clients.record(work, client_id).client, row["created_at"], token)


def check_update(work: UnitOfWork, client_id: str, token: str, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check what is to replace a client's metadata, before anything is fetched for it; counts the try (RFC 7592 §2.2).

    Raises: OAuthError 401 `invalid_token` and those of metadata_checks.validate; TooMany.
    """
    row = _proven(work, client_id, token)
    limits.check(work, CHANGES, client_id)
    limits.count(work, CHANGES, client_id)
    limits.count_refusal(work, CHANGES, client_id)
    if metadata.get("client_id") != client_id:
        raise refused("client_id: has to be that of the client")
    for member in NOT_IN_AN_UPDATE:
        if member in metadata:
            raise refused(f"{member}: is not the client's to set")
    secret = metadata.get("client_secret")
    if secret is not None and not (isinstance(secret, str) and _is_secret(work, client_id, secret)):
        raise refused("client_secret: is not the client's")
    return clients.check(work, metadata, Origin.DYNAMIC, row["profile"])


def replace(work: UnitOfWork, client_id: str, token: str, metadata: Mapping[str, Any]) -> Managed:
    """Replace all of a client's metadata; what is left out has its default again, what was issued in another sector ends.

    Raises: OAuthError (see check_update).
    """
    row = _proven(work, client_id, token)
    before = row["metadata_document"]
    changed = {name: metadata.get(name) for name in Metadata.model_fields if metadata.get(name) != before.get(name)}
    client = clients.change(work, client_id, changed)
    if sectors.is_entered(client, clients.record_of(row).client):
        work.emit(ClientEnded(client.id))
    secret = metadata.get("client_secret")
    if client.auth_method not in _WITH_SECRET:
        secret_store.keep_newest(work.db, client_id, 0)
        secret = None
    elif before["token_endpoint_auth_method"] not in _WITH_SECRET:
        secret = clients.renew_secret(work, client_id)
    elif secret is not None and not _is_secret(work, client_id, secret):
        raise refused("client_secret: is not the client's")
    return Managed(client, row["created_at"], token, secret)


def remove(work: UnitOfWork, client_id: str, token: str) -> None:
    """Delete a client; its tokens end (RFC 7592 §2.3). Raises: OAuthError 401 `invalid_token`."""
    _proven(work, client_id, token)
    clients.delete(work, client_id)


def renew_token(work: UnitOfWork, client_id: str, *, seen: datetime | None = None) -> str:
    """Give a client that registered itself another registration access token; the one before ends at once (RFC 7592 §2.1).

    Only an operator does this, who can hand the new one over again: a client whose answer with a new token got lost could never
    manage itself any more (§5). `seen`: only if nobody has changed it since.

    Raises: ClientUnknown, ChangedMeanwhile, OAuthError for a client that the operator registered.
    """
    row = store.find_to_change(work.db, client_id)
    if row is None:
        raise ClientUnknown(f"no client {client_id}")
    if row["origin"] != Origin.DYNAMIC:
        raise refused("this client has not registered itself, so it does not manage itself")
    if seen is not None and row["changed_at"] != seen:
        raise ChangedMeanwhile(client_id)
    token = new_token()
    store.change(work.db, client_id, {"registration_token_hash": hash_token(token), "changed_at": work.now})
    audit.record(work, Event.CLIENT_CHANGED, client=client_id, members=["registration_access_token"])
    return token


def address_of(settings: Settings, client: Client) -> str:
    """Give where a client manages itself (`registration_client_uri`)."""
    return f"{Path.REGISTRATION.below(settings)}/{client.id}"


def _proven(work: UnitOfWork, client_id: str, token: str) -> RowMapping:
    """Give the row of a client whose token this is; the unit then acts as that client. Whether there is one is told to nobody else."""
    row = store.find_registered(work.db, client_id, hash_token(token)) if storable(client_id) else None
    if row is None:
        raise _unknown_token("the registration access token is not that of the client")
    work.acts_as(Actor(ActorKind.CLIENT, client_id))
    return row


def _is_secret(work: UnitOfWork, client_id: str, secret: str) -> bool:
    return storable(secret) and secret_store.is_valid(work.db, client_id, hash_token(secret), work.now)


def _unknown_token(description: str) -> OAuthError:
    challenge = f'Bearer realm="idp", error="{ErrorCode.INVALID_TOKEN.value}", error_description="{description}"'
    return OAuthError(ErrorCode.INVALID_TOKEN, description, status=401, headers={"WWW-Authenticate": challenge})
