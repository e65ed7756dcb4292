"""A proof is looked at from all sides before anything else of a request counts."""

import warnings
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

import flask
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from werkzeug.test import TestResponse

from idp.unit_of_work import Units
from tests.http.oidc.dpop.proofs import KeyHolder, Prover, Signer
from tests.http.oidc.relying import claims_of, machine

ASK = {"grant_type": "client_credentials"}


def ask(party: KeyHolder, proof: str | None = None, **changes: Any) -> TestResponse:
    """Ask for a token with a proof that has some changes."""
    return party.post("/token", ASK, headers={"DPoP": proof or party.prover.proof("POST", "/token", **changes)})


def is_refused(response: TestResponse) -> bool:
    return (response.status_code, response.json["error"]) == (400, "invalid_dpop_proof")


def test_rfc9449_5_a_token_asked_for_with_a_proof_is_bound_to_its_key(ordering: KeyHolder) -> None:
    response = ask(ordering)
    assert response.status_code == 200, response.text
    assert response.json["token_type"] == "DPoP"
    assert claims_of(response.json["access_token"])["cnf"] == {"jkt": ordering.prover.jkt}


def test_rfc9449_5_without_a_proof_the_token_is_for_whoever_bears_it(ordering: KeyHolder) -> None:
    response = ordering.post("/token", ASK, prover=None)
    assert response.json["token_type"] == "Bearer"
    assert "cnf" not in claims_of(response.json["access_token"])
    assert "DPoP-Nonce" not in response.headers


@cache
def key_for(alg: str) -> Key:
    """Make a key once: an RSA key costs half a second."""
    return RSAKey.generate_key(2048) if alg[1:3] == "S2" else OKPKey.generate_key("Ed25519")


@pytest.mark.parametrize("alg", ["RS256", "PS256", "Ed25519", "EdDSA"])
def test_rfc9449_4_3_each_algorithm_that_is_advertised_is_taken(ordering: KeyHolder, app: flask.Flask, alg: str) -> None:
    assert ask(ordering, Prover(app, key_for(alg), alg).proof("POST", "/token")).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"typ": ["dpop+jwt"]},
        {"jwk": None},
        {"jwk": "key"},
        {"jwk": []},
        {"jwk": {}},
        {"jwk": {"kty": "EC"}},
        {"jwk": {"kty": ["EC"]}},
        {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}},
        {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
        pytest.param({"jwk": ECKey.generate_key("P-256").as_dict(private=False)}, id="another key"),
        pytest.param({"jwk": OctKey.generate_key(256).as_dict()}, id="a symmetric key"),
    ],
    ids=str,
)
def test_rfc9449_4_3_a_proof_with_a_wrong_header_is_refused(ordering: KeyHolder, header: dict) -> None:
    assert is_refused(ask(ordering, header=header))


@pytest.mark.parametrize("member", ["d", "k", "p", "oth"])
def test_rfc9449_4_3_a_proof_that_gives_a_private_key_away_is_refused(ordering: KeyHolder, member: str) -> None:
    key = ordering.prover.key
    private = key.as_dict(private=False) | {member: key.as_dict(private=True)["d"]}
    assert is_refused(ask(ordering, header={"jwk": private}))


def test_rfc9449_4_3_a_key_for_encryption_proves_nothing(ordering: KeyHolder) -> None:
    assert is_refused(ask(ordering, header={"jwk": ordering.prover.key.as_dict(private=False) | {"use": "enc"}}))


def test_rfc9449_4_3_a_symmetric_algorithm_is_refused(ordering: KeyHolder, app: flask.Flask) -> None:
    key = OctKey.generate_key(256)
    assert is_refused(ask(ordering, Prover(app, key, "HS256").proof("POST", "/token", header={"jwk": key.as_dict()})))


def test_rfc9449_4_3_an_unsigned_proof_is_refused(ordering: KeyHolder) -> None:
    header, payload, _ = ordering.prover.proof("POST", "/token").split(".")
    jwk = ordering.prover.key.as_dict(private=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of what the test is about
        unsigned = jws.serialize_compact({"typ": "dpop+jwt", "alg": "none", "jwk": jwk}, b"{}", None, algorithms=["none"])
    assert is_refused(ask(ordering, f"{unsigned.split('.')[0]}.{payload}."))
    assert is_refused(ask(ordering, f"{header}.{payload}."))


def test_rfc9449_4_3_a_changed_proof_is_refused(ordering: KeyHolder) -> None:
    header, _, signature = ordering.prover.proof("POST", "/token").split(".")
    payload = ordering.prover.proof("POST", "/token").split(".")[1]
    assert is_refused(ask(ordering, f"{header}.{payload}.{signature}"))


NO_PROOFS = [
    "x",
    "a.b.c",
    "..",
    "é.é.é",
    urlsafe_b64encode(b"[" * 5000).decode() + ".x.y",
    "eyJhbGciOiJFUzI1NiJ9." + "W1t" * 4000 + ".x",
    "a" * 100_000,
]


@pytest.mark.parametrize("text", NO_PROOFS, ids=lambda text: text[:10])
def test_rfc9449_4_3_what_is_no_proof_is_refused(ordering: KeyHolder, text: str) -> None:
    assert is_refused(ask(ordering, text))


def test_rfc9449_4_3_an_empty_header_is_a_wrong_proof(ordering: KeyHolder) -> None:
    assert is_refused(ordering.post("/token", ASK, headers={"DPoP": ""}))


def test_rfc9449_4_3_two_proofs_are_refused(ordering: KeyHolder) -> None:
    two = [("DPoP", ordering.prover.proof("POST", "/token")) for _ in range(2)]
    assert is_refused(ordering.post("/token", ASK, headers=two))


@pytest.mark.parametrize(
    "claims",
    [
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "\ud800"},
        {"jti": "\0"},
        {"htm": None},
        {"htm": "GET"},
        {"htm": "post"},
        {"htm": ["POST"]},
        {"htu": None},
        {"htu": 7},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"iat": float("nan")},
        {"iat": 10**30},
        {"iat": -1},
        {"exp": 1},
        {"exp": "later"},
        {"nbf": "now"},
    ],
    ids=str,
)
def test_rfc9449_4_3_a_proof_with_a_wrong_claim_is_refused(ordering: KeyHolder, claims: dict) -> None:
    assert is_refused(ask(ordering, **claims))


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost/token",
        "HTTP://LOCALHOST:80/token",
        "http://localhost/token?a=b",
        "http://localhost/token#c",
        "http://localhost/%74oken",
        "http://localhost/a/../token",
        "http://localhost/./token",
    ],
)
def test_rfc9449_4_3_the_address_is_compared_without_query_and_fragment_and_normalised(ordering: KeyHolder, address: str) -> None:
    assert ask(ordering, htu=address).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost/par",
        "http://localhost/TOKEN",
        "http://localhost/token/",
        "http://localhost//token",
        "http://localhost/token/..",
        "https://localhost/token",
        "http://localhost:8080/token",
        "http://localhost:99999/token",
        "http://else.example/token",
        "http://me@localhost/token",
        "http://[localhost/token",
        "http://localhost/tok\u0435n",
        "http://localhost/token\n",
        "//localhost/token",
        "/token",
        "",
        "http://",
        "http://localhost/" + "a" * 3000,
    ],
    ids=lambda address: ascii(address[:40]),
)
def test_rfc9449_4_3_a_proof_for_another_address_is_refused(ordering: KeyHolder, address: str) -> None:
    assert is_refused(ask(ordering, htu=address))


@pytest.mark.parametrize(("seconds", "taken"), [(-299, True), (-300, False), (10, True), (61, False)])
def test_fapi2_5_3_2_1_a_proof_may_come_from_a_clock_that_is_a_little_ahead(ordering: KeyHolder, clock, seconds: int, taken: bool) -> None:
    assert (ask(ordering, iat=int(clock().timestamp()) + seconds).status_code == 200) is taken
    assert (ask(ordering, nbf=int(clock().timestamp()) + max(seconds, 0)).status_code == 200) is (seconds < 61)


# --- once


def test_rfc9449_11_1_a_proof_counts_once(ordering: KeyHolder) -> None:
    proof = ordering.prover.proof("POST", "/token")
    assert ask(ordering, proof).status_code == 200
    assert is_refused(ask(ordering, proof))


def test_rfc9449_11_1_the_same_jti_of_another_key_is_another_proof(ordering: KeyHolder, prover: Prover) -> None:
    assert ask(ordering, jti="one").status_code == 200
    assert ask(ordering, prover.proof("POST", "/token", jti="one")).status_code == 200


def test_rfc9449_11_1_a_proof_is_spent_by_a_refused_grant_too(ordering: KeyHolder) -> None:
    proof = ordering.prover.proof("POST", "/token")
    assert ordering.post("/token", ASK | {"scope": "openid"}, headers={"DPoP": proof}).json["error"] == "invalid_scope"
    assert is_refused(ask(ordering, proof))


def test_a_proof_beside_wrong_credentials_is_not_kept(ordering: KeyHolder) -> None:
    proof = ordering.prover.proof("POST", "/token")
    refused = ordering.post("/token", ASK, headers={"DPoP": proof}, auth=("ordering", "wrong"))
    assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")
    assert ask(ordering, proof).status_code == 200, "nobody fills our tables without a client"


@pytest.mark.parametrize("offset", [0, 30])
def test_rfc9449_11_1_a_proof_cannot_come_again_when_its_jti_is_forgotten(ordering: KeyHolder, clock, offset: int) -> None:
    clock.advance(seconds=119)  # the very end of a nonce's slot
    proof = ordering.prover.proof("POST", "/token", iat=int(clock().timestamp()) + offset)
    assert ask(ordering, proof).status_code == 200
    for _ in range(8):
        clock.advance(seconds=60)
        assert ask(ordering, proof).status_code == 400


# --- nonces


def test_rfc9449_8_a_proof_without_nonce_is_told_one_that_does(ordering: KeyHolder) -> None:
    first = ask(ordering, nonce=None)
    assert (first.status_code, first.json["error"]) == (400, "use_dpop_nonce")
    assert first.headers["Cache-Control"] == "no-store"
    assert ask(ordering, nonce=first.headers["DPoP-Nonce"]).status_code == 200


@pytest.mark.parametrize("nonce", ["", "invented", 7, ["x"], "é", "\ud800", None], ids=ascii)
def test_rfc9449_8_a_nonce_that_is_not_ours_is_refused(ordering: KeyHolder, nonce: Any) -> None:
    assert ask(ordering, nonce=nonce).json["error"] == "use_dpop_nonce"


def test_rfc9449_8_2_a_nonce_counts_for_its_slot_of_time_and_the_next(ordering: KeyHolder, clock) -> None:
    nonce = ask(ordering).headers["DPoP-Nonce"]
    clock.advance(seconds=120)
    response = ask(ordering, nonce=nonce)
    assert response.status_code == 200
    assert response.headers["DPoP-Nonce"] != nonce, "the new one comes in time"
    clock.advance(seconds=120)
    assert ask(ordering, nonce=nonce).json["error"] == "use_dpop_nonce"


@pytest.mark.parametrize("path", ["/token", "/par", "/userinfo", "/api/v1/me/contracts", "/api/v1/customers/1"])
def test_rfc9449_8_2_each_answer_to_a_proof_brings_a_nonce(ordering: KeyHolder, path: str) -> None:
    assert ordering.client.post(path, headers={"DPoP": "anything"}).headers["DPoP-Nonce"]
    assert "DPoP-Nonce" not in ordering.client.post(path).headers


def test_rfc9449_8_a_nonce_refusal_spends_neither_assertion_nor_proof(app: flask.Flask, units: Units) -> None:
    signer = Signer(app, "keyed")
    with units.write() as work:
        machine(work, "keyed", token_endpoint_auth_method="private_key_jwt", jwks=signer.jwks)
    party = KeyHolder(app, "keyed", signer=signer)
    presented = ASK | signer.assertion()
    refused = party.post("/token", presented, headers={"DPoP": party.prover.proof("POST", "/token", nonce="old", jti="one")})
    assert refused.json["error"] == "use_dpop_nonce"
    proof = party.prover.proof("POST", "/token", jti="one")
    assert party.post("/token", presented, headers={"DPoP": proof}).status_code == 200


def test_rfc9449_8_a_nonce_refusal_does_not_spend_the_code(party: KeyHolder, signed_in) -> None:
    code = party.code(signed_in)
    usual, party.prover.proof = party.prover.proof, lambda *request: Prover.proof(party.prover, *request, nonce=None)
    assert party.redeem(code).json["error"] == "use_dpop_nonce"
    party.prover.proof = usual
    assert party.redeem(code).status_code == 200
