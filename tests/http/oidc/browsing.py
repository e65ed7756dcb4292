"""A person with a browser, and an app that sends it: what tests of the authorization endpoint share."""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp import crypto
from idp.authn import passwords, pins, sessions
from idp.authn.levels import ACR_PASSWORD, AMR_OF
from idp.authn.sessions import Session
from idp.authn.tables import PinChallenge
from idp.directory.accounts import Account
from idp.oidc.clients import clients
from idp.oidc.clients.clients import Registered
from idp.unit_of_work import SYSTEM, UnitOfWork, Units
from tests import builders

PASSWORD = "Sommerregen auf dem Balkon 7"
VERIFIER = "a-verifier-of-at-least-43-characters-for-pkce-1"
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
REDIRECT_URI = "https://app.example/callback"
ISSUER = "http://localhost"


def registered(work: UnitOfWork, client_id: str = "app", **metadata: Any) -> Registered:
    """Register a first-party app with one redirect URI, unless told otherwise."""
    first_party = metadata.pop("first_party", True)
    known = {
        "client_name": "Sample App",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile email phone roles contracts offline_access",
        "require_pkce": True,
    }
    public = metadata.get("token_endpoint_auth_method") == "none"
    secret = None if public else secret_of(client_id)
    return clients.register(work, known | metadata, client_id=client_id, secret=secret, first_party=first_party)


def basic(client_id: str = "app") -> tuple[str, str]:
    """The credentials that `registered` gave."""
    return client_id, secret_of(client_id)


def secret_of(client_id: str) -> str:
    """The secret that `registered` gave."""
    return f"the secret of the client {client_id}"


def asking(**changes: Any) -> dict[str, Any]:
    """The parameters of a plain request; None leaves one out."""
    known = {
        "client_id": "app",
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
        "scope": "openid",
        "state": "a state",
        "nonce": "a nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (known | changes).items() if value is not None}


def answered(response: TestResponse, redirect_uri: str = REDIRECT_URI) -> dict[str, str]:
    """The parameters of an answer by redirect to the app."""
    assert response.status_code == 303, response.text[:500]
    assert response.location.startswith(redirect_uri), response.location
    query = parse_qs(urlsplit(response.location).query, strict_parsing=True)
    assert all(len(values) == 1 for values in query.values())
    return {name: values[0] for name, values in query.items()}


def csrf_token(page: TestResponse) -> str:
    """The token in a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found[1]


class Browser:
    """One browser, with its own cookies, on the provider's host."""

    def __init__(self, app: flask.Flask) -> None:
        self.units: Units = app.extensions["idp.units"]
        self.client: FlaskClient = app.test_client()

    def get(self, address: str, **options: Any) -> TestResponse:
        """Open an address, without following redirects."""
        return self.client.get(address, base_url=ISSUER, **options)

    def post(self, address: str, data: Any = None, **options: Any) -> TestResponse:
        """Send a form."""
        return self.client.post(address, data=data, base_url=ISSUER, **options)

    def authorize(self, **changes: Any) -> TestResponse:
        """Open the authorization endpoint as an app sends it."""
        return self.get("/authorize?" + urlencode(asking(**changes), doseq=True))

    def with_session(self, account: Account, *, acr: str = ACR_PASSWORD) -> Session:
        """Be signed in already, at a level."""
        self.get("/authorize")  # any page makes the browser known
        known = self.client.get_cookie("idp_browser")
        assert known
        with self.units.write(SYSTEM) as work:
            session, token = sessions.start(
                work,
                account,
                acr=acr,
                amr=AMR_OF[acr],
                browser=crypto.hash_token(known.value),
                signin_id=None,
                device_label="Test",
                replaces=None,
            )
        self.client.set_cookie("idp_session", token)
        return session

    def sign_in(self, response: TestResponse, account: Account) -> TestResponse:
        """Go through the sign-in to which the provider has led, by password and, where one is asked, PIN; gives the redirect at its end."""
        assert response.status_code == 303, response.text[:500]
        address = urlsplit(response.location).path
        assert "/signin/" in address, response.location
        page = self.get(address)
        if 'name="password"' in page.text:
            typed = {"csrf_token": csrf_token(page), "username": account.username, "password": PASSWORD}
            response = self.post(f"{address}/password", typed)
        else:
            response = self.post(f"{address}/pin/send", {"csrf_token": csrf_token(page)})
        if response.location and urlsplit(response.location).path == address:
            page = self.get(address)
            pin = self._pin(address.rpartition("/")[2])
            response = self.post(f"{address}/pin", {"csrf_token": csrf_token(page), "pin": pin})
        assert response.status_code == 303, response.text[:2000]
        return response

    def _pin(self, round_id: str) -> str:
        with self.units.read() as work:
            query = select(PinChallenge.id).where(PinChallenge.round_id == round_id).order_by(PinChallenge.created_at.desc())
            challenge = work.db.execute(query).scalars().first()
            assert challenge
            return pins.derive(work.secrets, challenge)


def with_password(units: Units, make: Callable[[UnitOfWork], Account]) -> Account:
    """Make an account and give it the tests' password."""
    hashed = passwords.hasher(units.settings).hash(PASSWORD)
    with units.write(SYSTEM) as work:
        account = make(work)
        passwords.set_hash(work, account.id, hashed)
    return account


def phone_admin(work: UnitOfWork) -> Account:
    """An active phone administrator of the first customer, without a mobile number."""
    return builders.active_account(work)
