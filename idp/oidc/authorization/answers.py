"""How an answer reaches the client: by the query, the fragment, or a form that the browser posts."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from idp.oidc.authorization.request import Target
from idp.oidc.protocol import OAuthError, ResponseMode
from idp.settings import Settings


@dataclass(frozen=True, slots=True)
class Redirection:
    """An address to redirect to."""

    address: str


@dataclass(frozen=True, slots=True)
class FormPost:
    """A form for the browser to post (OAuth 2.0 Form Post Response Mode §2)."""

    address: str
    fields: Mapping[str, str]


ToClient = Redirection | FormPost


def with_code(settings: Settings, target: Target, code: str) -> ToClient:
    """Answer with a code (RFC 6749 §4.1.2)."""
    return _answer(settings, target, {"code": code})


def with_error(settings: Settings, target: Target, error: OAuthError) -> ToClient:
    """Answer with an error (RFC 6749 §4.1.2.1)."""
    said = {"error": error.error.value}
    return _answer(settings, target, said | ({"error_description": error.description} if error.description else {}))


def _answer(settings: Settings, target: Target, said: dict[str, str]) -> ToClient:
    """Add `state` as it came and `iss` (RFC 9207 §2)."""
    fields = said | ({} if target.state is None else {"state": target.state}) | {"iss": settings.issuer_address}
    match target.response_mode:
        case ResponseMode.FORM_POST:
            return FormPost(target.redirect_uri, fields)
        case ResponseMode.FRAGMENT:
            return Redirection(f"{target.redirect_uri}#{urlencode(fields)}")
        case ResponseMode.QUERY:
            return Redirection(with_query(target.redirect_uri, fields))


def with_query(uri: str, fields: Mapping[str, str]) -> str:
    """Add parameters to a URI whose own query is kept (RFC 6749 §3.1.2)."""
    if not fields:
        return uri
    glue = "" if uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{glue}{urlencode(fields)}"
