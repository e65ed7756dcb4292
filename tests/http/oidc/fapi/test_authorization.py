"""Authorization requests under FAPI 2.0."""

from urllib.parse import urlencode

import flask
import pytest

from idp.oidc.protocol import OAuthError
from idp.unit_of_work import Units
from tests.http.oidc.browsing import Browser, answered, asking, basic
from tests.http.oidc.dpop.proofs import Prover, signed
from tests.http.oidc.fapi.conftest import FapiApp, fapi_app


def test_fapi2_5_3_2_2_a_request_that_was_not_pushed_is_refused(party: FapiApp, signed_in: Browser) -> None:
    answer = answered(signed_in.authorize(client_id="fapi"))
    assert answer["error"] == "invalid_request"
    assert "code" not in answer


def test_fapi2_5_3_2_2_a_push_without_authentication_is_refused(party: FapiApp) -> None:
    response = party.client.post("/par", data=asking(client_id="fapi"))
    assert (response.status_code, response.json["error"]) == (401, "invalid_client")


def test_fapi2_5_3_2_2_a_secret_does_not_authenticate_a_push(party: FapiApp) -> None:
    response = party.client.post("/par", data=asking(client_id="fapi"), auth=basic("fapi"))
    assert (response.status_code, response.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("missing", ["redirect_uri", "code_challenge", "code_challenge_method", "response_type"])
def test_fapi2_5_3_2_2_what_has_to_be_pushed_cannot_be_added_later(party: FapiApp, missing: str) -> None:
    response = party.push(**{missing: None})
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "changes", [{"code_challenge_method": "plain"}, {"response_type": "code id_token"}, {"redirect_uri": "https://app.example/callback/x"}]
)
def test_fapi2_5_3_2_2_what_the_profile_does_not_allow_is_refused_at_the_push(party: FapiApp, changes: dict) -> None:
    assert party.push(**changes).status_code == 400


def test_fapi2_5_3_2_2_parameters_outside_the_pushed_request_are_ignored(party: FapiApp, signed_in: Browser) -> None:
    reference = party.push(state="pushed", nonce="pushed", scope="openid").json["request_uri"]
    outside = [
        ("client_id", "fapi"),
        ("request_uri", reference),
        ("state", "outside"),
        ("nonce", "outside"),
        ("redirect_uri", "https://evil.example/"),
        ("scope", "openid profile"),
        ("scope", "twice"),
        ("prompt", "login"),
        ("response_mode", "fragment"),
        ("dpop_jkt", "x"),
    ]
    response = signed_in.get("/authorize?" + urlencode(outside))
    answer = answered(response)
    assert answer["state"] == "pushed"
    assert party.redeem(answer["code"]).json["scope"] == "openid"


def test_fapi2_5_3_2_2_redirects_are_303(party: FapiApp, signed_in: Browser) -> None:
    assert party.opened(signed_in).status_code == 303
    assert party.opened(signed_in, prompt="login").status_code == 303


@pytest.mark.parametrize("length", [43, 384, 1000])
def test_fapi2_a_long_state_and_nonce_come_back_whole(party: FapiApp, signed_in: Browser, length: int) -> None:
    from tests.http.oidc.relying import claims_of  # noqa: PLC0415 - only here

    state, nonce = "s~" * (length // 2), "n-" * (length // 2)
    answer = answered(party.opened(signed_in, state=state, nonce=nonce))
    assert answer["state"] == state
    assert claims_of(party.redeem(answer["code"]).json["id_token"])["nonce"] == nonce


def test_fapi2_5_3_2_2_the_answer_names_its_issuer(party: FapiApp, signed_in: Browser) -> None:
    assert answered(party.opened(signed_in))["iss"] == "http://localhost"
    assert answered(party.opened(signed_in, prompt="none", max_age="0"))["iss"] == "http://localhost"


def test_fapi2_5_3_2_2_a_code_lives_a_minute_at_most(party: FapiApp, signed_in: Browser, clock) -> None:
    code = party.code(signed_in)
    clock.advance(seconds=60)
    assert party.redeem(code).json["error"] == "invalid_grant"


def test_fapi2_5_3_2_2_a_code_counts_once_and_ends_what_came_from_it(party: FapiApp, signed_in: Browser) -> None:
    code = party.code(signed_in)
    token = party.redeem(code).json["access_token"]
    assert party.redeem(code).json["error"] == "invalid_grant"
    assert party.userinfo(token).status_code == 401


def test_fapi2_5_3_2_2_the_verifier_is_needed(party: FapiApp, signed_in: Browser) -> None:
    code = party.code(signed_in)
    assert party.redeem(code, code_verifier=None).json["error"] == "invalid_grant"
    assert party.redeem(code, code_verifier="another-verifier-of-at-least-43-characters-1").json["error"] == "invalid_grant"


def test_fapi2_5_3_2_2_a_code_of_another_client_is_refused(app: flask.Flask, party: FapiApp, signed_in: Browser) -> None:
    other = fapi_app(app, "other")
    code = party.code(signed_in)
    assert other.redeem(code).json["error"] == "invalid_grant"
    assert party.redeem(code).status_code == 200


def test_fapi2_5_3_2_2_a_reference_of_another_client_is_refused(app: flask.Flask, party: FapiApp, signed_in: Browser) -> None:
    fapi_app(app, "other")
    reference = party.push().json["request_uri"]
    response = signed_in.get("/authorize?" + urlencode({"client_id": "other", "request_uri": reference}))
    assert (response.status_code, response.location) == (400, None)


def test_fapi2_5_3_2_1_redirects_by_plain_http_are_not_registered(app: flask.Flask, units: Units) -> None:
    with pytest.raises(OAuthError, match="https"):
        fapi_app(app, redirect_uris=["http://localhost/callback"])


def test_fapi2_5_3_2_2_scripts_of_other_origins_cannot_read_the_authorization_endpoint(party: FapiApp, signed_in: Browser) -> None:
    response = signed_in.get("/authorize", headers={"Origin": "https://app.example"})
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(("jkt_of", "status"), [("itself", 201), ("another", 400)])
def test_rfc9449_10_1_the_key_that_a_signed_request_names_has_to_be_the_proven_one(
    party: FapiApp, prover: Prover, clock, jkt_of: str, status: int
) -> None:
    now = int(clock().timestamp())
    jkt = (party.prover if jkt_of == "itself" else prover).jkt
    claims = asking(client_id="fapi", dpop_jkt=jkt) | {"iss": "fapi", "aud": "http://localhost", "nbf": now, "exp": now + 60}
    signed_request = signed({"alg": "ES256", "typ": "oauth-authz-req+jwt"}, claims, party.signer.key)
    assert party.post("/par", {"client_id": "fapi", "request": signed_request}).status_code == status
