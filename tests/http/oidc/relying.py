"""An app that takes codes and tokens: what tests of the token endpoint and of all behind it share."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import flask
from werkzeug.test import TestResponse

from idp.oidc.clients import clients
from idp.oidc.clients.clients import Registered
from idp.unit_of_work import UnitOfWork
from tests.http.oidc.browsing import REDIRECT_URI, VERIFIER, Browser, answered, basic

ALL_SCOPES = "openid profile email phone roles contracts"


class RelyingParty:
    """An app at the provider's machine endpoints; `auth` is what it authenticates with."""

    def __init__(self, app: flask.Flask, client_id: str = "app") -> None:
        self.units = app.extensions["idp.units"]
        self.client = app.test_client()
        self.client_id = client_id
        self.auth: tuple[str, str] | None = basic(client_id)

    def post(self, path: str, data: Any, **options: Any) -> TestResponse:
        """Send a form with the app's credentials."""
        return self.client.post(path, data=data, **({"auth": self.auth} | options))

    def code(self, browser: Browser, **asked: Any) -> str:
        """Let a signed-in browser fetch a code."""
        return answered(browser.authorize(client_id=self.client_id, **asked))["code"]

    def redeem(self, code: str, **changes: Any) -> TestResponse:
        """Exchange a code."""
        known = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
        options = {"auth": changes.pop("auth")} if "auth" in changes else {}
        return self.post("/token", {name: value for name, value in (known | changes).items() if value is not None}, **options)

    def refresh(self, token: str, **changes: Any) -> TestResponse:
        """Exchange a refresh token."""
        options = {"auth": changes.pop("auth")} if "auth" in changes else {}
        return self.post("/token", {"grant_type": "refresh_token", "refresh_token": token} | changes, **options)

    def tokens(self, browser: Browser, **asked: Any) -> dict[str, Any]:
        """Sign in as far as the tokens."""
        response = self.redeem(self.code(browser, **asked))
        assert response.status_code == 200, response.text
        return dict(response.json)

    def userinfo(self, token: str, **options: Any) -> TestResponse:
        """Ask who it is."""
        return self.client.get("/userinfo", headers={"Authorization": f"Bearer {token}"}, **options)

    def introspect(self, token: str, **options: Any) -> dict[str, Any]:
        """Ask what a token is."""
        response = self.post("/introspect", {"token": token}, **options)
        assert response.status_code == 200, response.text
        return dict(response.json)

    def is_active(self, token: str) -> bool:
        """Ask whether a token counts."""
        return bool(self.introspect(token)["active"])


def claims_of(token: str) -> dict[str, Any]:
    """Read what a token says; its signature is another test's subject."""
    return dict(json.loads(_decoded(token.split(".")[1])))


def header_of(token: str) -> dict[str, Any]:
    """Read a token's header."""
    return dict(json.loads(_decoded(token.split(".", maxsplit=1)[0])))


def _decoded(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def machine(work: UnitOfWork, client_id: str = "ordering", **metadata: Any) -> Registered:
    """Register a client that asks in its own right."""
    known = {"grant_types": ["client_credentials"], "scope": "provisioning"}
    return clients.register(work, known | metadata, client_id=client_id, secret=basic(client_id)[1])
