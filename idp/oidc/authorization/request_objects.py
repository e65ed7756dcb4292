"""Request objects: authorization requests as one token, signed by the client (RFC 9101, Core §6, FAPI 2.0 Message Signing §5.3).

Two steps: `gather` before a unit of work opens, as it may fetch the object from the client's `request_uri` and the client's keys
from its `jwks_uri`; `read`, inside the unit, proves the object and gives its parameters. What the object has to fulfil is one
ordered table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from idp.oidc.authorization import remote_objects
from idp.oidc.authorization.parameters import Parameters, from_claims
from idp.oidc.clients import remote_keys
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import FAPI_ALGORITHMS, UNSIGNED
from idp.oidc.clients.scopes import OPENID
from idp.oidc.keys.jose import Algorithm, BadKey, BadToken, unproven_claims, unproven_header, verify
from idp.oidc.protocol import PUSHED_URI, ErrorCode, OAuthError
from idp.unit_of_work import UnitOfWork, Units

_TYPES = ("oauth-authz-req+jwt", "jwt")
_CLOCKS_DIFFER = timedelta(seconds=30)
_LONGEST = timedelta(minutes=60)
_ANY_TIME = 1e12
"""Seconds that are surely no time of ours."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came: its parameters, the text of its object if it has one, or why that could not be had."""

    parameters: Parameters
    request_object: str | None = None
    problem: OAuthError | None = None


def gather(units: Units, parameters: Parameters) -> Incoming:
    """Fetch what is needed to read a request's object; never fails, never inside a unit of work."""
    client_id, by_value, reference = (parameters.get(name) for name in ("client_id", "request", "request_uri"))
    if client_id is None or (reference or "").startswith(PUSHED_URI) or not (by_value or reference):
        return Incoming(parameters)
    try:
        if by_value and reference:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "request goes not with request_uri")
        text = by_value or remote_objects.fetch(units, client_id, reference or "")
    except OAuthError as problem:
        return Incoming(parameters, problem=problem)
    remote_keys.prepare(units, client_id, text)
    return Incoming(parameters, text)


def gather_pushed(units: Units, client_id: str, parameters: Parameters) -> Incoming:
    """Fetch what is needed to read the object of a request that its client pushes; only by value (RFC 9126 §2.1, §3)."""
    text = parameters.get("request")
    if text and not parameters.get("request_uri"):
        remote_keys.prepare(units, client_id, text)
    return Incoming(parameters, text)


def is_strict(client: Client) -> bool:
    """Tell whether nothing but the object counts, and its times are bounded: FAPI clients, and those that have to sign."""
    return client.is_fapi or client.require_signed_request_object


def read(work: UnitOfWork, client: Client, incoming: Incoming, *, pushing: bool = False) -> Parameters:
    """Prove a request's object and give the parameters that count.

    Those of the object alone (RFC 9101 §6.3); but a request in the form of OpenID Connect, which has `response_type` and the scope
    `openid` outside too, may hold further ones there (Core §6.1, §6.3.3). The object's go first in any case.
    Raises: OAuthError `invalid_request_object`, or the problem that was met before.
    """
    if incoming.problem:
        raise incoming.problem
    claims = _proven_claims(work, client, incoming.request_object or "")
    for check in CHECKS:
        check(work, client, claims)
    inside, outside = from_claims(claims), incoming.parameters
    as_openid = OPENID in outside.words("scope") and outside.words("response_type") != ()
    if pushing or is_strict(client) or not as_openid:
        return inside.with_id(client.id, faulty=outside.faulty)
    if inside.words("response_type") not in ((), outside.words("response_type")):
        raise _bad("response_type differs from the one outside of the object")
    return outside.superseded_by(inside)


def _proven_claims(work: UnitOfWork, client: Client, text: str) -> Mapping[str, Any]:
    """Prove type and signature; unsigned objects only of clients that registered it so (Core §6.1, RFC 9101 §10.5)."""
    header = unproven_header(text)
    typ = header.get("typ", "JWT")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in _TYPES:
        raise _bad("the object is a token of another type")
    if header.get("alg") == UNSIGNED:
        return _unsigned_claims(client, header, text)
    try:
        return verify(text, remote_keys.keys_of(work, client), _algorithms(client)).claims
    except (BadToken, BadKey) as error:
        raise _bad("the object is not signed by the client in an algorithm that it may use", str(error)) from error


def _unsigned_claims(client: Client, header: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    if not client.may_send_unsigned_requests or is_strict(client):
        raise _bad("the object has to be signed")
    claims = unproven_claims(text)
    if not claims or not text.endswith(".") or "crit" in header:
        raise _bad("the object cannot be read")
    return claims


def _algorithms(client: Client) -> tuple[str, ...]:
    if client.request_object_alg:
        return (client.request_object_alg,)
    return FAPI_ALGORITHMS if client.is_fapi else tuple(Algorithm)


def names_its_client(_: UnitOfWork, client: Client, claims: Mapping[str, Any]) -> None:
    """RFC 9101 §5, §6.3: `client_id` as outside; `iss`, where there is one, too."""
    named = {name: claims.get(name) for name in ("client_id", "iss") if claims.get(name) is not None}
    if any(value != client.id for value in named.values()):
        raise _bad("client_id or iss of the object is another client")
    if is_strict(client) and "client_id" not in named:
        raise _bad("the object has no client_id")


def is_for_us(work: UnitOfWork, client: Client, claims: Mapping[str, Any]) -> None:
    """RFC 9101 §4, Message Signing §5.3.1: `aud` is the issuer, alone or among others."""
    audience = claims.get("aud")
    if audience is None and not is_strict(client):
        return
    if work.settings.issuer_address not in (audience if isinstance(audience, list) else [audience]):
        raise _bad("the object is for another audience")


def is_in_time(work: UnitOfWork, _: Client, claims: Mapping[str, Any]) -> None:
    """RFC 7519 §4.1: neither over nor from the future, as far as its times are told."""
    now, ahead = work.now.timestamp(), _CLOCKS_DIFFER.total_seconds()
    expires, *begins = (_seconds(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is not None and expires <= now:
        raise _bad("the object has expired")
    if any(begin is not None and begin > now + ahead for begin in begins):
        raise _bad("the object comes from the future")


def is_recent(_: UnitOfWork, client: Client, claims: Mapping[str, Any]) -> None:
    """Message Signing §5.3.1: `exp` at most 60 minutes after `nbf`; what has not expired is then no older than that."""
    if not is_strict(client):
        return
    begins, expires = _seconds(claims, "nbf"), _seconds(claims, "exp")
    if begins is None or expires is None:
        raise _bad("the object needs nbf and exp")
    if expires > begins + _LONGEST.total_seconds():
        raise _bad("the object lives longer than 60 minutes")


def is_no_assertion(_: UnitOfWork, client: Client, claims: Mapping[str, Any]) -> None:
    """RFC 9101 §10.8: an object that names its client as subject could prove that client somewhere."""
    if claims.get("sub") == client.id:
        raise _bad("sub of the object must not be the client_id")


def holds_no_other(_: UnitOfWork, __: Client, claims: Mapping[str, Any]) -> None:
    """RFC 9101 §4: neither `request` nor `request_uri` inside."""
    if "request" in claims or "request_uri" in claims:
        raise _bad("request and request_uri must not stand in the object")


CHECKS: tuple[Callable[[UnitOfWork, Client, Mapping[str, Any]], None], ...] = (
    names_its_client,
    is_for_us,
    is_in_time,
    is_recent,
    is_no_assertion,
    holds_no_other,
)


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_ANY_TIME < value < _ANY_TIME:
        raise _bad(f"{name} of the object is no time")
    return value


def _bad(description: str, detail: str = "") -> OAuthError:
    return OAuthError(ErrorCode.INVALID_REQUEST_OBJECT, description, detail=detail)
