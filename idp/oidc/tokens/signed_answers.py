"""Answers that are one signed token instead of plain parameters or JSON: authorization answers (JARM), introspection, UserInfo.

Signing comes after the unit of work.
"""

from collections.abc import Mapping
from typing import Any

from idp.identifiers import ClientId
from idp.oidc.clients.clients import Client
from idp.oidc.keys.jose import Algorithm, sign
from idp.oidc.keys.ring import Keys
from idp.settings import Settings

JWT = "JWT"
INTROSPECTION_JWT = "token-introspection+jwt"
MEDIA_TYPE = "application/jwt"
INTROSPECTION_MEDIA_TYPE = f"application/{INTROSPECTION_JWT}"


def signed(keys: Keys, settings: Settings, algorithm: Algorithm, claims: Mapping[str, Any], *, typ: str = JWT) -> str:
    """Sign claims, with us as their issuer."""
    return sign({"iss": settings.issuer_address, **claims}, keys.active(algorithm), typ=typ, algorithm=algorithm)


def introspection(keys: Keys, settings: Settings, client: Client, told: Mapping[str, Any], *, issued_at: int) -> str:
    """Sign what a client is told about a token (RFC 9701 §5); `issued_at` in seconds since 1970."""
    claims = {"aud": client.id, "iat": issued_at, "token_introspection": dict(told)}
    return signed(keys, settings, introspection_algorithm(client), claims, typ=INTROSPECTION_JWT)


def introspection_algorithm(client: Client) -> Algorithm:
    """Give the registered algorithm, else RS256 (RFC 9701 §6), for FAPI clients that of their ID tokens."""
    return client.introspection_alg or (client.id_token_alg if client.is_fapi else Algorithm.RS256)


def userinfo(keys: Keys, settings: Settings, algorithm: Algorithm, client_id: ClientId, told: Mapping[str, Any]) -> str:
    """Sign what a client is told about a person (Core §5.3.2)."""
    return signed(keys, settings, algorithm, {"aud": client_id, **told})
