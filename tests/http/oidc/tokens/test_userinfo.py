"""UserInfo and the contracts: what a token opens."""

import json

import pytest

from idp.authn import sessions
from idp.directory import accounts
from idp.directory.accounts import Account
from idp.oidc.clients import resources
from idp.unit_of_work import SYSTEM, Units
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import ALL_SCOPES, RelyingParty, machine

OWN_CONTRACTS = [
    {"id": "CP-4711", "product": "cloud_phone", "label": "Telefonanlage Zentrale", "active": True},
    {"id": "CP-4712", "product": "cloud_phone", "label": "Telefonanlage Lager", "active": True},
    {"id": "IN-1001", "product": "internet", "label": "Internetanschluss", "active": True},
]


@pytest.fixture
def token(party: RelyingParty, signed_in: Browser) -> str:
    """An access token with all scopes."""
    return party.tokens(signed_in, scope=ALL_SCOPES)["access_token"]


def challenge(response) -> str:
    return response.headers["WWW-Authenticate"]


def test_core_5_4_each_scope_brings_its_claims(party: RelyingParty, token: str, account: Account) -> None:
    told = party.userinfo(token).json
    assert told["sub"] == account.sub
    assert told["name"] == "Tanja Testerin"
    assert (told["preferred_username"], told["locale"]) == (account.username, "de")
    assert (told["email"], told["email_verified"]) == (account.email, True)
    assert told["roles"] == ["administrator-telefonanlage"]
    assert told["customer_number"] == "2300229"
    assert told["contracts"] == OWN_CONTRACTS


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid", set()),
        ("openid profile", {"name", "given_name", "family_name", "preferred_username", "locale"}),
        ("openid email", {"email", "email_verified"}),
        ("openid roles", {"roles", "customer_number"}),
        ("openid contracts", {"contracts"}),
    ],
)
def test_core_5_4_a_scope_that_was_not_granted_brings_nothing(party: RelyingParty, signed_in: Browser, scope: str, names: set[str]) -> None:
    told = party.userinfo(party.tokens(signed_in, scope=scope)["access_token"]).json
    assert set(told) == {"sub"} | names


def test_core_5_1_the_phone_number_is_the_verified_mobile(party: RelyingParty, app, units: Units) -> None:
    browser = Browser(app)
    with units.write(SYSTEM) as work:
        administrator = builders.administrator(work)
    browser.with_session(administrator, acr="urn:idp:acr:mfa")
    told = party.userinfo(party.tokens(browser, scope="openid phone")["access_token"]).json
    assert (told["phone_number"], told["phone_number_verified"]) == (builders.MOBILE, True)


def test_core_5_5_the_claims_parameter_brings_a_claim_to_userinfo(party: RelyingParty, signed_in: Browser, account: Account) -> None:
    tokens = party.tokens(signed_in, claims=json.dumps({"userinfo": {"email": {"essential": True}}}))
    assert party.userinfo(tokens["access_token"]).json == {"sub": account.sub, "email": account.email}


def test_core_5_5_a_claim_of_a_scope_that_the_client_may_not_ask_for_is_not_told(app, units: Units, signed_in: Browser) -> None:
    with units.write() as work:
        browsing.registered(work, "small", scope="openid profile")
    party = RelyingParty(app, "small")
    tokens = party.tokens(signed_in, claims=json.dumps({"userinfo": {"email": None}, "id_token": {"email": None}}))
    assert "email" not in party.userinfo(tokens["access_token"]).json


def test_core_5_3_1_a_post_with_the_token_in_the_header_is_answered(party: RelyingParty, token: str) -> None:
    response = party.client.post("/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert response.json["name"] == "Tanja Testerin"


def test_rfc6750_2_2_a_post_with_the_token_in_the_form_is_answered(party: RelyingParty, token: str) -> None:
    assert party.client.post("/userinfo", data={"access_token": token}).json["name"] == "Tanja Testerin"


def test_rfc6750_2_a_token_in_header_and_form_is_invalid_request(party: RelyingParty, token: str) -> None:
    response = party.client.post("/userinfo", data={"access_token": token}, headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


def test_rfc6750_2_3_a_token_in_the_query_does_not_count(party: RelyingParty, token: str) -> None:
    assert party.client.get("/userinfo", query_string={"access_token": token}).status_code == 401


def test_rfc6750_3_1_without_token_the_challenge_names_no_error(party: RelyingParty) -> None:
    response = party.client.get("/userinfo")
    assert response.status_code == 401
    assert challenge(response).startswith('Bearer realm="idp", DPoP realm="idp", algs="')


@pytest.mark.parametrize("text", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "é"])
def test_rfc6750_3_1_an_invented_token_is_invalid_token(party: RelyingParty, text: str) -> None:
    response = party.client.get("/userinfo", headers={"Authorization": f"Bearer {text}"})
    assert response.status_code == 401
    assert 'error="invalid_token"' in challenge(response)


def test_rfc6750_3_1_an_expired_token_is_invalid_token(party: RelyingParty, token: str, clock) -> None:
    clock.advance(seconds=301)
    assert 'error="invalid_token"' in challenge(party.userinfo(token))


def test_rfc9068_4_an_id_token_is_no_access_token(party: RelyingParty, signed_in: Browser) -> None:
    assert party.userinfo(party.tokens(signed_in)["id_token"]).status_code == 401


def test_rfc6750_3_1_a_token_without_openid_is_insufficient_scope(party: RelyingParty, app, units: Units) -> None:
    with units.write() as work:
        machine(work)
    ordering = RelyingParty(app, "ordering")
    response = party.userinfo(ordering.post("/token", {"grant_type": "client_credentials"}).json["access_token"])
    assert response.status_code == 403
    assert 'error="insufficient_scope"' in challenge(response)
    assert 'scope="openid"' in challenge(response)


def test_rfc8707_2_a_token_for_another_resource_alone_opens_nothing_here(app, units: Units, signed_in: Browser) -> None:
    api = "https://phones.example/api"
    with units.write() as work:
        resources.create(work, api)
        browsing.registered(work, "backend", resources=[api])
    party = RelyingParty(app, "backend")
    both = party.tokens(signed_in)["access_token"]
    alone = party.redeem(party.code(signed_in), resource=api).json["access_token"]
    assert (party.userinfo(both).status_code, party.userinfo(alone).status_code) == (200, 401)


def test_userinfo_is_refused_as_soon_as_the_account_is_deactivated(party: RelyingParty, token: str, units: Units, account: Account) -> None:
    with units.write(SYSTEM) as work:
        accounts.deactivate(work, account.customer_id, account.id)
    assert party.userinfo(token).status_code == 401


def test_userinfo_keeps_the_session_alive(party: RelyingParty, signed_in: Browser, units: Units, account: Account, clock) -> None:
    token = party.tokens(signed_in)["access_token"]
    clock.advance(minutes=4)
    assert party.userinfo(token).status_code == 200
    clock.advance(minutes=28)
    with units.read() as work:
        assert sessions.live_of(work, account.id), "32 minutes after the sign-in, 28 after UserInfo"


def test_the_contracts_are_those_that_the_account_may_use(party: RelyingParty, signed_in: Browser, units: Units, account: Account) -> None:
    with units.write(SYSTEM) as work:
        accounts.set_grants(work, account, ("CP-4712",))
    token = party.tokens(signed_in, scope="openid contracts")["access_token"]
    response = party.client.get("/api/v1/me/contracts", headers={"Authorization": f"Bearer {token}"})
    assert response.json == {"contracts": OWN_CONTRACTS[1:2]}


def test_the_contracts_need_their_scope(party: RelyingParty, signed_in: Browser) -> None:
    token = party.tokens(signed_in, scope="openid profile")["access_token"]
    response = party.client.get("/api/v1/me/contracts", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json["error"]) == (403, "insufficient_scope")


def test_the_contracts_need_a_token(party: RelyingParty) -> None:
    response = party.client.get("/api/v1/me/contracts")
    assert (response.status_code, "error" in challenge(response)) == (401, False)
