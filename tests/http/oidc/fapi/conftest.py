"""An app that keeps to FAPI 2.0: private_key_jwt, DPoP, pushed requests, PKCE."""

from typing import Any
from urllib.parse import urlencode

import flask
import pytest
from werkzeug.test import TestResponse

from idp.oidc.clients import clients
from tests.http.oidc.browsing import REDIRECT_URI, Browser, answered, asking
from tests.http.oidc.dpop.proofs import KeyHolder, Prover, Signer

SCOPE = "openid profile contracts offline_access"


class FapiApp(KeyHolder):
    """Pushes its requests."""

    def push(self, **asked: Any) -> TestResponse:
        """Push a request."""
        return self.post("/par", asking(**({"client_id": self.client_id} | asked)))

    def opened(self, browser: Browser, **asked: Any) -> TestResponse:
        """Push a request and open it."""
        pushed = self.push(**asked)
        assert pushed.status_code == 201, pushed.text
        return browser.get("/authorize?" + urlencode({"client_id": self.client_id, "request_uri": pushed.json["request_uri"]}))

    def code(self, browser: Browser, **asked: Any) -> str:
        """Let a signed-in browser fetch a code."""
        return answered(self.opened(browser, **asked))["code"]


def fapi_app(app: flask.Flask, client_id: str = "fapi", *, signer: Signer | None = None, **metadata: Any) -> FapiApp:
    """Register an app under the profile."""
    signer = signer or Signer(app, client_id)
    known = {"redirect_uris": [REDIRECT_URI], "grant_types": ["authorization_code", "refresh_token"], "scope": SCOPE, "jwks": signer.jwks}
    with app.extensions["idp.units"].write() as work:
        clients.register(work, known | metadata, client_id=client_id, first_party=True, profile="fapi2")
    return FapiApp(app, client_id, signer=signer)


@pytest.fixture
def party(app: flask.Flask) -> FapiApp:
    """The app."""
    return fapi_app(app)


@pytest.fixture
def prover(app: flask.Flask) -> Prover:
    """A key that belongs to nobody."""
    return Prover(app)
