"""Access to what we protect ourselves (UserInfo, API) by access token (RFC 6750)."""

from idp.oidc.keys.ring import Keys
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens import access_tokens
from idp.oidc.tokens.access_tokens import TokenFacts
from idp.unit_of_work import UnitOfWork

__all__ = ["TokenFacts", "authorize_request", "token_of"]

_REALM = 'realm="idp"'


def authorize_request(work: UnitOfWork, keys: Keys, authorization: str | None, *, scope: str, form_token: str | None = None) -> TokenFacts:
    """Let a request in by its `Authorization` header (or a token in its form), if the token holds a scope; the unit then acts for it.

        keys = current_keys()
        with read_work() as work:
            facts = authorize_request(work, keys, request.headers.get("Authorization"), scope="contracts")

    Raises: OAuthError 401 `invalid_token`, 403 `insufficient_scope`, 400 `invalid_request`, with their challenges (§3).
    """
    token = token_of(authorization, form_token)
    issuer = work.settings.issuer_address
    claims = access_tokens.prove(keys, token, issuer)
    facts = access_tokens.living(work, claims) if claims else None
    if facts is None or issuer not in facts.audience:
        raise _refused(ErrorCode.INVALID_TOKEN, "the access token is unknown, has expired or ended, or is for others", 401)
    if scope not in facts.scopes:
        raise _refused(ErrorCode.INSUFFICIENT_SCOPE, f"the access token lacks the scope {scope}", 403, f', scope="{scope}"')
    work.acts_as(facts.actor)
    return facts


def token_of(authorization: str | None, form_token: str | None = None) -> str:
    """Read the one access token of a request (§2.1, §2.2). Raises: OAuthError 401 for none, 400 for several."""
    scheme, _, value = (authorization or "").partition(" ")
    header_token = value.strip() if scheme.lower() == "bearer" else ""
    if header_token and form_token:
        raise _refused(ErrorCode.INVALID_REQUEST, "more than one access token", 400)
    token = header_token or form_token
    if not token:
        challenge = {"WWW-Authenticate": f"Bearer {_REALM}"}  # without error: nothing was presented (§3.1)
        raise OAuthError(ErrorCode.INVALID_TOKEN, "an access token is needed", status=401, headers=challenge)
    return token


def _refused(error: ErrorCode, description: str, status: int, more: str = "") -> OAuthError:
    challenge = f'Bearer {_REALM}, error="{error.value}", error_description="{description}"{more}'
    return OAuthError(error, description, status=status, headers={"WWW-Authenticate": challenge})
