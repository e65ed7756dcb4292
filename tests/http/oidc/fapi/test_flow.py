"""The FAPI 2.0 Security Profile as its users go through it: one whole flow in each of its variants, by raw requests."""

from typing import Any
from urllib.parse import urlencode

import flask

from idp.directory.accounts import Account
from tests.http.oidc.browsing import CHALLENGE, REDIRECT_URI, VERIFIER, Browser, answered
from tests.http.oidc.dpop.proofs import Prover, Signer
from tests.http.oidc.fapi.conftest import fapi_app
from tests.http.oidc.relying import claims_of, header_of


class Caller:
    """Sends requests as a client library does: it learns its nonces from the provider."""

    def __init__(self, app: flask.Flask, signer: Signer) -> None:
        self.client = app.test_client()
        self.configuration = self.client.get("/.well-known/openid-configuration").json
        self.signer = signer
        self.prover = Prover(app)
        self.nonce: str | None = None

    def post(self, endpoint: str, form: dict[str, str]) -> dict[str, Any]:
        """Send an authenticated form with a proof; once more when a nonce is asked for."""
        address = self.configuration[endpoint]
        for _ in range(2):
            headers = {"DPoP": self.prover.proof("POST", address, nonce=self.nonce)}
            response = self.client.post(address, data=form | self.signer.assertion(), headers=headers)
            self.nonce = response.headers["DPoP-Nonce"]
            if response.json.get("error") != "use_dpop_nonce":
                break
        assert response.status_code in (200, 201), response.text
        return dict(response.json)

    def get(self, address: str, token: str) -> dict[str, Any]:
        """Ask a resource."""
        response = self.client.get(address, headers=self.prover.shows("GET", address, token, nonce=self.nonce))
        assert response.status_code == 200, response.text
        return dict(response.json)


def redeemed(caller: Caller, browser: Browser, **asked: str) -> dict[str, Any]:
    """Push, authorize, redeem."""
    known = {
        "client_id": "fapi",
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "state": "a state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    pushed = caller.post("pushed_authorization_request_endpoint", known | asked)
    assert 0 < pushed["expires_in"] < 600
    query = urlencode({"client_id": "fapi", "request_uri": pushed["request_uri"]})
    answer = answered(browser.get(f"{caller.configuration['authorization_endpoint']}?{query}"))
    assert (answer["state"], answer["iss"]) == ("a state", caller.configuration["issuer"])
    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    return caller.post("token_endpoint", form)


def test_fapi2_security_profile_openid_connect_from_push_to_refresh(app: flask.Flask, signed_in: Browser, account: Account) -> None:
    caller = Caller(app, fapi_app(app).signer)
    tokens = redeemed(caller, signed_in, scope="openid profile", nonce="n-0S6")
    assert tokens["token_type"] == "DPoP"
    assert header_of(tokens["id_token"])["alg"] == "ES256"
    assert (claims_of(tokens["id_token"])["nonce"], claims_of(tokens["id_token"])["aud"]) == ("n-0S6", "fapi")
    assert caller.get(caller.configuration["userinfo_endpoint"], tokens["access_token"])["sub"] == account.sub
    again = caller.post("token_endpoint", {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    assert again["refresh_token"] == tokens["refresh_token"]
    assert caller.get(caller.configuration["userinfo_endpoint"], again["access_token"])["name"] == "Tanja Testerin"


def test_fapi2_security_profile_plain_oauth_from_push_to_refresh(app: flask.Flask, signed_in: Browser) -> None:
    caller = Caller(app, fapi_app(app).signer)
    tokens = redeemed(caller, signed_in, scope="contracts")
    assert "id_token" not in tokens
    contracts = caller.configuration["issuer"] + "/api/v1/me/contracts"
    held = caller.get(contracts, tokens["access_token"])["contracts"]
    assert held
    again = caller.post("token_endpoint", {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    assert caller.get(contracts, again["access_token"])["contracts"] == held


def test_fapi2_security_profile_5_3_2_1_a_client_in_its_own_right(app: flask.Flask) -> None:
    party = fapi_app(app, grant_types=["client_credentials"], redirect_uris=[], scope="provisioning")
    token = party.post("/token", {"grant_type": "client_credentials"}).json["access_token"]
    path = "/api/v1/customers/2300229"
    assert party.client.get(path, headers=party.prover.shows("GET", path, token)).status_code in (200, 404)
    assert party.client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code == 401
