"""Client authentication under FAPI 2.0, at every endpoint that asks for it."""

from functools import cache
from typing import Any

import flask
import pytest
from joserfc.jwk import Key, OKPKey, RSAKey

from idp.oidc.protocol import OAuthError
from tests.http.oidc.browsing import Browser, asking
from tests.http.oidc.dpop.proofs import Signer
from tests.http.oidc.fapi.conftest import FapiApp, fapi_app

ISSUER = "http://localhost"


@cache
def key_for(alg: str) -> Key:
    """Make a key once: an RSA key costs half a second."""
    return RSAKey.generate_key(2048) if alg[1:3] == "S2" else OKPKey.generate_key("Ed25519")


def push(party: FapiApp, header: dict[str, Any] | None = None, **changes: Any) -> int:
    """Push with an assertion that has some changes."""
    response = party.client.post("/par", data=asking(client_id="fapi") | party.signer.assertion(header, **changes))
    assert response.status_code == 201 or response.json["error"] == "invalid_client", response.text
    return response.status_code


def test_fapi2_5_3_2_1_the_audience_is_the_issuer_as_a_string(party: FapiApp) -> None:
    assert push(party, aud=ISSUER) == 201


@pytest.mark.parametrize(
    "audience", [f"{ISSUER}/token", f"{ISSUER}/par", f"{ISSUER}/", [ISSUER], [ISSUER, "https://else.example"], "", None, {}, 1]
)
def test_fapi2_5_3_2_1_any_other_audience_is_401(party: FapiApp, audience: Any) -> None:
    assert push(party, aud=audience) == 401


@pytest.mark.parametrize("claim", ["iat", "nbf"])
@pytest.mark.parametrize(("seconds", "status"), [(0, 201), (8, 201), (10, 201), (61, 401), (70, 401)])
def test_fapi2_5_3_2_1_a_clock_ten_seconds_ahead_is_forgiven_and_one_a_minute_ahead_is_not(
    party: FapiApp, clock, claim: str, seconds: int, status: int
) -> None:
    assert push(party, **{claim: int(clock().timestamp()) + seconds}) == status


@pytest.mark.parametrize(("alg", "status"), [("PS256", 201), ("Ed25519", 201), ("EdDSA", 201), ("RS256", 401)])
def test_fapi2_5_4_1_only_strong_algorithms_sign_assertions(app: flask.Flask, alg: str, status: int) -> None:
    assert push(fapi_app(app, signer=Signer(app, "fapi", key_for(alg), alg))) == status


def test_fapi2_5_4_1_the_registered_algorithm_is_the_only_one(app: flask.Flask) -> None:
    party = fapi_app(app, signer=Signer(app, "fapi", key_for("EdDSA"), "EdDSA"), token_endpoint_auth_signing_alg="Ed25519")
    assert push(party) == 401
    assert push(party, {"alg": "Ed25519"}) == 201


@pytest.mark.parametrize("alg", ["RS256", "none", "HS256"])
def test_fapi2_5_4_1_a_weak_algorithm_is_not_registered(app: flask.Flask, alg: str) -> None:
    with pytest.raises(OAuthError):
        fapi_app(app, token_endpoint_auth_signing_alg=alg)


@pytest.mark.parametrize("claims", [{"iss": "other"}, {"sub": "other"}, {"jti": None}, {"jti": "\ud800"}, {"exp": None}, {"exp": 1}])
def test_rfc7523_3_an_assertion_with_a_wrong_claim_is_401(party: FapiApp, claims: dict) -> None:
    assert push(party, **claims) == 401


def test_fapi2_5_3_2_1_one_assertion_counts_once_wherever_it_is_shown(party: FapiApp) -> None:
    presented = party.signer.assertion()
    assert party.client.post("/par", data=asking(client_id="fapi") | presented).status_code == 201
    for path, form in (("/par", asking(client_id="fapi")), ("/introspect", {"token": "x"}), ("/revoke", {"token": "x"})):
        response = party.client.post(path, data=form | presented)
        assert (response.status_code, response.json["error"]) == (401, "invalid_client"), path


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
def test_fapi2_5_3_2_1_introspection_and_revocation_take_assertions(party: FapiApp, signed_in: Browser, path: str) -> None:
    token = party.tokens(signed_in)["access_token"]
    assert party.client.post(path, data={"token": token} | party.signer.assertion()).status_code == 200
    wrong = party.client.post(path, data={"token": token} | party.signer.assertion(aud="https://else.example"))
    assert (wrong.status_code, wrong.json["error"]) == (401, "invalid_client")
    assert wrong.headers["WWW-Authenticate"]


def test_rfc7523_3_the_assertion_of_another_client_proves_nothing(app: flask.Flask, party: FapiApp) -> None:
    other = fapi_app(app, "other")
    response = party.client.post("/par", data=asking(client_id="fapi") | other.signer.assertion(iss="fapi", sub="fapi"))
    assert response.status_code == 401
    mixed = party.client.post("/par", data=asking(client_id="fapi") | other.signer.assertion())
    assert mixed.json["error"] in ("invalid_client", "invalid_request")
