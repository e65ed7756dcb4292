"""The flow that the certification suite repeats with small changes, by raw requests."""

from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from idp.directory.accounts import Account
from tests.http.oidc.browsing import REDIRECT_URI, Browser, answered
from tests.http.oidc.relying import RelyingParty, claims_of
from tests.visitor import forms_of

NO_PKCE = {"code_challenge": None, "code_challenge_method": None}


class Flow:
    """One app, one person in one browser, one way in which answers travel."""

    def __init__(self, party: RelyingParty, visitor: Browser, account: Account, mode: str | None = None) -> None:
        self.party = party
        self.visitor = visitor
        self.account = account
        self.mode = mode

    def ask(self, **asked: Any) -> TestResponse:
        """Send an authorization request; PKCE only where it is asked for."""
        return self.visitor.authorize(client_id=self.party.client_id, **({"response_mode": self.mode} | NO_PKCE | asked))

    def answer(self, response: TestResponse) -> dict[str, str]:
        """Read what comes back to the app: in the query, or in a form that leads to the redirect URI."""
        if self.mode != "form_post":
            return answered(response)
        (form,) = forms_of(response.text, "http://localhost/authorize")
        assert (response.status_code, form.action) == (200, REDIRECT_URI)
        return form.fields

    def signed_in(self, response: TestResponse) -> dict[str, str]:
        """Sign in at the login page, which has to come; gives the answer."""
        assert asks_to_sign_in(response), response.location
        return self.answer(self.visitor.get(self.visitor.sign_in(response, self.account).location))

    def sign_in(self, **asked: Any) -> dict[str, Any]:
        """Sign in and redeem the code."""
        return self.redeemed(self.signed_in(self.ask(**asked))["code"], asked)

    def without_asking(self, **asked: Any) -> dict[str, Any]:
        """Get the code at once, as somebody who is signed in does, and redeem it."""
        return self.redeemed(self.answer(self.ask(**asked))["code"], asked)

    def redeemed(self, code: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Exchange a code; with its verifier where a challenge was sent."""
        response = self.party.redeem(code) if "code_challenge" in asked else self.party.redeem(code, code_verifier=None)
        assert response.status_code == 200, response.text
        return dict(response.json) | {"claims": claims_of(response.json["id_token"])}


def asks_to_sign_in(response: TestResponse) -> bool:
    """Tell whether the login page is next."""
    return response.status_code == 303 and urlsplit(response.location).path.startswith("/signin/")
