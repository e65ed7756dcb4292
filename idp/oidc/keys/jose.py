"""JSON web tokens and keys; the only import of the JOSE library."""

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry

_RSA_BITS = 2048
_LONGEST_MODULUS, _LONGEST_EXPONENT = 1368, 12
"""In base64url. With a key of somebody's own making a verification could cost a hundred times the usual."""
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members that only private or symmetric keys have (RFC 7518 §6.2.2, §6.3.2, §6.4)."""


class Algorithm(StrEnum):
    """Names under which we sign. One Ed25519 key has two registered names (RFC 8037, RFC 9864)."""

    RS256 = "RS256"
    ES256 = "ES256"
    PS256 = "PS256"
    ED25519 = "Ed25519"
    EDDSA = "EdDSA"

    @property
    def key_algorithm(self) -> "Algorithm":
        """The algorithm under which the key is stored."""
        return Algorithm.ED25519 if self is Algorithm.EDDSA else self


KEY_ALGORITHMS = (Algorithm.RS256, Algorithm.ES256, Algorithm.PS256, Algorithm.ED25519)


class BadToken(Exception):
    """Not a signed token, or signed by none of the keys, or in none of the allowed algorithms."""


class BadKey(ValueError):
    """Not a usable public key for signatures."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key of ours, parsed once."""

    kid: str
    algorithm: Algorithm
    key: Key


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key, ours or a client's; `algorithms` are the names that it may verify."""

    kid: str | None
    algorithms: frozenset[str]
    key: Key


@dataclass(frozen=True, slots=True)
class Verified:
    """What a token says, its signature proven; nothing else has been checked."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SelfSigned(Verified):
    """What a token says that brings its own key: only that its sender holds that key is proven; `thumbprint` names it (RFC 7638)."""

    thumbprint: str


class _Algorithms(JWSRegistry):
    """The allowed algorithms by either name of Ed25519; unlike the library's lookup it does not warn about the older one.

    Header members that we do not know are ignored (RFC 7515 §4), but for `crit`. The library's bound on headers has no room for an
    RSA key or a certificate.
    """

    max_header_length = 16_384

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(algorithms=[str(name) for name in names], strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        """Give the algorithm of a name. Raises: BadToken."""
        if not self.allowed or name not in self.allowed:
            raise BadToken(f"algorithm {name!r:.40} is not allowed")
        return self.algorithms[name]


_ALL = _Algorithms(Algorithm)


def generate(algorithm: Algorithm) -> tuple[str, dict[str, Any], bytes]:
    """Make a key pair: its kid (RFC 7638 thumbprint), public JWK, and private JWK as bytes to be sealed.

    Takes up to some hundred milliseconds; never call it inside a transaction.
    """
    key: Key
    match algorithm.key_algorithm:
        case Algorithm.RS256 | Algorithm.PS256:
            key = RSAKey.generate_key(_RSA_BITS)
        case Algorithm.ES256:
            key = ECKey.generate_key("P-256")
        case _:
            key = OKPKey.generate_key("Ed25519")
    kid = key.thumbprint()
    public = dict(key.as_dict(private=False), kid=kid, use="sig")
    if algorithm.key_algorithm is not Algorithm.ED25519:  # that key signs under two names
        public["alg"] = algorithm.value
    return kid, public, json.dumps(key.as_dict(private=True)).encode()


def load_signing_key(kid: str, algorithm: Algorithm, private: bytes) -> SigningKey:
    """Parse a private key that `generate` made."""
    return SigningKey(kid, algorithm, import_key(json.loads(private)))


def load_public_keys(document: Mapping[str, Any]) -> tuple[VerifyingKey, ...]:
    """Parse a JWK set of public signature keys (RFC 7517 §5). Raises: BadKey."""
    members = document.get("keys")
    if not isinstance(members, list) or not members:
        raise BadKey("jwks: needs a list of keys")
    return tuple(key for member in members if (key := _public_key(member)) is not None)


def sign(claims: Mapping[str, Any], key: SigningKey, *, typ: str, algorithm: Algorithm | None = None) -> str:
    """Sign claims as a compact token; `algorithm` chooses between the two names of an Ed25519 key."""
    name = (algorithm or key.algorithm).value
    payload = json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()
    said = _protected_header(typ, name, key.kid) + b"." + _encoded(payload)
    return (said + b"." + _encoded(_ALL.get_alg(name).sign(said, key.key))).decode()


def verify(token: str, keys: Sequence[VerifyingKey], algorithms: Iterable[str] = tuple(Algorithm)) -> Verified:
    """Prove a compact token's signature by the key that its `kid` names, or by any that fits. Raises: BadToken."""
    header = _header_of(token)
    name, kid = header.get("alg"), header.get("kid")
    if not isinstance(name, str) or name not in algorithms:
        raise BadToken(f"algorithm {name!r:.40} is not allowed")
    for candidate in keys:
        if name in candidate.algorithms and (kid is None or candidate.kid is None or candidate.kid == kid):
            claims = _claims_if_signed(token, header, candidate)
            if claims is not None:
                return Verified(header, claims)
    raise BadToken("no key fits the signature")


def verify_by_own_key(token: str, algorithms: Iterable[str] = tuple(Algorithm)) -> SelfSigned:
    """Prove a compact token's signature by the public key in its own header (`jwk`, RFC 7515 §4.1.3). Raises: BadToken."""
    member = _header_of(token).get("jwk")
    if not isinstance(member, dict) or _PRIVATE.intersection(member):
        raise BadToken("the header holds no public key, or a private one")
    try:
        key = _public_key(member)
    except BadKey as error:
        raise BadToken(str(error)) from error
    if key is None:
        raise BadToken("the key is not for signatures")
    verified = verify(token, (replace(key, kid=None),), algorithms)
    return SelfSigned(verified.header, verified.claims, key.key.thumbprint())


def instant(value: Any) -> datetime | None:
    """Read a NumericDate (RFC 7519 §2); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def unproven_claims(token: str) -> dict[str, Any]:
    """Read what a token says without proving it, to find the keys that it must be signed with; empty if it is none."""
    parts = token.split(".")
    return _json_object(parts[1]) or {} if len(parts) == 3 else {}


def unproven_header(token: str) -> dict[str, Any]:
    """Read a token's header without proving it, to find the key that it names; empty if it is none."""
    return _json_object(token.split(".", 1)[0]) or {} if token.count(".") == 2 else {}


def _claims_if_signed(token: str, header: Mapping[str, Any], key: VerifyingKey) -> dict[str, Any] | None:
    """Give what a token says if a key has signed it; one that needs an extension is refused: we know none (RFC 7515 §4.1.11).

    The library's own reader of tokens would read header and claims once more.
    """
    said, _, signature = token.rpartition(".")
    try:
        if "crit" in header or not _ALL.get_alg(header["alg"]).verify(said.encode("ascii"), _decoded(signature), key.key):
            return None
    except (JoseError, ValueError, TypeError):
        return None
    return _json_object(said.partition(".")[2])


def _header_of(token: str) -> dict[str, Any]:
    header = _json_object(token.split(".", 1)[0]) if token.count(".") == 2 else None
    if header is None:
        raise BadToken("not a compact token")
    return header


def _json_object(segment: str) -> dict[str, Any] | None:
    try:
        value = json.loads(_decoded(segment))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


@lru_cache(64)
def _protected_header(typ: str, name: str, kid: str) -> bytes:
    return _encoded(json.dumps({"typ": typ, "alg": name, "kid": kid}, separators=(",", ":")).encode())


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def _decoded(segment: str) -> bytes:
    return b64decode(segment.encode("ascii") + b"=" * (-len(segment) % 4), b"-_", validate=True)


def _public_key(member: Any) -> VerifyingKey | None:
    """Parse one member of a JWK set; None for a key that is not for signatures, or of a kind that we do not know."""
    if not isinstance(member, dict):
        raise BadKey("jwks: each key is an object")
    if "d" in member or member.get("kty") == "oct":
        raise BadKey("jwks: holds a private or symmetric key")
    if member.get("use", "sig") != "sig" or member.get("kty", "RSA") not in ("RSA", "EC", "OKP"):  # RFC 7517 §5: ignore unknown kinds
        return None
    if member.get("kty") == "RSA" and len(str(member.get("n", ""))) * 6 < _RSA_BITS:
        raise BadKey("jwks: an RSA key needs 2048 bits or more")
    if member.get("kty") == "RSA" and (len(str(member.get("n"))) > _LONGEST_MODULUS or len(str(member.get("e"))) > _LONGEST_EXPONENT):
        raise BadKey("jwks: an RSA key may have 8192 bits, and 64 in its exponent")
    try:
        key = import_key({name: value for name, value in member.items() if name != "alg"})
        names = _names(member, key)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadKey(f"jwks: {error}") from error
    kid = member.get("kid")
    return VerifyingKey(kid if isinstance(kid, str) else None, names, key)


def _names(member: Mapping[str, Any], key: Key) -> frozenset[str]:
    """Name the algorithms in which a public key may verify."""
    match key:
        case RSAKey():
            fitting = {"RS256", "PS256"}
        case ECKey():
            fitting = {"ES256"} if member.get("crv") == "P-256" else set()
        case OKPKey():
            fitting = {"Ed25519", "EdDSA"} if member.get("crv") == "Ed25519" else set()
        case _:
            fitting = set()
    chosen = member.get("alg")
    if chosen in ("Ed25519", "EdDSA"):
        return frozenset(fitting)
    return frozenset(fitting if chosen is None else fitting & {chosen})
