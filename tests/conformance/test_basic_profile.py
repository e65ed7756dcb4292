"""Modules of the certification suite's Basic profile by their names there, and once more for Form Post, as that plan does."""

import json
from urllib.parse import urlencode, urlsplit

import pytest

from idp.directory.accounts import Account
from tests.conformance.flows import Flow
from tests.http.oidc import browsing
from tests.http.oidc.browsing import CHALLENGE, REDIRECT_URI, Browser, asking
from tests.http.oidc.relying import RelyingParty, claims_of, header_of

EVERYTHING = "openid profile email phone"


@pytest.fixture(params=["query", "form_post"])
def flow(request: pytest.FixtureRequest, party: RelyingParty, visitor: Browser, account: Account) -> Flow:
    """The flow, in each of the two profiles' response modes."""
    return Flow(party, visitor, account, request.param)


@pytest.fixture
def first(flow: Flow, clock) -> dict:
    """The tokens of a first sign-in, two seconds ago."""
    tokens = flow.sign_in()
    clock.advance(seconds=2)
    return tokens


def test_oidcc_server(flow: Flow, account: Account, client) -> None:
    tokens = flow.sign_in(nonce="n-0S6_WzA2Mj")
    claims = tokens["claims"]
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("http://localhost", "app", account.sub)
    assert claims["nonce"] == "n-0S6_WzA2Mj"
    assert claims["exp"] > claims["iat"]
    assert header_of(tokens["id_token"])["alg"] == "RS256"
    assert header_of(tokens["id_token"])["kid"] in {key["kid"] for key in client.get("/jwks").json["keys"]}
    assert tokens["token_type"].lower() == "bearer"


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(flow: Flow) -> None:
    assert "nonce" not in flow.sign_in(nonce=None)["claims"]


def test_oidcc_scope_all_with_address_that_nobody_has(flow: Flow) -> None:
    tokens = flow.sign_in(scope=f"{EVERYTHING} address")
    told = flow.party.userinfo(tokens["access_token"]).json
    assert {"name", "given_name", "family_name", "email", "email_verified"} <= set(told)
    assert "address" not in told
    assert tokens["scope"] == EVERYTHING, "what was not granted is not told as granted"


def test_oidcc_alternate_happy_flow_neither_scopes_nor_parameters_have_an_order(flow: Flow, account: Account) -> None:
    asked = asking(scope="email openid", response_mode=flow.mode)
    answer = flow.signed_in(flow.visitor.get("/authorize?" + urlencode(list(reversed(asked.items())))))
    tokens = flow.party.redeem(answer["code"]).json
    assert flow.party.userinfo(tokens["access_token"]).json["email"] == account.email


def test_oidcc_prompt_login_gives_a_later_auth_time(flow: Flow, first: dict) -> None:
    second = flow.sign_in(prompt="login")
    assert second["claims"]["auth_time"] > first["claims"]["auth_time"]
    assert second["claims"]["sub"] == first["claims"]["sub"]


def test_oidcc_max_age_1_gives_a_later_auth_time(flow: Flow, first: dict) -> None:
    assert flow.sign_in(max_age="1")["claims"]["auth_time"] > first["claims"]["auth_time"]


def test_oidcc_max_age_10000_asks_nothing_and_keeps_auth_time(flow: Flow, first: dict) -> None:
    assert flow.without_asking(max_age="10000")["claims"]["auth_time"] == first["claims"]["auth_time"]


def test_oidcc_prompt_none_logged_in_keeps_sub_and_auth_time(flow: Flow, first: dict) -> None:
    second = flow.without_asking(prompt="none")
    assert [second["claims"][name] for name in ("sub", "auth_time")] == [first["claims"][name] for name in ("sub", "auth_time")]
    assert second["id_token"] != first["id_token"]


def test_oidcc_prompt_none_not_logged_in_is_an_error(flow: Flow) -> None:
    assert flow.answer(flow.ask(prompt="none"))["error"] == "login_required"


def test_oidcc_id_token_hint_with_the_one_that_was_issued(flow: Flow, first: dict) -> None:
    assert flow.without_asking(prompt="none", id_token_hint=first["id_token"])["claims"]["sub"] == first["claims"]["sub"]


@pytest.mark.parametrize(
    "asked",
    [
        {"display": "page"}, {"display": "popup"}, {"ui_locales": "se"}, {"claims_locales": "se"}, {"extra": "foobar"},
        {"acr_values": "1 2"}, {"login_hint": "somebody@example.com"},
    ],
    ids=str,
)  # fmt: skip
def test_oidcc_what_may_be_ignored_never_hinders_a_sign_in(flow: Flow, account: Account, asked: dict) -> None:
    assert flow.sign_in(**asked)["claims"]["sub"] == account.sub


def test_oidcc_ensure_request_with_valid_pkce_succeeds(flow: Flow) -> None:
    assert flow.sign_in(code_challenge=CHALLENGE, code_challenge_method="S256")["access_token"]


@pytest.mark.parametrize("seconds", [0, 30], ids=["oidcc-codereuse", "oidcc-codereuse-30seconds"])
def test_oidcc_codereuse_is_invalid_grant_and_ends_the_access_token(flow: Flow, clock, seconds: int) -> None:
    code = flow.signed_in(flow.ask())["code"]
    tokens = flow.party.redeem(code, code_verifier=None).json
    clock.advance(seconds=seconds)
    again = flow.party.redeem(code, code_verifier=None)
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert again.mimetype == "application/json"
    assert flow.party.userinfo(tokens["access_token"]).status_code == 401


def test_oidcc_ensure_post_request_succeeds(flow: Flow) -> None:
    posted = flow.visitor.post("/authorize", asking(response_mode=flow.mode))
    answer = flow.signed_in(flow.visitor.get(urlsplit(posted.location).path))
    assert flow.party.redeem(answer["code"]).json["id_token"]


def test_oidcc_server_client_secret_post(app, visitor: Browser, account: Account, unit) -> None:
    with unit() as work:
        browsing.registered(work, "posting", require_pkce=False, token_endpoint_auth_method="client_secret_post")
    flow = Flow(RelyingParty(app, "posting"), visitor, account)
    secret = {"client_id": "posting", "client_secret": browsing.secret_of("posting")}
    assert flow.party.redeem(flow.signed_in(flow.ask())["code"], code_verifier=None, auth=None, **secret).json["id_token"]


def test_oidcc_claims_essential_stands_in_userinfo_and_not_in_the_id_token(flow: Flow, account: Account) -> None:
    tokens = flow.sign_in(claims=json.dumps({"userinfo": {"name": {"essential": True}}}))
    assert flow.party.userinfo(tokens["access_token"]).json["name"] == f"{account.given_name} {account.family_name}"
    assert "name" not in tokens["claims"]


def test_oidcc_refresh_token_is_bound_to_its_client(app, flow: Flow, unit) -> None:
    with unit() as work:
        browsing.registered(work, "second", require_pkce=False)
    tokens = flow.sign_in()
    refreshed = flow.party.refresh(tokens["refresh_token"]).json
    kept = ("iss", "sub", "aud", "auth_time")
    assert [claims_of(refreshed["id_token"])[name] for name in kept] == [tokens["claims"][name] for name in kept]
    refused = RelyingParty(app, "second").refresh(refreshed["refresh_token"])
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")


def test_oidcc_response_type_missing_is_invalid_request(flow: Flow) -> None:
    assert flow.answer(flow.ask(response_type=None))["error"] == "invalid_request"


def test_oidcc_ensure_registered_redirect_uri_is_said_on_a_page(flow: Flow) -> None:
    response = flow.ask(redirect_uri=f"{REDIRECT_URI}/other")
    assert (response.status_code, response.location) == (400, None)
    assert REDIRECT_URI not in response.text, "no form leads there either"
