"""Exchanging a person's access token for a narrower one (RFC 8693): for a backend, for one contract, in the name of the asking client."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from idp.authn import sessions
from idp.directory.accounts import Account
from idp.oidc.clients import resources
from idp.oidc.clients.clients import Client
from idp.oidc.clients.scopes import OFFLINE_ACCESS
from idp.oidc.clients.store import resources as resource_store
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens import authorization_details
from idp.oidc.tokens.access_tokens import TokenFacts
from idp.oidc.tokens.authorization_details import Details
from idp.oidc.tokens.dpop import ProofRefused
from idp.oidc.tokens.grants import Grant
from idp.oidc.tokens.issue import TokenAnswer, reissue, start_family
from idp.oidc.tokens.narrowing import Asked, Narrowed, narrow
from idp.unit_of_work import UnitOfWork

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a type's name
MOST_ACTORS = 5


def exchange(
    work: UnitOfWork, client: Client, facts: TokenFacts | None, asked: Asked, audiences: tuple[str, ...]
) -> tuple[TokenFacts, TokenAnswer]:
    """Issue an access token for what a subject token (None: it does not count) is good for, or less; give both.

    It belongs to a family below the subject's, so that it ends with it, and lives no longer.
    Raises: OAuthError `invalid_request` for a token that does not count or is not for the client (§2.2.2), `invalid_scope`,
    `invalid_target`, `invalid_authorization_details`; ProofRefused.
    """
    if facts is None or not _may_be_exchanged(work, client, facts):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "the subject_token is unknown, has ended, speaks for no person, or is for others")
    account = facts.account
    assert account is not None  # a person's token has one
    if facts.session and not sessions.hold(work, facts.session.id):  # a logout now waits, and ends what is issued here
        raise OAuthError(ErrorCode.INVALID_REQUEST, "the session of the subject_token has ended")
    _check_key(client, facts, asked)
    until = datetime.fromtimestamp(facts.claims["exp"], UTC)
    details = _details(work, client, facts, account, asked)
    grant = _grant(client, facts, details)
    narrowed = _narrowed(work, client, grant, asked, audiences)
    _check_audience(work, client, facts, narrowed)
    family = start_family(work, replace(grant, scopes=narrowed.scopes), until, facts.family_id)
    actor = _actors(client, facts)
    answer = reissue(work, family, client, narrowed, account=account, session=facts.session, until=until, actor=actor)
    return facts, replace(answer, id_claims=None, other={"issued_token_type": ACCESS_TOKEN})


def _may_be_exchanged(work: UnitOfWork, client: Client, facts: TokenFacts) -> bool:
    """Tell whether a token speaks for a person, and was issued to the client or names it or a resource of its."""
    if facts.account is None or facts.claims["exp"] <= work.now.timestamp():
        return False
    if client.id == facts.client_id or client.id in facts.audience:
        return True
    return any(row["introspection_client_id"] == client.id for row in resource_store.find_several(work.db, facts.audience))


def _check_key(client: Client, facts: TokenFacts, asked: Asked) -> None:
    """Make nothing that anybody could bear out of a token that is bound to a key (RFC 9449 §5). Raises: ProofRefused."""
    if facts.dpop_jkt is None:
        return
    if asked.dpop_jkt is None:
        raise ProofRefused("the subject_token is bound to a key: the exchange needs a DPoP proof")
    if client.id == facts.client_id and asked.dpop_jkt != facts.dpop_jkt:
        raise ProofRefused("the DPoP proof is not of the key to which the subject_token is bound")


def _details(work: UnitOfWork, client: Client, facts: TokenFacts, account: Account, asked: Asked) -> Details:
    """Give the asked authorization details, or those of the subject token; what they name must be the account's to use now.

    Another's app gets no more than its token holds, because the person is asked for each contract (see consent).
    Raises: OAuthError `invalid_authorization_details`.
    """
    held = tuple(detail for detail in facts.authorization_details if detail["type"] in client.authorization_details_types)
    details = held if asked.details is None else asked.details
    if asked.details is not None and not client.first_party:
        details = authorization_details.narrow(held, asked.details)
    if not authorization_details.held(work, account.id, details):
        raise OAuthError(ErrorCode.INVALID_AUTHORIZATION_DETAILS, "the account may not use what authorization_details names")
    return details


def _grant(client: Client, facts: TokenFacts, details: Details) -> Grant:
    """Give all that the exchange can lead to: never a refresh token, so nothing offline of its own."""
    auth_time = facts.claims.get("auth_time")
    return Grant(
        client_id=client.id,
        scopes=tuple(scope for scope in facts.scopes if scope in client.scopes and scope != OFFLINE_ACCESS),
        account_id=facts.account_id,
        session_id=facts.session_id,
        authorization_details=details,
        acr=facts.acr,
        amr=tuple(facts.claims.get("amr", ())),
        auth_time=None if auth_time is None else datetime.fromtimestamp(auth_time, UTC),
        offline=facts.session is None,
    )


def _narrowed(work: UnitOfWork, client: Client, grant: Grant, asked: Asked, audiences: tuple[str, ...]) -> Narrowed:
    """Narrow scopes, and name whom the token is for: `resource` and `audience` together (§2.1). Raises: OAuthError."""
    named, clients, behind = resources.sort_audiences(work, client, audiences)
    targets = tuple(dict.fromkeys((*asked.resources, *named)))
    narrowed = narrow(grant, client, work.settings, replace(asked, details=None, resources=targets))
    if not narrowed.scopes and not narrowed.details:
        raise OAuthError(ErrorCode.INVALID_SCOPE, "nothing of the subject_token is registered for this client")
    if not clients:
        return narrowed
    asked_for = tuple(name for name in targets if name != work.settings.issuer_address)
    return replace(narrowed, audience=(*targets, *clients), resources=tuple(dict.fromkeys((*asked_for, *behind))))


def _check_audience(work: UnitOfWork, client: Client, facts: TokenFacts, narrowed: Narrowed) -> None:
    """Let another's app reach what we tell of persons (UserInfo, API) only by a token that could. Raises: OAuthError `invalid_target`."""
    issuer = work.settings.issuer_address
    if issuer in narrowed.audience and issuer not in facts.audience and not client.first_party:
        raise OAuthError(ErrorCode.INVALID_TARGET, "the subject_token is not for this provider, so the new one cannot be")


def _actors(client: Client, facts: TokenFacts) -> dict[str, Any]:
    """Name who acts, and through whom it came (§4.1). Raises: OAuthError `invalid_request` for a chain without end."""
    before = facts.claims.get("act")
    count, actor = 1, before
    while actor:
        count, actor = count + 1, actor.get("act")
    if count > MOST_ACTORS:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "the subject_token has been exchanged too often")
    return {"sub": client.id} | ({"act": before} if before else {})
