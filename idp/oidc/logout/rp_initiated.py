"""Logout that an app asks for by a redirect (RP-Initiated Logout 1.0): who asks, whose session, where to go afterwards."""

from dataclasses import dataclass

from idp import audit
from idp.audit import Event
from idp.authn import sessions
from idp.authn.events import EndReason
from idp.authn.sessions import Session
from idp.directory import accounts
from idp.identifiers import ClientId
from idp.oidc.authorization import hints
from idp.oidc.authorization.answers import with_query
from idp.oidc.authorization.hints import BadHint, Hint
from idp.oidc.clients import clients
from idp.oidc.clients.clients import Client
from idp.oidc.keys.ring import Keys
from idp.oidc.logout import frontchannel
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens import session_clients
from idp.oidc.tokens.subjects import subject_of
from idp.unit_of_work import Actor, ActorKind, UnitOfWork


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What was asked for (§2), each at most once."""

    id_token_hint: str | None = None
    client_id: str | None = None
    post_logout_redirect_uri: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A validated request: the app if one is named, its hint if it sent a good one, and the registered address to return to."""

    client: Client | None
    hint: Hint | None
    return_to: str | None


def validate(work: UnitOfWork, keys: Keys, asked: LogoutRequest) -> Wish:
    """Find out who asks; only an exactly registered address of that client is ever returned to (§3, §4).

    A hint that is no ID token of ours counts as none. Raises: OAuthError for a page.
    """
    hint = _hint(keys, work, asked.id_token_hint)
    client = _client(work, asked, hint)
    uri = asked.post_logout_redirect_uri
    if uri is None:
        return Wish(client, hint, None)
    if client is None:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "post_logout_redirect_uri needs a valid id_token_hint or client_id")
    if uri not in client.post_logout_redirect_uris:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "the post_logout_redirect_uri is not registered for the client")
    return Wish(client, hint, with_query(uri, {} if asked.state is None else {"state": asked.state}))


def is_of_session(work: UnitOfWork, hint: Hint | None, session: Session) -> bool:
    """Tell whether a hint was issued in this very session; then the person need not be asked (§2)."""
    if hint is None:
        return False
    asking = clients.find_several(work, map(ClientId, hint.audience)).values()
    if hint.sid is not None:
        known = {used.sid for used in session_clients.clients_of(work, [session.id])}
        return hint.sid in known or any(hint.sid == session_clients.sid_of(work, session.id, client) for client in asking)
    account = accounts.find(work, session.account_id)
    return account is not None and any(hint.subject == subject_of(work, client, account) for client in asking)


def end(work: UnitOfWork, session: Session, client: Client | None) -> tuple[str, ...]:
    """End the browser's session; its apps are told by what happens then, and by the addresses given here, which its browser has to load."""
    frames = frontchannel.addresses(work, session.id)
    work.acts_as(Actor(ActorKind.PERSON, session.account_id, session_id=session.id))
    audit.record(work, Event.LOGOUT, account=session.account_id, client=client.id if client else None)
    sessions.end(work, [session.id], EndReason.LOGOUT)
    return frames


def _hint(keys: Keys, work: UnitOfWork, token: str | None) -> Hint | None:
    try:
        return hints.read(keys, work.settings, token) if token else None
    except BadHint:
        return None


def _client(work: UnitOfWork, asked: LogoutRequest, hint: Hint | None) -> Client | None:
    """Give the client that is named; by `client_id`, which must be in the hint's audience, or by the hint alone. Raises: OAuthError."""
    if asked.client_id is not None:
        if hint is not None and asked.client_id not in hint.audience:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "client_id is not in the audience of id_token_hint")
        client = clients.find(work, asked.client_id)
        if client is None:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "the client_id is not registered")
        return client
    return clients.find(work, hint.audience[0]) if hint else None
