"""Reading an `id_token_hint`: an ID token of ours, perhaps expired, perhaps signed with a key that has retired (Core §3.1.2.1)."""

from dataclasses import dataclass

from idp.oidc.keys.jose import BadToken
from idp.oidc.keys.ring import Keys
from idp.settings import Settings


class BadHint(Exception):
    """Not an ID token of ours."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Whom an ID token was about, for whom it was made, in which of the client's sessions."""

    subject: str
    audience: tuple[str, ...]
    sid: str | None


def read(keys: Keys, settings: Settings, token: str) -> Hint:
    """Prove signature and issuer; the time does not matter. Raises: BadHint."""
    try:
        proven = keys.verify(token)
    except BadToken as error:
        raise BadHint(str(error)) from error
    claims = proven.claims
    if str(proven.header.get("typ", "JWT")).upper() != "JWT":
        raise BadHint("a token of another kind")
    audience = claims.get("aud")
    named = (audience,) if isinstance(audience, str) else tuple(audience) if isinstance(audience, list) else ()
    subject, sid = claims.get("sub"), claims.get("sid")
    if claims.get("iss") != settings.issuer_address or not isinstance(subject, str) or not named:
        raise BadHint("of another issuer, or without subject or audience")
    if "exp" not in claims:
        raise BadHint("signed UserInfo, not an ID token")
    return Hint(subject, tuple(str(one) for one in named), sid if isinstance(sid, str) else None)
