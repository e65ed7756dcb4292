"""Modules of the certification suite's Basic profile of which no other test walks the whole way; by their names there."""

import json
from urllib.parse import urlencode, urlsplit

import pytest

from idp.directory.accounts import Account
from tests.conformance.flows import NO_PKCE, asks_to_sign_in, sign_in, without_asking
from tests.http.oidc import browsing
from tests.http.oidc.browsing import CHALLENGE, REDIRECT_URI, Browser, answered, asking
from tests.http.oidc.relying import RelyingParty, claims_of, header_of

EVERYTHING = "openid profile email phone"


@pytest.fixture
def first(visitor: Browser, party: RelyingParty, account: Account, clock) -> dict:
    """The tokens of a first sign-in, two seconds ago."""
    tokens = sign_in(visitor, party, account)
    clock.advance(seconds=2)
    return tokens


def test_oidcc_server(visitor: Browser, party: RelyingParty, account: Account, client) -> None:
    tokens = sign_in(visitor, party, account, nonce="n-0S6_WzA2Mj")
    claims, now = tokens["claims"], tokens["claims"]["iat"]
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("http://localhost", "app", account.sub)
    assert claims["nonce"] == "n-0S6_WzA2Mj"
    assert claims["exp"] > now
    assert header_of(tokens["id_token"])["alg"] == "RS256"
    assert header_of(tokens["id_token"])["kid"] in {key["kid"] for key in client.get("/jwks").json["keys"]}
    assert tokens["token_type"].lower() == "bearer"


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(visitor: Browser, party: RelyingParty, account: Account) -> None:
    assert "nonce" not in sign_in(visitor, party, account, nonce=None)["claims"]


def test_oidcc_scope_all_with_address_that_nobody_has(visitor: Browser, party: RelyingParty, account: Account) -> None:
    tokens = sign_in(visitor, party, account, scope=f"{EVERYTHING} address")
    told = party.userinfo(tokens["access_token"]).json
    assert {"name", "given_name", "family_name", "email", "email_verified"} <= set(told)
    assert "address" not in told
    assert tokens["scope"] == EVERYTHING, "what was not granted is not told as granted"


def test_oidcc_alternate_happy_flow_neither_scopes_nor_parameters_have_an_order(
    visitor: Browser, party: RelyingParty, account: Account
) -> None:
    response = visitor.get("/authorize?" + urlencode(list(reversed(asking(scope="email openid", **NO_PKCE).items()))))
    done = visitor.get(visitor.sign_in(response, account).location)
    tokens = party.redeem(answered(done)["code"], code_verifier=None).json
    assert party.userinfo(tokens["access_token"]).json["email"] == account.email


def test_oidcc_prompt_login_gives_a_later_auth_time(visitor: Browser, party: RelyingParty, account: Account, first: dict) -> None:
    second = sign_in(visitor, party, account, prompt="login")
    assert second["claims"]["auth_time"] > first["claims"]["auth_time"]
    assert second["claims"]["sub"] == first["claims"]["sub"]


def test_oidcc_max_age_1_gives_a_later_auth_time(visitor: Browser, party: RelyingParty, account: Account, first: dict) -> None:
    second = sign_in(visitor, party, account, max_age="1")
    assert second["claims"]["auth_time"] > first["claims"]["auth_time"]


def test_oidcc_max_age_10000_asks_nothing_and_keeps_auth_time(visitor: Browser, party: RelyingParty, first: dict) -> None:
    second = without_asking(visitor, party, max_age="10000")
    assert second["claims"]["auth_time"] == first["claims"]["auth_time"]


def test_oidcc_prompt_none_logged_in_keeps_sub_and_auth_time(visitor: Browser, party: RelyingParty, first: dict) -> None:
    second = without_asking(visitor, party, prompt="none")
    assert [second["claims"][name] for name in ("sub", "auth_time")] == [first["claims"][name] for name in ("sub", "auth_time")]
    assert second["id_token"] != first["id_token"]


def test_oidcc_id_token_hint_with_the_one_that_was_issued(visitor: Browser, party: RelyingParty, first: dict) -> None:
    second = without_asking(visitor, party, prompt="none", id_token_hint=first["id_token"])
    assert second["claims"]["sub"] == first["claims"]["sub"]


@pytest.mark.parametrize(
    "asked",
    [
        {"display": "page"}, {"display": "popup"}, {"ui_locales": "se"}, {"claims_locales": "se"}, {"extra": "foobar"},
        {"acr_values": "1 2"}, {"login_hint": "somebody@example.com"},
    ],
    ids=str,
)  # fmt: skip
def test_oidcc_what_may_be_ignored_never_hinders_a_sign_in(visitor: Browser, party: RelyingParty, account: Account, asked: dict) -> None:
    assert sign_in(visitor, party, account, **asked)["claims"]["sub"] == account.sub


def test_oidcc_ensure_request_with_valid_pkce_succeeds(visitor: Browser, party: RelyingParty, account: Account) -> None:
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    assert sign_in(visitor, party, account, **asked)["access_token"]


@pytest.mark.parametrize("seconds", [0, 30], ids=["oidcc-codereuse", "oidcc-codereuse-30seconds"])
def test_oidcc_codereuse_is_invalid_grant_and_ends_the_access_token(
    visitor: Browser, party: RelyingParty, account: Account, clock, seconds: int
) -> None:
    response = visitor.authorize(**NO_PKCE)
    code = answered(visitor.get(visitor.sign_in(response, account).location))["code"]
    tokens = party.redeem(code, code_verifier=None).json
    clock.advance(seconds=seconds)
    again = party.redeem(code, code_verifier=None)
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert again.mimetype == "application/json"
    assert party.userinfo(tokens["access_token"]).status_code == 401


def test_oidcc_ensure_post_request_succeeds(visitor: Browser, party: RelyingParty, account: Account) -> None:
    posted = visitor.post("/authorize", asking(**NO_PKCE))
    done = visitor.get(visitor.sign_in(visitor.get(urlsplit(posted.location).path), account).location)
    assert party.redeem(answered(done)["code"], code_verifier=None).json["id_token"]


def test_oidcc_server_client_secret_post(app, visitor: Browser, account: Account, unit) -> None:
    with unit() as work:
        browsing.registered(work, "posting", require_pkce=False, token_endpoint_auth_method="client_secret_post")
    party = RelyingParty(app, "posting")
    code = answered(visitor.get(visitor.sign_in(visitor.authorize(client_id="posting", **NO_PKCE), account).location))["code"]
    secret = {"client_id": "posting", "client_secret": browsing.secret_of("posting")}
    assert party.redeem(code, code_verifier=None, auth=None, **secret).json["id_token"]


def test_oidcc_claims_essential_stands_in_userinfo_and_not_in_the_id_token(visitor: Browser, party: RelyingParty, account: Account) -> None:
    tokens = sign_in(visitor, party, account, claims=json.dumps({"userinfo": {"name": {"essential": True}}}))
    assert party.userinfo(tokens["access_token"]).json["name"] == f"{account.given_name} {account.family_name}"
    assert "name" not in tokens["claims"]


def test_oidcc_refresh_token_is_bound_to_its_client(app, visitor: Browser, party: RelyingParty, account: Account, unit) -> None:
    with unit() as work:
        browsing.registered(work, "second", require_pkce=False)
    second = RelyingParty(app, "second")
    tokens = sign_in(visitor, party, account)
    refreshed = party.refresh(tokens["refresh_token"]).json
    kept = ("iss", "sub", "aud", "auth_time")
    assert [claims_of(refreshed["id_token"])[name] for name in kept] == [tokens["claims"][name] for name in kept]
    refused = second.refresh(refreshed["refresh_token"])
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_oidcc_response_type_missing(visitor: Browser, party: RelyingParty, mode: str) -> None:
    response = visitor.authorize(response_type=None, response_mode=mode, **NO_PKCE)
    if mode == "query":
        assert answered(response)["error"] == "invalid_request"
    else:
        assert 'name="error" value="invalid_request"' in response.text


def test_oidcc_ensure_registered_redirect_uri_is_said_on_a_page(visitor: Browser, party: RelyingParty) -> None:
    response = visitor.authorize(redirect_uri=f"{REDIRECT_URI}/other", **NO_PKCE)
    assert (response.status_code, response.location) == (400, None)
    assert not asks_to_sign_in(response)
