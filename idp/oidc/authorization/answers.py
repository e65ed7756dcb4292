"""How an answer reaches the client: by the query, the fragment, or a form that the browser posts; plain, or as one signed token (JARM).

Two steps: inside the unit of work it is settled what the client is told; `send` puts it into its form after the unit, because
signing is no work for a transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from idp.oidc.authorization.request import Target
from idp.oidc.keys.ring import Keys
from idp.oidc.protocol import OAuthError, ResponseMode
from idp.oidc.tokens import signed_answers
from idp.settings import Settings

SIGNED_LIFE = timedelta(minutes=5)
"""JARM §2.1: ten minutes at most."""


@dataclass(frozen=True, slots=True)
class ToClient:
    """What a client is told, and where."""

    target: Target
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Redirection:
    """An address to redirect to."""

    address: str


@dataclass(frozen=True, slots=True)
class FormPost:
    """A form for the browser to post (OAuth 2.0 Form Post Response Mode §2)."""

    address: str
    fields: Mapping[str, str]


def with_code(target: Target, code: str) -> ToClient:
    """Answer with a code (RFC 6749 §4.1.2)."""
    return _answer(target, {"code": code})


def with_error(target: Target, error: OAuthError) -> ToClient:
    """Answer with an error (RFC 6749 §4.1.2.1)."""
    said = {"error": error.error.value}
    return _answer(target, said | ({"error_description": error.description} if error.description else {}))


def send(answer: ToClient, settings: Settings, keys: Keys, now: datetime) -> Redirection | FormPost:
    """Give an answer its form, with `iss` (RFC 9207 §2) or signed (JARM §2.1, whose `iss` stands in the token)."""
    target = answer.target
    if target.signed_with:
        expires = int((now + SIGNED_LIFE).timestamp())
        claims = {"aud": target.client_id, "exp": expires, **answer.said}
        fields = {"response": signed_answers.signed(keys, settings, target.signed_with, claims)}
    else:
        fields = {**answer.said, "iss": settings.issuer_address}
    match target.response_mode.carrier:
        case ResponseMode.FORM_POST:
            return FormPost(target.redirect_uri, fields)
        case ResponseMode.FRAGMENT:
            return Redirection(f"{target.redirect_uri}#{urlencode(fields)}")
        case _:
            return Redirection(with_query(target.redirect_uri, fields))


def _answer(target: Target, said: dict[str, str]) -> ToClient:
    """Add `state` as it came."""
    return ToClient(target, said | ({} if target.state is None else {"state": target.state}))


def with_query(uri: str, fields: Mapping[str, str]) -> str:
    """Add parameters to a URI whose own query is kept (RFC 6749 §3.1.2)."""
    if not fields:
        return uri
    glue = "" if uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{glue}{urlencode(fields)}"
