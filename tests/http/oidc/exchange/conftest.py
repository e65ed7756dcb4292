"""A portal whose token is exchanged for its backends: the telephone system (`pbx`), and behind that the call log (`calls`)."""

import json
from typing import Any

import flask
import pytest
from werkzeug.test import TestResponse

from idp.oidc.clients import clients as registered
from idp.oidc.clients import resources
from idp.oidc.clients.metadata import TOKEN_EXCHANGE
from idp.oidc.tokens.exchange import ACCESS_TOKEN
from idp.unit_of_work import Units
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.dpop.proofs import KeyHolder

PBX, CALLS, ELSEWHERE = "https://pbx.example/api", "https://calls.example/api", "https://elsewhere.example/api"
PORTAL_SCOPES = "openid profile roles contracts offline_access pbx:use"


class Exchanger(KeyHolder):
    """A client that exchanges tokens; it proves its `key` only when asked to."""

    def __init__(self, app: flask.Flask, client_id: str) -> None:
        super().__init__(app, client_id)
        self.key, self.prover = self.prover, None  # type: ignore[assignment]

    def exchange(self, token: Any, **changes: Any) -> TestResponse:
        """Exchange a token; None leaves a parameter out, `prover` proves a key."""
        prover = changes.pop("prover", None)
        known = {"grant_type": TOKEN_EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
        form = {name: value for name, value in (known | changes).items() if value is not None}
        return self.post("/token", form, prover=prover)

    def exchanged(self, token: str, **changes: Any) -> str:
        """Exchange a token and give the new one."""
        response = self.exchange(token, **changes)
        assert response.status_code == 200, response.text
        return str(response.json["access_token"])

    def error(self, token: Any, **changes: Any) -> str:
        """Exchange in vain, and give the error's name."""
        response = self.exchange(token, **changes)
        assert response.status_code == 400, response.text
        return str(response.json["error"])


def phones(*contracts: str) -> str:
    """Authorization details for these contracts."""
    return json.dumps([{"type": "cloud_phone", "contract": contract} for contract in contracts])


@pytest.fixture
def clients(units: Units) -> None:
    """The portal with its backends, and a client that has nothing to do with them."""
    known = {
        "grant_types": ["client_credentials", TOKEN_EXCHANGE],
        "redirect_uris": [],
        "require_pkce": None,
        "authorization_details_types": ["cloud_phone"],
    }
    with units.write() as work:
        for client_id in ("pbx", "calls"):
            browsing.registered(work, client_id, **(known | {"scope": "profile roles"}))
        resources.create(work, PBX, scopes=("pbx:use",), introspection_client_id="pbx")
        resources.create(work, CALLS, scopes=("calls:use",), introspection_client_id="calls")
        resources.create(work, ELSEWHERE)
        registered.change(work, "pbx", {"scope": "profile roles pbx:use calls:use", "resources": [CALLS]})
        registered.change(work, "calls", {"scope": "calls:use"})
        browsing.registered(work, "stranger", **(known | {"scope": "openid profile"}))
        of_person = ["authorization_code", "refresh_token", TOKEN_EXCHANGE]
        metadata = {"grant_types": of_person, "scope": PORTAL_SCOPES, "resources": [PBX], "authorization_details_types": ["cloud_phone"]}
        browsing.registered(work, "portal", **metadata)
        browsing.registered(work, "third", first_party=False, **metadata)


@pytest.fixture
def portal(app: flask.Flask, clients: None) -> Exchanger:
    """The portal."""
    return Exchanger(app, "portal")


@pytest.fixture
def pbx(app: flask.Flask, clients: None) -> Exchanger:
    """The telephone system behind the portal."""
    return Exchanger(app, "pbx")


@pytest.fixture
def calls(app: flask.Flask, clients: None) -> Exchanger:
    """The call log behind the telephone system."""
    return Exchanger(app, "calls")


@pytest.fixture
def stranger(app: flask.Flask, clients: None) -> Exchanger:
    """A client that exchanges tokens, of others."""
    return Exchanger(app, "stranger")


@pytest.fixture
def token(portal: Exchanger, signed_in: Browser) -> str:
    """The portal's access token."""
    return str(portal.tokens(signed_in, scope="openid profile roles contracts")["access_token"])
