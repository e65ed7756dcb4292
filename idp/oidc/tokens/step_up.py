"""Step-up authentication (RFC 9470): a resource of ours refuses a token whose person has not proven enough, or not recently enough.

The client follows by a new authorization request with the `acr_values` and `max_age` that the refusal names.
"""

from datetime import UTC, datetime, timedelta

from idp.authn import levels
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens.access_tokens import TokenFacts
from idp.unit_of_work import UnitOfWork


def require(work: UnitOfWork, facts: TokenFacts, *, acr: str | None = None, max_age: int | None = None) -> None:
    """Let pass only a token whose person has reached a level, within the last `max_age` seconds.

    Of a token with a session what was really reached counts: the token may name a lower level that was demanded (Core §5.5.1.1).
    Raises: OAuthError 401 `insufficient_user_authentication` with what would do (§3).
    """
    reached = facts.session.acr if facts.session else facts.acr
    too_low = acr is not None and levels.rank(reached) < levels.rank(acr)
    too_old = max_age is not None and work.now - _authenticated_at(facts) > timedelta(seconds=max_age)
    if too_low or too_old:
        raise _refused(facts, acr, max_age)


def require_own_level(work: UnitOfWork, facts: TokenFacts) -> None:
    """Let pass only a person who has reached what role and policy demand of their account now. Raises: see require."""
    assert facts.account is not None, "asked of tokens that speak for a person"
    require(work, facts, acr=levels.required_acr(facts.account))


def _authenticated_at(facts: TokenFacts) -> datetime:
    if facts.session:
        return facts.session.auth_time
    return datetime.fromtimestamp(facts.claims.get("auth_time", 0), UTC)


def _refused(facts: TokenFacts, acr: str | None, max_age: int | None) -> OAuthError:
    description = "more, or a more recent, authentication is needed"
    error = ErrorCode.INSUFFICIENT_USER_AUTHENTICATION
    challenge = f'{"DPoP" if facts.dpop_jkt else "Bearer"} realm="idp", error="{error.value}", error_description="{description}"'
    wanted = {"acr_values": acr, "max_age": max_age}
    challenge += "".join(f', {name}="{value}"' for name, value in wanted.items() if value is not None)
    return OAuthError(error, description, status=401, headers={"WWW-Authenticate": challenge})
