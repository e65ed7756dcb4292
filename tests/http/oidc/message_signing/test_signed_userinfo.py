"""UserInfo as a signed token (Core §5.3.2)."""

import pytest

from idp.directory.accounts import Account
from idp.oidc.clients import clients
from idp.oidc.keys.jose import Algorithm
from tests.http.oidc.browsing import Browser, answered
from tests.http.oidc.relying import RelyingParty
from tests.http.oidc.signing import proven


@pytest.fixture
def token(party: RelyingParty, signed_in: Browser, unit) -> str:
    """An access token of the app, which wants UserInfo signed."""
    with unit() as work:
        clients.change(work, "app", {"userinfo_signed_response_alg": "RS256"})
    return party.tokens(signed_in, scope="openid email")["access_token"]


def test_core_5_3_2_the_answer_is_a_token_with_iss_and_aud(party: RelyingParty, token: str, account: Account) -> None:
    """The suite's oidcc-userinfo-rs256."""
    response = party.userinfo(token)
    said = proven(party.client, response.text)
    assert response.headers["Content-Type"] == "application/jwt"
    assert response.headers["Cache-Control"] == "no-store"
    assert (said.header["alg"], said.header["typ"]) == ("RS256", "JWT")
    assert (said.claims["iss"], said.claims["aud"], said.claims["sub"]) == ("http://localhost", "app", account.sub)
    assert said.claims["email"] == account.email


def test_core_5_3_2_it_says_what_the_plain_answer_says(party: RelyingParty, token: str, unit) -> None:
    said = proven(party.client, party.userinfo(token).text).claims
    with unit() as work:
        clients.change(work, "app", {"userinfo_signed_response_alg": None})
    plain = party.userinfo(token)
    assert plain.mimetype == "application/json"
    assert said == plain.json | {"iss": "http://localhost", "aud": "app"}


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_core_5_3_2_it_is_signed_as_the_client_registered(party: RelyingParty, token: str, unit, algorithm: Algorithm) -> None:
    with unit() as work:
        clients.change(work, "app", {"userinfo_signed_response_alg": algorithm.value})
    assert proven(party.client, party.userinfo(token).text).header["alg"] == algorithm.value


def test_core_5_3_1_by_post_it_is_signed_too(party: RelyingParty, token: str) -> None:
    response = party.client.post("/userinfo", data={"access_token": token})
    assert proven(party.client, response.text).claims["aud"] == "app"


def test_core_5_3_3_refusals_are_not_signed(party: RelyingParty, token: str) -> None:
    response = party.userinfo("nothing")
    assert (response.status_code, response.json["error"]) == (401, "invalid_token")


def test_core_3_1_2_1_it_is_no_id_token_hint(party: RelyingParty, token: str, signed_in: Browser) -> None:
    assert answered(signed_in.authorize(id_token_hint=party.userinfo(token).text))["error"] == "invalid_request"


def test_core_3_discovery_names_the_algorithms(party: RelyingParty) -> None:
    metadata = party.client.get("/.well-known/openid-configuration").json
    assert {"RS256", "ES256"} <= set(metadata["userinfo_signing_alg_values_supported"])
