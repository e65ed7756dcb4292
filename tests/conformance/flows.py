"""The flow that the certification suite repeats with small changes, by raw requests."""

from typing import Any
from urllib.parse import urlsplit

from idp.directory.accounts import Account
from tests.http.oidc.browsing import Browser, answered
from tests.http.oidc.relying import RelyingParty, claims_of

NO_PKCE = {"code_challenge": None, "code_challenge_method": None}


def asks_to_sign_in(response: Any) -> bool:
    """Tell whether the login page is next."""
    return response.status_code == 303 and urlsplit(response.location).path.startswith("/signin/")


def sign_in(browser: Browser, party: RelyingParty, account: Account, **asked: Any) -> dict[str, Any]:
    """Sign in at the login page, which has to come, and redeem the code."""
    response = browser.authorize(client_id=party.client_id, **(NO_PKCE | asked))
    assert asks_to_sign_in(response), response.location
    done = browser.get(browser.sign_in(response, account).location)
    return redeemed(party, answered(done)["code"], asked)


def without_asking(browser: Browser, party: RelyingParty, **asked: Any) -> dict[str, Any]:
    """Get the code at once, as somebody who is signed in does, and redeem it."""
    return redeemed(party, answered(browser.authorize(client_id=party.client_id, **(NO_PKCE | asked)))["code"], asked)


def redeemed(party: RelyingParty, code: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Exchange a code; with its verifier where a challenge was sent."""
    response = party.redeem(code) if "code_challenge" in asked else party.redeem(code, code_verifier=None)
    assert response.status_code == 200, response.text
    return {**response.json, "claims": claims_of(response.json["id_token"])} if "id_token" in response.json else dict(response.json)
