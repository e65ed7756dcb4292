"""A person with a browser without JavaScript: opens pages, fills in their forms, reads mails and the phone."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import flask
from markupsafe import Markup
from werkzeug.test import TestResponse

from idp import crypto
from idp.app import worker_of
from idp.authn import passwords, sessions
from idp.authn.levels import ACR_MFA, AMR_OF
from idp.directory.accounts import Account
from idp.identifiers import new_token
from idp.messaging import demo
from idp.unit_of_work import SYSTEM, Units

ISSUER = "http://localhost"
PASSWORD = "grüne Laterne am alten Hafen 47"
OTHER_PASSWORD = "Sommerregen auf dem Balkon 7"
NETWORK = "192.0.2.1"


@dataclass
class PageForm:
    """A form of a page, with what a browser would send of it: several ticked boxes of one name are a list."""

    action: str
    fields: dict[str, Any] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.found: list[PageForm] = []
        self.open = False
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = str(given.get("name")), given.get("value") or ""
        if tag == "form":
            self.open = True
            self.found.append(PageForm(urljoin(self.address, given.get("action") or "")))
        elif not self.open:
            return
        elif tag == "input" and given.get("name") and given.get("type") not in ("checkbox", "radio"):
            self.found[-1].fields[name] = value
        elif tag == "input" and "checked" in given:
            self._tick(name, value)
        elif tag in ("select", "textarea"):
            self.inside = name
            self.found[-1].fields |= {name: ""} if tag == "textarea" else {}
        elif tag == "option" and ("selected" in given or self.inside not in self.found[-1].fields):
            self.found[-1].fields[self.inside] = value

    def handle_data(self, data: str) -> None:
        if self.inside and self.inside in self.found[-1].fields and self.lasttag == "textarea":
            self.found[-1].fields[self.inside] = data.removeprefix("\r\n").removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = False
        if tag in ("select", "textarea"):
            self.inside = ""

    def _tick(self, name: str, value: str) -> None:
        known = self.found[-1].fields.get(name)
        self.found[-1].fields[name] = value if known is None else [*(known if isinstance(known, list) else [known]), value]


def forms_of(page: str, address: str) -> list[PageForm]:
    """Read the forms of a page."""
    reader = _Forms(address)
    reader.feed(page)
    return reader.found


class Visitor:
    """One browser with its own cookies; `page` is what it shows, `address` where."""

    page: TestResponse
    address: str = "/"

    def __init__(self, app: flask.Flask, network: str = NETWORK, agent: str = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0") -> None:
        self.app = app
        self.units: Units = app.extensions["idp.units"]
        self.client = app.test_client()
        self.network = network
        self.agent = agent
        self.steps: list[str] = []

    def open(self, address: str) -> TestResponse:
        """Open an address and go where it leads."""
        return self._follow(self._ask("GET", address), address)

    def post(self, address: str, **fields: Any) -> TestResponse:
        """Send fields to an address, without following."""
        return self._ask("POST", address, fields)

    def form(self, having: str) -> PageForm:
        """Find the form of the page with a field, or whose address ends so."""
        for found in forms_of(self.page.text, self.address):
            if having in found.fields or urlsplit(found.action).path.endswith(having):
                return found
        raise AssertionError(f"no form with {having}: {self.page.text[:3000]}")

    def send(self, having: str, **fields: Any) -> TestResponse:
        """Fill in a form of the page, send it and go where it leads."""
        form = self.form(having)
        return self._follow(self._ask("POST", form.action, form.fields | fields), form.action)

    def sign_in(self, username: str, password: str = PASSWORD) -> TestResponse:
        """Fill in the login page that is shown, or the one of a new sign-in."""
        if not hasattr(self, "page") or 'name="password"' not in self.page.text:
            self.open("/signin")
        return self.send("password", username=username, password=password)

    @property
    def session(self) -> str | None:
        """The token of the session's cookie."""
        cookie = self.client.get_cookie("idp_session")
        return cookie.value if cookie else None

    @property
    def heading(self) -> str:
        """The heading of the page."""
        return str(Markup(self.page.text.split("<h1>")[1].split("</h1>")[0]).striptags())

    def _ask(self, method: str, address: str, fields: dict[str, Any] | None = None) -> TestResponse:
        headers = {"User-Agent": self.agent, "Accept-Language": "de"}
        return self.client.open(
            address, method=method, data=fields, base_url=ISSUER, headers=headers, environ_base={"REMOTE_ADDR": self.network}
        )

    def _follow(self, response: TestResponse, address: str) -> TestResponse:
        self.steps = [address]
        while response.status_code in (302, 303):
            address = urljoin(address, response.location)
            self.steps.append(address)
            assert len(self.steps) < 20, self.steps[-4:]
            if urlsplit(address).netloc not in ("", "localhost"):
                break
            response = self._ask("GET", address)
        self.page, self.address = response, address
        return response


def signed_in_browser(app: flask.Flask, account: Account, *, acr: str = ACR_MFA, **options: str) -> Visitor:
    """Give a browser in which an account has a session already, at a level."""
    visitor, browser = Visitor(app, **options), new_token()
    with visitor.units.write(SYSTEM) as work:
        _, token = sessions.start(
            work,
            account,
            acr=acr,
            amr=AMR_OF[acr],
            browser=crypto.hash_token(browser),
            signin_id=None,
            device_label="Test",
            replaces=None,
        )
    visitor.client.set_cookie("idp_browser", browser)
    visitor.client.set_cookie("idp_session", token)
    return visitor


def deliver(app: flask.Flask) -> None:
    """Let the worker send all that is due."""
    worker_of(app).drain()


def pins_of(app: flask.Flask, number: str) -> list[str]:
    """Read the PINs on a phone, the oldest first."""
    return [str(message.pin) for message in _messages(app, number)]


def mails_of(app: flask.Flask, address: str) -> list[Any]:
    """Read the mails of an address, the oldest first."""
    return _messages(app, address)


def _messages(app: flask.Flask, to: str) -> list[Any]:
    deliver(app)
    units: Units = app.extensions["idp.units"]
    with units.read() as work:
        return sorted(demo.messages(work, to), key=lambda message: message.id)


def wrong(pin: str) -> str:
    """Give a PIN that is another."""
    return f"{(int(pin) + 1) % 10**7:07d}"


def give_password(units: Units, account: Account, password: str = PASSWORD) -> Account:
    """Let an account have a password."""
    hashed = passwords.hasher(units.settings).hash(password)
    with units.write(SYSTEM) as work:
        passwords.set_hash(work, account.id, hashed)
    return account
