"""Client authentication by exactly one method (RFC 6749 §2.3, RFC 7523 §2.2, OpenID Connect Core §9).

`read` parses what a request presents, before any unit of work; `authenticate` proves it.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from idp.database import storable
from idp.oidc.clients import clients, remote_keys, single_use
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import BASIC, FAPI_ALGORITHMS, NONE, POST, PRIVATE_KEY_JWT
from idp.oidc.clients.store import clients as store
from idp.oidc.keys.jose import Algorithm, BadToken, instant, unproven_claims, verify
from idp.oidc.protocol import ClientRefused, ErrorCode, OAuthError, Path
from idp.unit_of_work import Actor, ActorKind, UnitOfWork

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,128}")
_LONGEST_LIFE = timedelta(minutes=5)
_CLOCKS_DIFFER = timedelta(seconds=30)
_USE_IS_NOTED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request presents to authenticate its client; `proof` is the secret or the assertion."""

    client_id: str
    method: str
    proof: str


def read(authorization: str | None, form: Mapping[str, str]) -> Credentials:
    """Read the one authentication method that a request uses, from its Authorization header and body.

    Raises: OAuthError `invalid_request` for several at once, ClientRefused for none or a broken one.
    """
    basic = authorization is not None and authorization.split(" ", 1)[0].lower() == "basic"
    presented = [basic, "client_secret" in form, "client_assertion" in form or "client_assertion_type" in form]
    if sum(presented) > 1:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "more than one method of client authentication")
    named = form.get("client_id")
    if named is not None and not _CLIENT_ID.fullmatch(named):
        raise ClientRefused("the client is not known")
    if basic:
        client_id, secret = _basic(str(authorization))
        credentials = Credentials(client_id, BASIC, secret)
    elif presented[1]:
        credentials = Credentials(named or "", POST, form["client_secret"])
    elif presented[2]:
        credentials = _assertion(form)
    else:
        credentials = Credentials(named or "", NONE, "")
    if named is not None and named != credentials.client_id:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "client_id differs from the authenticated client")
    if not credentials.client_id:
        raise ClientRefused("client authentication is missing")
    if not _CLIENT_ID.fullmatch(credentials.client_id):
        raise ClientRefused("the client is not known")
    return credentials


def authenticate(work: UnitOfWork, credentials: Credentials) -> Client:
    """Prove a client by the method it is registered for; the unit then acts as that client.

    In a writing unit an assertion's `jti` is spent, and the client's use noted once a minute. Raises: ClientRefused.
    """
    with_secret = credentials.method in (BASIC, POST)
    if with_secret:
        client, secret_is_valid = clients.find_with_secret(work, credentials.client_id, credentials.proof)
    else:
        client, secret_is_valid = clients.find(work, credentials.client_id), False
    if client is None:
        raise ClientRefused("the client is not known", claimed_id=credentials.client_id)
    if credentials.method not in client.auth_methods:
        raise ClientRefused("the client is registered for another method of authentication", claimed_id=client.id)
    if with_secret and not secret_is_valid:
        raise ClientRefused("the client secret is wrong", claimed_id=client.id)
    if credentials.method == PRIVATE_KEY_JWT:
        _prove_assertion(work, client, credentials.proof)
    work.acts_as(Actor(ActorKind.CLIENT, client.id))
    if work.writes and (client.last_used_at is None or client.last_used_at <= work.now - _USE_IS_NOTED):
        store.note_use(work.db, client.id, now=work.now, before=work.now - _USE_IS_NOTED)
    return client


def _basic(authorization: str) -> tuple[str, str]:
    """Read HTTP Basic credentials, whose parts are form-encoded (RFC 6749 §2.3.1)."""
    try:
        decoded = b64decode(authorization.split(" ", 1)[1].strip(), validate=True).decode()
        client_id, secret = decoded.split(":", 1)
    except (IndexError, ValueError) as error:
        raise ClientRefused("the Basic credentials cannot be read") from error
    return unquote_plus(client_id), unquote_plus(secret)


def _assertion(form: Mapping[str, str]) -> Credentials:
    assertion = form.get("client_assertion", "")
    if form.get("client_assertion_type") != JWT_BEARER or not assertion:
        raise ClientRefused("client_assertion and client_assertion_type do not fit together", claimed_id=form.get("client_id"))
    return Credentials(form.get("client_id") or _unproven_subject(assertion), PRIVATE_KEY_JWT, assertion)


def _unproven_subject(assertion: str) -> str:
    """Read whom an assertion names, to find the keys that it must be signed with."""
    subject = unproven_claims(assertion).get("sub")
    return subject if isinstance(subject, str) else ""


def _prove_assertion(work: UnitOfWork, client: Client, assertion: str) -> None:
    """Check signature, issuer, subject, audience, times and single use (RFC 7523 §3)."""
    try:
        claims = verify(assertion, remote_keys.keys_of(work, client), _algorithms(client)).claims
    except BadToken as error:
        raise ClientRefused("the assertion is not signed by the client", claimed_id=client.id, detail=str(error)) from error
    problem = _assertion_problem(work, client, claims)
    if problem:
        raise ClientRefused(problem, claimed_id=client.id)
    expires = instant(claims["exp"])
    assert expires is not None
    if work.writes and not single_use.spend(work, f"assertion:{client.id}", claims["jti"], expires):
        raise ClientRefused("the assertion has been used", claimed_id=client.id)


def _algorithms(client: Client) -> list[str]:
    """Name what a client's assertions may be signed with (FAPI 2.0 Security Profile §5.4.1)."""
    allowed = FAPI_ALGORITHMS if client.is_fapi else tuple(Algorithm)
    return [name.value for name in allowed if client.auth_signing_alg in (None, name)]


def _assertion_problem(work: UnitOfWork, client: Client, claims: Mapping[str, Any]) -> str | None:
    expires, *others = (instant(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if claims.get("iss") != client.id or claims.get("sub") != client.id:
        return "iss and sub of the assertion must be the client_id"
    if not _is_for_us(work, client, claims.get("aud")):
        return "the assertion is for another audience"
    if not isinstance(claims.get("jti"), str) or not claims["jti"] or not storable(claims["jti"]):
        return "the assertion has no jti"
    if expires is None or expires <= work.now:
        return "the assertion has expired, or has no exp"
    if expires > work.now + _LONGEST_LIFE + _CLOCKS_DIFFER:
        return "the assertion lives longer than 5 minutes"
    if any(at and at > work.now + _CLOCKS_DIFFER for at in others):
        return "the assertion comes from the future"
    return None


def _is_for_us(work: UnitOfWork, client: Client, audience: Any) -> bool:
    """Tell whether an assertion is meant for us.

    FAPI clients name the issuer alone and as a string (FAPI 2.0 Security Profile §5.3.2.1, §5.3.3.1): whoever else gets such an
    assertion cannot use it here. Others may name the token or PAR endpoint, and more beside it.
    """
    issuer = work.settings.issuer_address
    if client.is_fapi:
        return isinstance(audience, str) and audience == issuer
    ours = {issuer, Path.TOKEN.below(work.settings), Path.PAR.below(work.settings)}
    named = audience if isinstance(audience, list) else [audience]
    return any(isinstance(name, str) and name in ours for name in named)
