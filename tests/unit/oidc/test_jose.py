"""Signing and verifying tokens."""

import hmac
import json
from base64 import urlsafe_b64encode

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey

from idp.oidc.keys.jose import (
    Algorithm,
    BadKey,
    BadToken,
    SigningKey,
    generate,
    load_public_keys,
    load_signing_key,
    sign,
    verify,
    verify_by_own_key,
)

CLAIMS = {"sub": "somebody", "name": "Zoë"}


@pytest.fixture(scope="module")
def ring() -> dict[Algorithm, tuple[SigningKey, dict]]:
    """A key of each algorithm and its public part."""
    made = {}
    for algorithm in (Algorithm.RS256, Algorithm.ES256, Algorithm.PS256, Algorithm.ED25519):
        kid, public, private = generate(algorithm)
        made[algorithm] = (load_signing_key(kid, algorithm, private), public)
    return made


def encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).decode().rstrip("=")


def public(ring: dict) -> tuple:
    return load_public_keys({"keys": [key for _, key in ring.values()]})


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_was_signed_is_verified_under_every_name(ring: dict, algorithm: Algorithm) -> None:
    token = sign(CLAIMS, ring[algorithm.key_algorithm][0], typ="JWT", algorithm=algorithm)
    verified = verify(token, public(ring))
    assert verified.claims == CLAIMS
    assert (verified.header["alg"], verified.header["typ"]) == (algorithm.value, "JWT")


def test_rfc9864_the_public_ed25519_key_is_for_both_names(ring: dict) -> None:
    assert "alg" not in ring[Algorithm.ED25519][1]


def test_the_private_part_is_not_in_the_public_key(ring: dict) -> None:
    assert all(not {"d", "p", "q", "dp", "dq", "qi"} & set(key) for _, key in ring.values())


def test_a_changed_token_is_refused(ring: dict) -> None:
    header, _, signature = sign(CLAIMS, ring[Algorithm.ES256][0], typ="JWT").split(".")
    forged = encoded(json.dumps(CLAIMS | {"sub": "else"}).encode())
    with pytest.raises(BadToken):
        verify(f"{header}.{forged}.{signature}", public(ring))


@pytest.mark.parametrize("more", ["!!!!", "\n\n\n\n", "    ", "===="])
def test_rfc7515_5_2_no_other_characters_stand_in_a_token(ring: dict, more: str) -> None:
    header, claims, signature = sign(CLAIMS, ring[Algorithm.ES256][0], typ="JWT").split(".")
    for changed in (f"{header}.{claims}.{signature}{more}", f"{header}.{claims}.{more}{signature}"):
        with pytest.raises(BadToken):
            verify(changed, public(ring))


def test_an_algorithm_that_is_not_allowed_is_refused(ring: dict) -> None:
    with pytest.raises(BadToken):
        verify(sign(CLAIMS, ring[Algorithm.RS256][0], typ="JWT"), public(ring), ["ES256"])


def test_rfc8725_3_1_a_key_verifies_only_in_its_own_algorithm(ring: dict) -> None:
    key = ring[Algorithm.RS256][0]
    with pytest.raises(BadToken):
        verify(sign(CLAIMS, key, typ="JWT", algorithm=Algorithm.PS256), load_public_keys({"keys": [ring[Algorithm.RS256][1]]}))


def test_rfc8725_3_1_a_public_key_is_no_hmac_secret(ring: dict) -> None:
    published = ring[Algorithm.RS256][0].key.as_pem(private=False)
    signed = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256"}, CLAIMS))
    forged = f"{signed}.{encoded(hmac.digest(published, signed.encode(), 'sha256'))}"
    with pytest.raises(BadToken):
        verify(forged, public(ring))


def test_a_token_without_kid_is_verified_by_any_fitting_key(ring: dict) -> None:
    key = ring[Algorithm.ES256][0].key
    token = jws.serialize_compact({"alg": "ES256"}, json.dumps(CLAIMS), key)
    assert verify(token, public(ring)).claims == CLAIMS


def test_a_key_of_another_kid_does_not_verify(ring: dict) -> None:
    token = jws.serialize_compact({"alg": "ES256", "kid": "else"}, json.dumps(CLAIMS), ring[Algorithm.ES256][0].key)
    with pytest.raises(BadToken):
        verify(token, public(ring))


def test_rfc7515_4_1_11_an_unknown_critical_header_is_refused(ring: dict) -> None:
    header = {"alg": "ES256", "crit": ["exp"], "exp": 1}
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, CLAIMS))
    with pytest.raises(BadToken):
        verify(f"{signed}.AAAA", public(ring))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "é.b.c", "bnVsbA.e30.x", "W10.e30.x", "e30.e30.x", "eyJhbGciOiB7fX0.e30.x"])
def test_what_is_no_token_is_refused(ring: dict, token: str) -> None:
    with pytest.raises(BadToken):
        verify(token, public(ring))


def test_rfc7515_4_1_3_a_token_may_bring_its_own_key_and_proves_that_one(ring: dict) -> None:
    key, jwk = ring[Algorithm.RS256]
    token = jws.serialize_compact({"alg": "PS256", "jwk": jwk | {"alg": "PS256"}}, b"{}", key.key, algorithms=["PS256"], registry=roomy())
    assert verify_by_own_key(token).thumbprint == key.key.thumbprint()
    with pytest.raises(BadToken):
        verify_by_own_key(token, ["RS256"])
    other = ECKey.generate_key("P-256").as_dict(private=False)
    with pytest.raises(BadToken):
        verify_by_own_key(jws.serialize_compact({"alg": "ES256", "jwk": other}, b"{}", ring[Algorithm.ES256][0].key))


def roomy() -> jws.JWSRegistry:
    """Let the library sign a header that holds an RSA key."""
    registry = jws.JWSRegistry(algorithms=["PS256"])
    registry.max_header_length = 4096
    return registry


def test_claims_that_are_no_object_are_refused(ring: dict) -> None:
    with pytest.raises(BadToken):
        verify(jws.serialize_compact({"alg": "ES256"}, "[]", ring[Algorithm.ES256][0].key), public(ring))


@pytest.mark.parametrize(
    "keys",
    [
        None,
        [],
        "x",
        ["x"],
        [{"kty": "RSA"}],
        [{"kid": "of no kind"}],
        [OctKey.generate_key(256).as_dict()],
        [ECKey.generate_key("P-256").as_dict(private=True)],
        [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}],
        [{"kty": "RSA", "n": "s" * 170 + "8", "e": "AQAB"}],
        [{"kty": "RSA", "n": "s" * 2001 + "w", "e": "AQAB"}],
        [{"kty": "RSA", "n": "s" * 341 + "w", "e": "AQAB" * 20}],
    ],
)
def test_rfc7517_what_is_no_set_of_public_keys_is_refused(keys) -> None:
    with pytest.raises(BadKey):
        load_public_keys({"keys": keys})


def test_rfc7517_5_a_key_of_an_unknown_kind_is_left_out() -> None:
    keys = [{"kty": "unheard"}, ECKey.generate_key("P-256").as_dict(private=False)]
    assert len(load_public_keys({"keys": keys})) == 1


def test_rfc7517_4_2_a_key_for_encryption_is_left_out() -> None:
    keys = [ECKey.generate_key("P-256").as_dict(private=False) | {"use": use} for use in ("enc", "sig")]
    assert len(load_public_keys({"keys": keys})) == 1


def test_a_curve_that_we_do_not_verify_in_has_no_algorithm() -> None:
    keys = [OKPKey.generate_key("X25519").as_dict(private=False), ECKey.generate_key("P-384").as_dict(private=False)]
    assert [key.algorithms for key in load_public_keys({"keys": keys})] == [frozenset(), frozenset()]
