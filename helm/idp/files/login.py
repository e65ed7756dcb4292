"""A whole login with PIN against a release of profile demo: new password by mail link, PIN from the demo phone, sign-in with both.

Usage: login.py ADDRESS ISSUER USERNAME. Only Python's own library; ends with 0 and one line, or with the step that failed.
"""

import html
import re
import secrets
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlencode, urljoin, urlsplit

PATIENCE = 30.0
Page = tuple[int, str, str]


class Browser:
    """Keeps cookies itself: the service is asked by plain http inside the cluster, in the name of the public address."""

    def __init__(self, address: str, issuer: str) -> None:
        self.service, self.issuer = urlsplit(address), issuer.rstrip("/")
        self.cookies: dict[str, str] = {}
        self.network = "127.0.0.1"

    def open(self, url: str, fields: dict[str, str] | None = None) -> Page:
        """Open a page of the provider and follow its redirects; gives status, address, text."""
        for _ in range(10):
            status, location, text = self.exchange(url, fields)
            if status not in (301, 302, 303, 307, 308):
                return status, url, text
            url, fields = urljoin(url, location), None
            if not url.startswith(self.issuer):
                return status, url, text
        raise SystemExit(f"redirects without end at {urlsplit(url).path}")

    def exchange(self, url: str, fields: dict[str, str] | None) -> Page:
        """Send one request; gives status, place of a redirect, text."""
        parts = urlsplit(url)
        host = urlsplit(self.issuer)
        headers = {
            "Host": host.netloc,
            "X-Forwarded-For": self.network,
            "X-Forwarded-Proto": host.scheme,
            "X-Forwarded-Host": host.netloc,
            "Accept-Language": "en",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        body = None
        if fields is not None:
            body = urlencode(fields)
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.issuer, "Referer": url}
        connection = HTTPConnection(self.service.hostname or "", self.service.port or 80, timeout=20)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET" if fields is None else "POST", target, body, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value.strip()
        text = answer.read().decode(errors="replace")
        connection.close()
        return answer.status, answer.headers.get("Location", ""), text

    def fill(self, page: Page, step: str, **values: str) -> Page:
        """Send the page's form that has the named fields; its other fields stay as they are."""
        _, url, text = page
        for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
            inputs = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input\b[^>]*>", form)]
            named = {html.unescape(one["name"]): html.unescape(one.get("value", "")) for one in inputs if "name" in one}
            if set(values) <= set(named):
                action = re.search(r'<form\b[^>]*action="([^"]*)"', form)
                return self.open(urljoin(url, html.unescape(action.group(1)) if action else url), named | values)
        raise SystemExit(f"{step}: no form for {', '.join(values)} at {urlsplit(url).path}")


def wait_for(what: str, look):  # type: ignore[no-untyped-def]
    """Look until something is found."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.3)
    raise SystemExit(f"{what} did not come within {PATIENCE:.0f} s")


def mails(browser: Browser) -> list[str]:
    """List the addresses of the mails in the demo mailbox, newest first."""
    return re.findall(r'href="([^"]*/demo/mailbox/[^"/?]+)"', browser.open(f"{browser.issuer}/demo/mailbox")[2])


def pins(browser: Browser) -> list[str]:
    """List the PINs on the demo phone, newest first."""
    return re.findall(r'class="bubble">[^<]*?\b(\d{7})\b', browser.open(f"{browser.issuer}/demo/phone")[2])


def new_pin(browser: Browser, before: list[str]) -> str:
    """Wait for a PIN that was not there."""
    return wait_for("the SMS", lambda: next((pin for pin in pins(browser)[:1] if pin not in before[:1]), None))


def reset_link(browser: Browser, before: list[str]) -> str:
    """Wait for the mail with the link to a new password."""

    def look() -> str | None:
        for mail in mails(browser):
            if mail in before:
                return None
            found = re.search(r"""(/password/reset/[^"'\s<]+)""", browser.open(urljoin(browser.issuer, mail))[2])
            if found:
                return html.unescape(found.group(1))
        return None

    return wait_for("the mail", look)


def main(address: str, issuer: str, username: str) -> None:
    """Walk through it."""
    browser = Browser(address, issuer)
    password = f"Probe {secrets.token_urlsafe(18)}"
    known_mails, known_pins = mails(browser), pins(browser)
    page = browser.open(f"{browser.issuer}/password/forgot")
    browser.fill(page, "forgotten password", username=username)
    page = browser.open(browser.issuer + reset_link(browser, known_mails))
    page = browser.fill(page, "new password", new_password=password, new_password_repeat=password)
    browser.fill(page, "PIN of the new password", pin=new_pin(browser, known_pins))
    known_pins = pins(browser)
    page = browser.open(f"{browser.issuer}/signin")
    page = browser.fill(page, "login", username=username, password=password)
    status, url, _ = browser.fill(page, "PIN of the login", pin=new_pin(browser, known_pins))
    if status >= 400 or "/signin/" in url or not any(name.endswith("idp_session") for name in browser.cookies):
        raise SystemExit(f"the login ended with {status} at {urlsplit(url).path}")
    sys.stdout.write(f"{username} signed in with password and PIN\n")


if __name__ == "__main__":
    main(*sys.argv[1:4])
