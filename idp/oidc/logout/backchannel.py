"""Telling the apps of an ended session (Back-Channel Logout 1.0): the intent is kept as a job, the token is signed at each attempt.

An app whose consent a person revokes is told as well: what it still holds of the person has no ground any more.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from idp import audit
from idp.audit import Event
from idp.authn import sessions
from idp.authn.events import EndReason, SessionsEnded
from idp.directory import accounts
from idp.identifiers import AccountId, ClientId, new_id
from idp.oidc.authorization.events import ConsentRevoked
from idp.oidc.clients import clients
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import Origin
from idp.oidc.keys.jose import sign
from idp.oidc.keys.ring import KeyRing
from idp.oidc.tokens import session_clients
from idp.oidc.tokens.subjects import subject_of
from idp.outbound import OutboundClient, OutboundFailed, OutboundRefused
from idp.outbox import JobFinished, JobState, jobs
from idp.outbox.senders import ClaimedJob, Failed, Outcome, Retry, Sent
from idp.unit_of_work import UnitOfWork, Units

KIND = "logout_token"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_TOKEN_LIFE = timedelta(minutes=2)
_WORTH_TELLING = timedelta(days=1)
_TOLD_BY_NOTHING = frozenset({EndReason.TIMED_OUT})


def on_sessions_ended(work: UnitOfWork, event: SessionsEnded) -> None:
    """Note for each app of the sessions that it has to be told; a time-out tells none."""
    if event.reason in _TOLD_BY_NOTHING:
        return
    used = session_clients.clients_of(work, event.session_ids)
    if not used:
        return
    known = clients.find_several(work, (one.client_id for one in used))
    listening = {client.id for client in known.values() if client.backchannel_logout_uri}
    owners = sessions.owners(work, event.session_ids)
    _enqueue(work, [(one.client_id, one.sid, owners.get(one.session_id)) for one in used if one.client_id in listening])


def on_consent_revoked(work: UnitOfWork, event: ConsentRevoked) -> None:
    """Note that the app has to be told of each session in which the person uses it.

    If there is none, the token names the person alone, which means all that the app holds of them (§2.4); an app that wants a session
    named gets no such token.
    """
    client = clients.find(work, event.client_id)
    if client is None or not client.backchannel_logout_uri:
        return
    live = [session.id for session in sessions.live_of(work, event.account_id)]
    sids: list[str | None] = [one.sid for one in session_clients.clients_of(work, live) if one.client_id == client.id]
    if not sids and not client.backchannel_logout_session_required:
        sids = [None]
    _enqueue(work, [(client.id, sid, event.account_id) for sid in sids])


def _enqueue(work: UnitOfWork, told: Sequence[tuple[ClientId, str | None, AccountId | None]]) -> None:
    jobs.enqueue_all(
        work,
        KIND,
        [({"client_id": client_id, "sid": sid, "account_id": account_id}, account_id) for client_id, sid, account_id in told],
        useless_after=work.now + _WORTH_TELLING,
    )


def note_outcome(work: UnitOfWork, event: JobFinished) -> None:
    """Note in the audit log whether an app was told."""
    if event.kind == KIND:
        what = Event.LOGOUT_DELIVERED if event.state is JobState.SENT else Event.LOGOUT_FAILED
        audit.record(work, what, account=event.payload["account_id"], client=event.payload["client_id"])


class LogoutTokenSender:
    """Signs a logout token and posts it to the app (§2.4, §2.5); twice does no harm."""

    at_most_once = False

    def __init__(self, units: Units, keys: KeyRing, outbound: OutboundClient) -> None:
        self._units = units
        self._keys = keys
        self._outbound = outbound

    def send(self, job: ClaimedJob) -> Outcome:
        """Tell one app; what it refuses for good is not repeated (§2.8)."""
        keys = self._keys.current()
        with self._units.read() as work:
            client = clients.find(work, job.payload["client_id"])
            if client is None or not client.backchannel_logout_uri:
                return Failed("the client is gone, or wants to hear nothing any more")
            claims = token_claims(work, client, job)
        token = sign(claims, keys.active(client.id_token_alg), typ="logout+jwt", algorithm=client.id_token_alg)
        own = client.origin is not Origin.DYNAMIC
        try:
            answer = self._outbound.post_form(client.backchannel_logout_uri, {"logout_token": token}, exceptions=own)
        except OutboundRefused as error:
            return Failed(str(error))
        except OutboundFailed as error:
            return Retry(str(error))
        return _outcome(answer.status)


def token_claims(work: UnitOfWork, client: Client, job: ClaimedJob) -> dict[str, Any]:
    """Give the claims of a logout token made now (§2.4)."""
    account_id, sid = job.payload["account_id"], job.payload["sid"]
    account = accounts.find(work, AccountId(account_id)) if account_id else None
    now = int(work.now.timestamp())
    claims = {
        "iss": work.settings.issuer_address,
        "aud": client.id,
        "iat": now,
        "exp": now + int(_TOKEN_LIFE.total_seconds()),
        "jti": new_id(),
        "events": {LOGOUT_EVENT: {}},
    }
    return claims | ({"sid": sid} if sid else {}) | ({"sub": subject_of(work, client, account)} if account else {})


def _outcome(status: int) -> Outcome:
    """Judge an answer: success is 200 (204 from many), 5xx and »too many« may pass, all else is the app's last word."""
    if 200 <= status < 300:
        return Sent()
    if status >= 500 or status in (408, 429):
        return Retry(f"HTTP {status}")
    return Failed(f"HTTP {status}")
