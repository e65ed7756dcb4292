"""Signing in over https: the provider behind a proxy that ends TLS, as ops run it."""

import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import trustme
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import steps
from tests.browser.stack import Stack, new_firm
from tests.servers import ROOT, free_port, wait_until


@contextmanager
def tls_in_front_of(port: int, authority: trustme.CA) -> Iterator[int]:
    """End TLS on a port of its own and pass the bytes on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listening, context, port), daemon=True).start()
    with closing(listening):
        yield listening.getsockname()[1]


def _accept(listening: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            plain, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_pass_on, args=(plain, context, port), daemon=True).start()


def _pass_on(plain: socket.socket, context: ssl.SSLContext, port: int) -> None:
    try:
        with context.wrap_socket(plain, server_side=True) as near, socket.create_connection(("127.0.0.1", port)) as far:
            back = threading.Thread(target=_copy, args=(far, near), daemon=True)
            back.start()
            _copy(near, far)
            far.shutdown(socket.SHUT_WR)
            back.join()
    except OSError:
        plain.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while part := source.recv(65536):
            target.sendall(part)
    except OSError:
        return


@dataclass
class Served(Stack):
    """The provider alone, with an https issuer."""

    issuer: str = ""

    @property
    def idp(self) -> str:
        return self.issuer

    def start(self) -> None:
        with (self.data_dir / "stack.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "idp.cli", "serve", "--port", str(self.port)], cwd=ROOT, env=self.variables, stdout=log, stderr=log
            )
        wait_until(self._is_ready, seconds=120, process=self.process)

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=2).ok
        except requests.RequestException:
            return False


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """The provider behind TLS, and the file of the authority that vouches for it."""
    folder, authority, port = tmp_path_factory.mktemp("https"), trustme.CA(), free_port()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    with tls_in_front_of(port, authority) as tls_port:
        issuer = f"https://localhost:{tls_port}"
        environment = {"IDP_ISSUER": issuer, "IDP_MAIL_SENDER": "demo", "IDP_SMS_SENDER": "demo", "IDP_PORT": str(port)}
        served = Served(folder, environment, port, issuer=issuer)
        try:
            served.start()
            yield served, folder / "ca.pem"
        finally:
            served.stop()


@pytest.fixture
def browsing(another_browser) -> BrowserContext:
    """A browser that takes the test's certificate."""
    return another_browser(ignore_https_errors=True)


def provisioned(stack: Served, folder: Path):
    """A customer with its invitation mail."""
    firm = new_firm()
    document = folder / f"{firm.number}.json"
    document.write_text(json.dumps(firm.document))
    stack.command("customer", "provision", firm.number, str(document))
    return firm


def test_activation_sign_in_console_and_sign_out_work_over_https(secure, browsing: BrowserContext) -> None:
    stack, ca = secure
    firm = provisioned(stack, ca.parent)
    page: Page = browsing.new_page()
    link = stack.message(firm.email, "mail").link
    assert link
    assert link.startswith(stack.issuer)
    page.goto(link)
    steps.set_password(page)
    steps.enter_pin(page, stack, firm.mobile, 0)
    expect(page.get_by_text("Ihr Kennwort wurde festgelegt.")).to_be_visible()

    page.goto(f"{stack.issuer}/console/")
    steps.sign_in(page, stack, firm.username, steps.GOOD_PASSWORD, firm.mobile)
    steps.heading(page, "Benutzerkonten")
    cookies = {cookie["name"]: cookie for cookie in browsing.cookies()}
    assert set(cookies) == {"__Host-idp_session", "__Host-idp_browser", "__Host-idp_state"}
    for cookie in cookies.values():
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "Lax", "/")

    page.locator("header summary").click()
    page.get_by_role("button", name="Abmelden").click()
    steps.heading(page, "Sie sind abgemeldet")
    page.goto(f"{stack.issuer}/console/")
    steps.heading(page, "Anmeldung erforderlich")


def test_discovery_and_headers_speak_of_https(secure) -> None:
    stack, ca = secure
    answer = requests.get(f"{stack.issuer}/.well-known/openid-configuration", verify=str(ca), timeout=30)
    document = answer.json()
    assert document["issuer"] == stack.issuer
    assert {value.split("/")[2] for name, value in document.items() if name.endswith(("_endpoint", "_uri"))} == {stack.issuer[8:]}
    page = requests.get(f"{stack.issuer}/signin", verify=str(ca), timeout=30)
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
