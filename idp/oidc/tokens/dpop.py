"""Proofs of possession (RFC 9449): with each request a client shows that it holds the key to which its tokens are bound.

`read` checks a proof before a unit of work opens, and spends nothing; `key_of` and `key_of_tokens` use it up in the unit of a client
that has been proven. Nonces are not stored: each is a MAC over its slot of time, the one of the slot before still counts.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from idp.crypto import Secrets, same
from idp.database import storable
from idp.oidc.clients import single_use
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import FAPI_ALGORITHMS
from idp.oidc.keys.jose import Algorithm, BadToken, instant, verify_by_own_key
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.unit_of_work import UnitOfWork, Units

ALGORITHMS = tuple(Algorithm)
"""All that we know are asymmetric."""
_TYPE = "dpop+jwt"
_LONGEST = 8192
_LIFE = timedelta(minutes=5)
_CLOCKS_DIFFER = timedelta(seconds=30)
_SLOT = timedelta(minutes=2)
_ADDRESS = re.compile(r"[\x21-\x7e]{1,2000}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Sent:
    """What a request sends that proofs are about: to which of our public addresses, and its headers `Authorization` and `DPoP`."""

    method: str
    address: str
    authorization: str | None
    proof: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """A checked proof; `jkt` names its key (RFC 7638). Until `expires_at` its `jti` may not come again."""

    jkt: str
    algorithm: Algorithm
    jti: str
    expires_at: datetime


class ProofRefused(OAuthError):
    """The proof is wrong or used (`invalid_dpop_proof`), lacks our nonce (`use_dpop_nonce`, §8), or is missing (`invalid_request`)."""

    def __init__(self, description: str, error: ErrorCode = ErrorCode.INVALID_DPOP_PROOF) -> None:
        super().__init__(error, description)


def nonce(secrets: Secrets, now: datetime) -> str:
    """Give the nonce that clients are to use from now on (§8)."""
    return _nonce(secrets, _slot(now))


def read(units: Units, sent: Sent, access_token: str | None = None) -> Proof | None:
    """Check a request's proof (§4.3), at a resource together with its access token; None if it sends none.

    Raises: ProofRefused.
    """
    if sent.proof is None:
        return None
    now = units.clock()
    try:
        if len(sent.proof) > _LONGEST:
            raise BadToken("longer than any proof")
        signed = verify_by_own_key(sent.proof, ALGORITHMS)
    except BadToken as error:  # several headers too: they arrive as one, joined by commas
        raise ProofRefused("the DPoP header is not one signed proof with its public key") from error
    problem = _problem(signed.header, signed.claims, sent, access_token, now)
    if problem:
        raise ProofRefused(problem)
    if not _is_ours(units.secrets, signed.claims.get("nonce"), now):
        raise ProofRefused("the DPoP proof needs the nonce that this answer gives", ErrorCode.USE_DPOP_NONCE)
    issued = instant(signed.claims["iat"])
    assert issued is not None
    return Proof(signed.thumbprint, Algorithm(signed.header["alg"]), signed.claims["jti"], issued + _LIFE)


def key_of_tokens(work: UnitOfWork, client: Client, proof: Proof | None) -> str | None:
    """Use up the proof of a token request and give the key to bind its tokens to; None: they are for whoever bears them.

    Raises: ProofRefused, also where a client has to prove its key and does not (§5.2).
    """
    if proof is None and client.dpop_bound:
        # no error code is defined for this; the certification suite takes no other of a refresh
        raise ProofRefused("this client has to send a DPoP proof", ErrorCode.INVALID_REQUEST)
    return key_of(work, client, proof)


def key_of(work: UnitOfWork, client: Client, proof: Proof | None) -> str | None:
    """Use up a proven client's proof, if it sent one, and give its key. Raises: ProofRefused."""
    if proof is None:
        return None
    if client.is_fapi and proof.algorithm not in FAPI_ALGORITHMS:
        raise ProofRefused("the algorithm of the DPoP proof is not allowed for this client")
    spend(work, proof)
    return proof.jkt


def spend(work: UnitOfWork, proof: Proof) -> None:
    """Use a proof up; of parallel uses one succeeds (§11.1). Raises: ProofRefused."""
    if not single_use.spend(work, f"dpop:{proof.jkt}", proof.jti, proof.expires_at):
        raise ProofRefused("the DPoP proof has been used")


def hash_of(access_token: str) -> str:
    """Give the hash of an access token as the claim `ath` has it (§4.2)."""
    return _in_base64url(hashlib.sha256(access_token.encode()).digest())


def _problem(header: Mapping[str, Any], claims: Mapping[str, Any], sent: Sent, access_token: str | None, now: datetime) -> str | None:
    issued = instant(claims.get("iat"))
    limits = {name: instant(claims[name]) for name in ("nbf", "exp") if name in claims}
    jti, address, ath = claims.get("jti"), claims.get("htu"), claims.get("ath")
    if header.get("typ") != _TYPE:
        return f"the typ of the DPoP proof must be {_TYPE}"
    if not isinstance(jti, str) or not jti or not storable(jti):
        return "the DPoP proof has no jti"
    if claims.get("htm") != sent.method:
        return "the DPoP proof is for another method"
    if not isinstance(address, str) or not is_same_address(address, sent.address):
        return "the DPoP proof is for another address"
    if issued is None or not now - _LIFE < issued <= now + _CLOCKS_DIFFER:
        return "the DPoP proof was not made just now"
    if "nbf" in limits and not (limits["nbf"] and limits["nbf"] <= now + _CLOCKS_DIFFER):
        return "the DPoP proof is not valid yet"
    if "exp" in limits and not (limits["exp"] and limits["exp"] > now):
        return "the DPoP proof has expired"
    if access_token is not None and ath != hash_of(access_token):
        return "the DPoP proof is for another access token"
    return None


def is_same_address(one: str, other: str) -> bool:
    """Compare two addresses without query and fragment, after normalisation (§4.3; RFC 3986 §6.2.2, §6.2.3)."""
    known = _normal(one)
    return known is not None and known == _normal(other)


def _normal(address: str) -> tuple[str, str, int, str] | None:
    """Give scheme, host, port and decoded path of an http address; None if it is none."""
    if not _ADDRESS.fullmatch(address):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme], _without_dots(unquote(parts.path))


def _without_dots(path: str) -> str:
    """Remove the segments `.` and `..` (RFC 3986 §5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _is_ours(secrets: Secrets, presented: Any, now: datetime) -> bool:
    if not isinstance(presented, str):
        return False
    slot = _slot(now)
    return presented.isascii() and any(same(presented, _nonce(secrets, known)) for known in (slot, slot - 1))


def _nonce(secrets: Secrets, slot: int) -> str:
    return _in_base64url(secrets.mac("dpop-nonce", str(slot).encode())[:18])


def _slot(now: datetime) -> int:
    return int(now.timestamp() // _SLOT.total_seconds())


def _in_base64url(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
