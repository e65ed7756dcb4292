"""A person with a browser without script, at running servers: follows redirects, fills in the forms that are shown."""

from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from idp.directory.accounts import Account
from tests.conformance.provider import Provider
from tests.visitor import PASSWORD, PageForm, forms_of

REDIRECTS = {301, 302, 303, 307, 308}
NOWHERE = ".example"
"""Hosts that do not exist: what leads there is read, not opened."""


class Person:
    """One browser with its own cookies; `page` is what it shows, `address` where, `steps` how it came there."""

    page: requests.Response
    address: str

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.browser = requests.Session()
        self.browser.trust_env = False
        self.browser.headers["Accept-Language"] = "de"
        self.steps: list[str] = []

    def open(self, address: str) -> str:
        """Open an address; gives where it has led."""
        return self._go("GET", address)

    def send(self, having: str, **fields: str) -> str:
        """Fill in the page's form that has a field, or whose address ends so, and send it."""
        form = self.form(having)
        return self._go("POST", form.action, form.fields | fields)

    def form(self, having: str) -> PageForm:
        """Find a form of the page."""
        for found in forms_of(self.page.text, self.address):
            if having in found.fields or urlsplit(found.action).path.endswith(having):
                return found
        raise AssertionError(f"no form with {having} at {self.address}: {self.page.text[:2000]}")

    def sign_in(self, account: Account) -> str:
        """Go through the login page that is shown by password and, where one is asked, PIN; gives where it has led."""
        after = self.provider.newest(str(account.mobile), "sms") if account.mobile else 0
        self.send("password", username=account.username, password=PASSWORD)
        if account.mobile:
            self.send("pin", pin=str(self.provider.message(str(account.mobile), "sms", after).pin))
        return self.address

    def signed_in(self, address: str, account: Account) -> str:
        """Open an address that asks for a sign-in; gives where it has led at last."""
        self.open(address)
        return self.sign_in(account)

    def _go(self, method: str, address: str, fields: dict[str, str] | None = None) -> str:
        self.steps = []
        for _ in range(12):
            self.steps.append(address)
            self.address = address
            if str(urlsplit(address).hostname).endswith(NOWHERE):
                return address
            self.page = self.browser.request(method, address, data=fields, allow_redirects=False, timeout=20)
            if self.page.status_code not in REDIRECTS:
                return address
            method, address, fields = "GET", urljoin(address, self.page.headers["Location"]), None
        raise AssertionError(f"round and round: {self.steps}")


def parameters_of(address: str) -> dict[str, str]:
    """Read an answer's parameters."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
