"""Front-Channel Logout 1.0 in a real browser: the app's page loads in a frame, then the browser goes on to the app."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from idp.authn import sessions
from idp.directory import accounts
from idp.oidc.clients import clients
from idp.oidc.tokens import session_clients
from idp.unit_of_work import SYSTEM
from tests.browser import steps
from tests.browser.stack import Stack
from tests.conftest import PATIENCE


class App(ThreadingHTTPServer):
    """An app that notes what is asked of it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: App

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = b"<!doctype html><title>App</title><h1>App</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def listening() -> Iterator[App]:
    server = App()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("script", [True, False])
def test_the_app_is_told_in_a_frame_and_the_browser_goes_on(
    browser: Browser, browser_context_args, stack: Stack, listening: App, script: bool
) -> None:
    firm = stack.active_firm()
    context = browser.new_context(**(browser_context_args | {"java_script_enabled": script}))
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.goto(f"{stack.idp}/account/")
    steps.sign_in(page, stack, firm.username, steps.GOOD_PASSWORD, firm.mobile)
    steps.heading(page, "Apps mit Zugriff")
    with stack.app.extensions["idp.units"].write(SYSTEM) as work:
        metadata = {
            "redirect_uris": [f"{listening.origin}/cb"],
            "post_logout_redirect_uris": [f"{listening.origin}/goodbye"],
            "frontchannel_logout_uri": f"{listening.origin}/frontchannel",
            "frontchannel_logout_session_required": True,
        }
        client = clients.register(work, metadata).client
        account = accounts.find_by_username(work, firm.username)
        assert account
        (session,) = sessions.live_of(work, account.id)
        sid = session_clients.remember(work, session.id, client)
    parameters = {"client_id": client.id, "post_logout_redirect_uri": f"{listening.origin}/goodbye", "state": "s"}
    page.goto(f"{stack.idp}/end-session?{urlencode(parameters)}")
    page.locator("form button.btn-primary").click()
    expect(page).to_have_url(f"{listening.origin}/goodbye?state=s")
    framed = next(path for path in listening.asked if path.startswith("/frontchannel"))
    assert parse_qs(urlsplit(framed).query) == {"iss": [stack.idp], "sid": [sid]}
    assert listening.asked.index(framed) < listening.asked.index("/goodbye?state=s")
    context.close()
