"""Modules of the certification suite's FAPI 2.0 plans that no test of a single rule walks: what has to succeed, and what has to fail."""

import json
from typing import Any
from urllib.parse import urlencode

import flask
import pytest

from idp.directory.accounts import Account
from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests.http.oidc.browsing import REDIRECT_URI, Browser, answered, asking, csrf_token
from tests.http.oidc.fapi.conftest import FapiApp, fapi_app
from tests.http.oidc.relying import claims_of

CONTRACTS = "/api/v1/me/contracts"


@pytest.fixture
def party(app: flask.Flask) -> FapiApp:
    """The app, which may ask for everything."""
    return fapi_app(app, scope="openid profile email phone roles contracts offline_access")


@pytest.fixture
def signed_in(visitor: Browser, account: Account) -> Browser:
    """A browser in which the phone administrator is signed in."""
    visitor.with_session(account)
    return visitor


def tokens(party: FapiApp, browser: Browser, **asked: Any) -> dict[str, Any]:
    """Push, authorize, redeem."""
    response = party.redeem(party.code(browser, **({"scope": "openid contracts"} | asked)))
    assert response.status_code == 200, response.text
    return dict(response.json)


def resource(party: FapiApp, token: str, path: str = CONTRACTS, *, accept: str | None = None, **changes: Any) -> int:
    """Ask a resource with a proof, and tell the status."""
    headers = party.prover.shows("GET", path, token, **changes) | ({"Accept": accept} if accept else {})
    return party.client.get(path, headers=headers).status_code


def test_discovery_end_point_verification(client) -> None:
    metadata = client.get("/.well-known/oauth-authorization-server").json
    strong = {"PS256", "ES256", "EdDSA"}
    assert strong <= set(metadata["dpop_signing_alg_values_supported"])
    assert strong <= set(metadata["token_endpoint_auth_signing_alg_values_supported"])
    assert strong <= set(metadata["id_token_signing_alg_values_supported"])
    assert strong <= set(metadata["userinfo_signing_alg_values_supported"])
    assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert metadata["pushed_authorization_request_endpoint"] == "http://localhost/par"


def test_message_signing_discovery(client) -> None:
    metadata = client.get("/.well-known/openid-configuration").json
    assert {"jwt", "query.jwt", "form_post.jwt"} <= set(metadata["response_modes_supported"])
    for member in ("request_object", "authorization", "introspection"):
        assert {"PS256", "ES256"} <= set(metadata[f"{member}_signing_alg_values_supported"])


def test_user_rejects_authentication_is_access_denied_at_the_app(
    app: flask.Flask, party: FapiApp, signed_in: Browser, account: Account, units: Units
) -> None:
    with units.write() as work:
        clients.change(work, "fapi", {}, first_party=False)
    page = signed_in.get(party.opened(signed_in, state="s").location)
    declined = signed_in.post(f"{page.request.path}/consent", {"csrf_token": csrf_token(page), "account": account.id, "decision": "deny"})
    answer = answered(declined)
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "s", "http://localhost")
    assert "code" not in answer


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"state": None}, {"code", "iss"}),
        ({"nonce": None}, {"code", "iss", "state"}),
        ({"nonce": "n" * 64}, {"code", "iss", "state"}),
        ({"scope": "contracts profile openid"}, {"code", "iss", "state"}),
    ],
    ids=["without-state-success", "without-nonce-success", "with-64-char-nonce-success", "other-scope-order-succeeds"],
)
def test_ensure_authorization_request_succeeds(party: FapiApp, signed_in: Browser, asked: dict, expected: set[str]) -> None:
    answer = answered(party.opened(signed_in, **asked))
    assert set(answer) == expected
    nonce = asking(**asked).get("nonce")
    assert claims_of(party.redeem(answer["code"]).json["id_token"]).get("nonce") == nonce


def test_claims_parameter_identity_claims(party: FapiApp, signed_in: Browser, client) -> None:
    known = client.get("/.well-known/openid-configuration").json["claims_supported"]
    standard = [name for name in known if name in {"name", "given_name", "family_name", "preferred_username", "locale", "email"}]
    wishes: list[Any] = [None, {"essential": True}, {"essential": False}]
    asked = {name: wishes[number % 3] for number, name in enumerate(standard)} | {"random_claim": None}
    got = tokens(party, signed_in, scope="openid", claims=json.dumps({"id_token": asked, "userinfo": asked}))
    told = party.userinfo(got["access_token"]).json
    assert set(standard) <= set(told)
    assert set(standard) <= set(claims_of(got["id_token"]))
    assert "random_claim" not in told


@pytest.mark.parametrize("scheme", ["dpop", "DPOP", "DPoP"])
def test_access_token_type_header_case_sensitivity(party: FapiApp, signed_in: Browser, scheme: str) -> None:
    token = tokens(party, signed_in)["access_token"]
    assert resource(party, token, scheme=scheme) == 200


@pytest.mark.parametrize("accept", ["application/json;charset=UTF-8", "application/json, */*;q=0.8", "*/*"])
def test_happy_flow_any_accept_header_will_do(party: FapiApp, signed_in: Browser, accept: str) -> None:
    assert resource(party, tokens(party, signed_in)["access_token"], accept=accept) == 200


def test_happy_flow_a_token_in_the_query_is_refused(party: FapiApp, signed_in: Browser) -> None:
    token = tokens(party, signed_in)["access_token"]
    proof = party.prover.proof("GET", CONTRACTS, token)
    assert party.client.get(CONTRACTS, query_string={"access_token": token}, headers={"DPoP": proof}).status_code == 401


@pytest.mark.parametrize(
    "times", [{"nbf": 0, "exp": 300}, {"iat": -10}, {"iat": 10}], ids=["check-dpop-proof-nbf-exp", "iat-10seconds-before", "-after"]
)
def test_ensure_dpopproof_times_are_taken(party: FapiApp, signed_in: Browser, clock, times: dict) -> None:
    now = int(clock().timestamp())
    claims = {name: now + seconds for name, seconds in times.items()}
    code = party.code(signed_in, scope="contracts")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    form["code_verifier"] = "a-verifier-of-at-least-43-characters-for-pkce-1"
    proof = party.prover.proof("POST", "/token", **claims)
    response = party.post("/token", form, headers={"DPoP": proof})
    assert response.status_code == 200, response.text
    assert resource(party, response.json["access_token"], **claims) == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"header": {"typ": None}}, 401), ({"header": {"typ": "jwt"}}, 401), ({"header": {"jwk": None}}, 401),
        ({"jti": None}, 401), ({"htm": None}, 401), ({"htu": None}, 401), ({"iat": None}, 401), ({"ath": None}, 401),
        ({"htm": "PUT"}, 401), ({"htu": "https://other.example/"}, 401), ({"ath": "A" * 43}, 401),
        ({"htu": f"http://localhost{CONTRACTS}?a=b#c"}, 200), ({"htu": f"HTTP://LOCALHOST:80{CONTRACTS}"}, 200),
        ({"header": {"foo": "bar"}, "foo": "bar"}, 200),
    ],
    ids=str,
)  # fmt: skip
def test_dpop_negative_tests_at_the_resource(party: FapiApp, signed_in: Browser, changes: dict, status: int) -> None:
    assert resource(party, tokens(party, signed_in)["access_token"], **changes) == status


def test_dpop_negative_tests_a_proof_counts_once_and_for_its_token_and_key(party: FapiApp, signed_in: Browser, app: flask.Flask) -> None:
    token = tokens(party, signed_in)["access_token"]
    shown = party.prover.shows("GET", CONTRACTS, token)
    assert [party.client.get(CONTRACTS, headers=shown).status_code for _ in range(2)] == [200, 401]
    other = fapi_app(app, "other").prover
    assert party.client.get(CONTRACTS, headers=other.shows("GET", CONTRACTS, token)).status_code == 401
    assert party.client.get(CONTRACTS, headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [{"exp": -300}, {"aud": "https://other.example"}, {"aud": "http://localhost/token"}, {"sub": None}, {"iss": None}],
    ids=["exp-is-5-minutes-in-past", "wrong-aud", "token-endpoint-as-audience", "no-sub", "no-iss"],
)
def test_ensure_invalid_client_assertions_fail_at_the_token_endpoint(party: FapiApp, signed_in: Browser, clock, changes: dict) -> None:
    if "exp" in changes:
        changes = {"exp": int(clock().timestamp()) + changes["exp"]}
    code = party.code(signed_in)
    assert party.signer
    refused = party.redeem(code, **party.signer.assertion(**changes))
    assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")
    assert party.redeem(code).status_code == 200, "nothing was spent"


def test_ensure_client_assertion_in_token_endpoint(party: FapiApp, signed_in: Browser) -> None:
    code = party.code(signed_in)
    refused = party.redeem(code, client_assertion="", client_assertion_type="", client_id="fapi")
    assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")


def test_ensure_client_id_in_token_endpoint_another_clients_name_with_the_own_key(
    app: flask.Flask, party: FapiApp, signed_in: Browser
) -> None:
    fapi_app(app, "other")
    assert party.signer
    refused = party.redeem(party.code(signed_in), client_id="other", **party.signer.assertion(iss="other", sub="other"))
    assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")


def test_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(party: FapiApp, visitor: Browser, account: Account) -> None:
    query = urlencode({"client_id": "fapi", "request_uri": party.push().json["request_uri"]})
    first, second = (visitor.get(f"/authorize?{query}") for _ in range(2))
    assert first.location != second.location
    done = visitor.get(visitor.sign_in(second, account).location)
    assert party.redeem(answered(done)["code"]).status_code == 200
    assert visitor.get(f"/authorize?{query}").status_code == 400, "used up: par-attempt-reuse-request_uri"


def test_par_attempt_to_use_expired_request_uri(party: FapiApp, signed_in: Browser, clock) -> None:
    reference = party.push().json["request_uri"]
    clock.advance(seconds=91)
    response = signed_in.get("/authorize?" + urlencode({"client_id": "fapi", "request_uri": reference}))
    assert (response.status_code, response.location) == (400, None)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_par_attempt_invalid_http_method(party: FapiApp, method: str) -> None:
    assert party.client.open("/par", method=method, data=asking(client_id="fapi")).status_code == 405


def test_par_authorization_request_containing_request_uri_form_param(party: FapiApp) -> None:
    refused = party.push(request_uri="urn:ietf:params:oauth:request_uri:made-up")
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("response_type", ["token", "code id_token", "id_token"])
def test_ensure_response_type_fails(party: FapiApp, response_type: str) -> None:
    refused = party.push(response_type=response_type)
    assert (refused.status_code, refused.json["error"]) == (400, "unsupported_response_type")


def test_plain_fapi_tolerate_unregistered_redirect_uri_is_not_tolerated(party: FapiApp) -> None:
    refused = party.push(redirect_uri=f"{REDIRECT_URI}/unregistered")
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_request")


def test_refresh_token_is_bound_to_client_and_key(app: flask.Flask, party: FapiApp, signed_in: Browser) -> None:
    other = fapi_app(app, "other")
    token = tokens(party, signed_in)["refresh_token"]
    assert party.refresh(token).json["refresh_token"] == token, "not rotated"
    assert party.refresh(token, prover=None).status_code == 400
    assert other.refresh(token).json["error"] == "invalid_grant"
    assert party.refresh(token).status_code == 200
