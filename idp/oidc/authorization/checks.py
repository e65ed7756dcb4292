"""The policy for authorization requests whose client and redirect URI are proven: one ordered table, each check one function.

A check looks at what was asked and gives the members of the validated request that it has established; it raises an `OAuthError`
with the code that the client gets.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from idp.oidc.authorization import claims_request, hints
from idp.oidc.authorization.claims_request import BadClaims
from idp.oidc.authorization.hints import BadHint
from idp.oidc.authorization.parameters import Parameters
from idp.oidc.clients.clients import Client
from idp.oidc.clients.resources import check_allowed
from idp.oidc.clients.scopes import MACHINE_SCOPES, OFFLINE_ACCESS, OPENID
from idp.oidc.keys.ring import Keys
from idp.oidc.protocol import PROMPTS, RESPONSE_MODES, ErrorCode, OAuthError, Prompt
from idp.oidc.tokens import authorization_details
from idp.unit_of_work import UnitOfWork

S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a check looks at. `pushing`: the request is just being pushed; `pushed_id`: it has been (RFC 9126); `signed`: it came as
    a request object (RFC 9101), whose parameters these are.
    """

    work: UnitOfWork
    keys: Keys
    client: Client
    parameters: Parameters
    pushed_id: str | None = None
    pushing: bool = False
    signed: bool = False


Established = dict[str, Any]
Check = Callable[[Asked], Established]


def nothing_comes_twice(asked: Asked) -> Established:
    """RFC 6749 §3.1: no parameter more than once."""
    if asked.parameters.faulty:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "a parameter is repeated or has characters that are not allowed")
    return {}


def nothing_unsupported(asked: Asked) -> Established:
    """Core §7.2.1: inline registration is refused by its own code; RFC 9126 §2.1: a reference in a push is refused."""
    if asked.pushing and asked.parameters.get("request_uri"):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "a pushed request cannot hold a request_uri")
    if asked.parameters.get("registration"):
        raise OAuthError(ErrorCode.REGISTRATION_NOT_SUPPORTED, "registration is not supported here")
    return {}


def pushed_where_the_client_must(asked: Asked) -> Established:
    """RFC 9126 §5: `require_pushed_authorization_requests`."""
    if asked.client.require_par and not (asked.pushing or asked.pushed_id):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "this client must push its authorization requests")
    return {"pushed_id": asked.pushed_id}


def signed_where_the_client_must(asked: Asked) -> Established:
    """RFC 9101 §10.5: `require_signed_request_object`; what was pushed was looked at then."""
    if asked.client.require_signed_request_object and not (asked.signed or asked.pushed_id):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "this client must sign its authorization requests")
    return {}


def response_type(asked: Asked) -> Established:
    """RFC 6749 §3.1.1: `code` is the one response type."""
    wanted = asked.parameters.words("response_type")
    if not wanted:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "response_type is missing")
    if wanted != ("code",):
        raise OAuthError(ErrorCode.UNSUPPORTED_RESPONSE_TYPE, "only response_type code is supported")
    if "authorization_code" not in asked.client.grant_types or "code" not in asked.client.response_types:
        raise OAuthError(ErrorCode.UNAUTHORIZED_CLIENT, "the client is not registered for authorization codes")
    return {}


def response_mode(asked: Asked) -> Established:
    """Multiple Response Types §2.1: a known mode, or none."""
    wanted = asked.parameters.get("response_mode")
    if wanted is not None and wanted not in RESPONSE_MODES:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "the response_mode is not supported")
    return {}


def scope(asked: Asked) -> Established:
    """RFC 6749 §3.3, Core §3.1.2.1 and §11: what the client may ask of a person; what it may not is left out."""
    words = asked.parameters.words("scope")
    granted = tuple(word for word in words if word in asked.client.scopes and word not in MACHINE_SCOPES)
    if OFFLINE_ACCESS in granted and "refresh_token" not in asked.client.grant_types:
        granted = tuple(word for word in granted if word != OFFLINE_ACCESS)
    if not granted and (words or not asked.parameters.get("authorization_details")):
        raise OAuthError(ErrorCode.INVALID_SCOPE, "none of the scopes is registered for the client")
    return {"scopes": granted}


def proof_key(asked: Asked) -> Established:
    """RFC 7636 §4.3, §4.4.1: S256 only; required of public clients and wherever the client's registration says so."""
    challenge = asked.parameters.get("code_challenge")
    method = asked.parameters.get("code_challenge_method")
    if challenge is None:
        if method is not None or asked.client.require_pkce or asked.client.is_public:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "code_challenge is missing")
        return {}
    if method != "S256":
        raise OAuthError(ErrorCode.INVALID_REQUEST, "code_challenge_method must be S256")
    if not S256_CHALLENGE.fullmatch(challenge):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "code_challenge is not a SHA-256 value in base64url")
    return {"code_challenge": challenge}


def key_of_tokens(asked: Asked) -> Established:
    """RFC 9449 §10: the thumbprint of the key to which the code is bound."""
    jkt = asked.parameters.get("dpop_jkt")
    if jkt is not None and not S256_CHALLENGE.fullmatch(jkt):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "dpop_jkt is not a SHA-256 value in base64url")
    return {"dpop_jkt": jkt}


def prompt(asked: Asked) -> Established:
    """Core §3.1.2.1: `none` stands alone; values that we do not know are ignored."""
    words = asked.parameters.words("prompt")
    if Prompt.NONE in words and len(words) > 1:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "prompt none goes with no other value")
    return {"prompts": frozenset(Prompt(word) for word in words if word in PROMPTS)}


def max_age(asked: Asked) -> Established:
    """Core §3.1.2.1: seconds since the last authentication, of the request or else of the client's registration."""
    wanted = asked.parameters.get("max_age")
    if wanted is None:
        return {"max_age": asked.client.default_max_age}
    if not _SECONDS.fullmatch(wanted):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "max_age is not a number of seconds")
    return {"max_age": int(wanted)}


def claims_and_levels(asked: Asked) -> Established:
    """Core §5.5, §5.5.1.1: the claims request; an essential `acr` is a demand; another, like `acr_values`, a wish."""
    text = asked.parameters.get("claims")
    try:
        claims = claims_request.parse(text) if text else {}
    except BadClaims as error:
        raise OAuthError(ErrorCode.INVALID_REQUEST, f"claims: {error}") from error
    demanded, wished = (claims_request.values_of(claims, "acr", essential=essential) for essential in (True, False))
    return {
        "claims": claims,
        "essential_acr": demanded,
        "acr_values": asked.parameters.words("acr_values") or wished or asked.client.default_acr_values,
    }


def person(asked: Asked) -> Established:
    """Core §3.1.2.1 `id_token_hint` and §5.5.1 `sub`: the one person who will do."""
    wanted: str | None = None
    token = asked.parameters.get("id_token_hint")
    if token:
        try:
            hint = hints.read(asked.keys, asked.work.settings, token)
        except BadHint as error:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "id_token_hint is no ID token of this provider", detail=str(error)) from error
        if asked.client.id not in hint.audience:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "id_token_hint was issued to another client")
        wanted = hint.subject
    claims = asked.parameters.get("claims")
    named = claims_request.parse(claims).get("id_token", {}).get("sub", {}).get("value") if claims else None
    if named is not None and (not isinstance(named, str) or (wanted and named != wanted)):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "id_token_hint and the claim sub name different subjects")
    return {"subject": wanted or named, "subject_by_token": wanted is not None, "login_hint": asked.parameters.get("login_hint")}


def resources(asked: Asked) -> Established:
    """RFC 8707 §2: registered for the client, or our own."""
    check_allowed(asked.client, asked.work.settings, asked.parameters.resources)
    return {"resources": asked.parameters.resources}


def details(asked: Asked) -> Established:
    """RFC 9396 §2, §5: known types and fields only; whether the account may is asked once it is known."""
    text = asked.parameters.get("authorization_details")
    return {"authorization_details": authorization_details.parse(asked.client, text) if text else ()}


def nonce_and_languages(asked: Asked) -> Established:
    """Core §3.1.2.1: kept as they are."""
    wanted = asked.parameters.get("nonce") if OPENID in asked.parameters.words("scope") else None
    return {"nonce": wanted, "ui_locales": asked.parameters.get("ui_locales")}


CHECKS: tuple[Check, ...] = (
    nothing_comes_twice,
    nothing_unsupported,
    pushed_where_the_client_must,
    signed_where_the_client_must,
    response_type,
    response_mode,
    scope,
    proof_key,
    key_of_tokens,
    prompt,
    max_age,
    claims_and_levels,
    person,
    resources,
    details,
    nonce_and_languages,
)
