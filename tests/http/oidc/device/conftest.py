"""The provider with one customer, the desk phone `phone` (public, first party), and people with browsers."""

import re
from collections.abc import Callable
from typing import Any

import flask
import pytest
from werkzeug.test import TestResponse

from idp.directory.accounts import Account
from idp.oidc.clients.metadata import DEVICE_CODE
from idp.unit_of_work import Units
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.browsing import ISSUER, Browser, csrf_token
from tests.http.oidc.relying import RelyingParty

PHONE_NETWORK = "198.51.100.7"
DEVICE: dict[str, Any] = {
    "client_name": "Tischtelefon",
    "redirect_uris": [],
    "grant_types": [DEVICE_CODE, "refresh_token"],
    "require_pkce": None,
    "token_endpoint_auth_method": "none",
    "authorization_details_types": ["cloud_phone"],
}


class Phone(RelyingParty):
    """A device of a client; `begun` is what it got when it began."""

    begun: dict[str, Any]

    def __init__(self, app: flask.Flask, client_id: str = "phone", *, public: bool = True) -> None:
        super().__init__(app, client_id)
        self.own = {"client_id": client_id} if public else {}
        if public:
            self.auth = None

    def ask(self, **asked: Any) -> TestResponse:
        """Ask for codes."""
        form = {"scope": "openid"} | self.own | asked
        return self.post("/device-authorization", form, environ_base={"REMOTE_ADDR": PHONE_NETWORK})

    def begin(self, **asked: Any) -> str:
        """Get codes; gives the one to be shown."""
        response = self.ask(**asked)
        assert response.status_code == 200, response.text
        self.begun = response.json
        return str(self.begun["user_code"])

    def poll(self, **changes: Any) -> TestResponse:
        """Ask whether the person has decided."""
        return self.post("/token", {"grant_type": DEVICE_CODE, "device_code": self.begun["device_code"]} | self.own | changes)

    def error(self) -> str:
        """Ask, and give the error's name."""
        response = self.poll()
        assert response.status_code == 400, response.text
        return str(response.json["error"])


class Person(Browser):
    """A person with a browser, at the pages for devices."""

    def __init__(self, app: flask.Flask, network: str = "192.0.2.1") -> None:
        super().__init__(app)
        self.network = network

    def twin(self) -> "Person":
        """Give the same browser once more, for another thread."""
        twin = Person(self.client.application, self.network)
        for name in ("idp_browser", "idp_session", "idp_state"):
            known = self.client.get_cookie(name)
            if known:
                twin.client.set_cookie(name, known.value)
        return twin

    def get(self, address: str, **options: Any) -> TestResponse:
        """Open an address."""
        return super().get(address, environ_base={"REMOTE_ADDR": self.network}, headers={"Accept-Language": "de"}, **options)

    def post(self, address: str, data: Any = None, **options: Any) -> TestResponse:
        """Send a form."""
        return super().post(address, data, environ_base={"REMOTE_ADDR": self.network}, headers={"Accept-Language": "de"}, **options)

    def enter(self, typed: str) -> TestResponse:
        """Type a code."""
        page = self.get("/device")
        return self.post("/device", {"csrf_token": csrf_token(page), "user_code": typed})

    def confirmation(self, typed: str) -> TestResponse:
        """Type a code and open the page to which it leads."""
        entered = self.enter(typed)
        assert entered.status_code == 303, entered.text[:2000]
        return self.get(entered.location.removeprefix(ISSUER))

    def decide(self, page: TestResponse, decision: str = "allow", **changes: str) -> TestResponse:
        """Press a button of the confirmation page."""
        account = re.search(r'name="account" value="([^"]+)"', page.text)
        form = {"csrf_token": csrf_token(page), "account": account[1] if account else "", "decision": decision}
        return self.post(page.request.path, form | changes)

    def connect(self, typed: str) -> None:
        """Say yes to the device that shows this code."""
        assert self.decide(self.confirmation(typed)).status_code == 303


@pytest.fixture
def account(units: Units) -> Account:
    """A phone administrator with a password."""
    return browsing.with_password(units, browsing.phone_admin)


@pytest.fixture
def register(units: Units) -> Callable[..., None]:
    """Register a further client: `register("other", first_party=False)`."""

    def register(client_id: str, **metadata: Any) -> None:
        with units.write() as work:
            browsing.registered(work, client_id, **(DEVICE | metadata))

    return register


@pytest.fixture
def phone(app: flask.Flask, register) -> Phone:
    """A desk phone."""
    register("phone")
    return Phone(app)


@pytest.fixture
def person(app: flask.Flask, account: Account) -> Person:
    """The phone administrator's browser, signed in."""
    person = Person(app)
    person.with_session(account)
    return person


@pytest.fixture
def stranger(app: flask.Flask) -> Person:
    """A browser in which nobody is signed in."""
    return Person(app)


@pytest.fixture
def another(app: flask.Flask, units: Units) -> Person:
    """The browser of another signed-in phone administrator."""
    with units.write() as work:
        other = builders.active_account(work)
    person = Person(app)
    person.with_session(other)
    return person
