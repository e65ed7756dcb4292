"""Machine endpoints are spared what only pages need: no hook of pages runs for them, no cookie is read or sent."""

import pytest
from flask import Flask

from idp.pages import machines


@pytest.fixture
def app(fresh_app):
    """An application to which the test adds hooks."""
    return fresh_app


@pytest.fixture
def ran(app: Flask) -> list[str]:
    """Register hooks of all three kinds for pages alone; gives what has run."""
    seen: list[str] = []

    def note(kind: str, given: object = None) -> object:
        seen.append(kind)
        return given

    with machines.for_pages_alone(app):
        app.before_request(lambda: note("before"))
        app.after_request(lambda response: note("after", response))
        app.teardown_request(lambda _error: note("teardown"))
    return seen


def test_hooks_of_pages_run_for_pages(client, ran):
    client.get("/signin")
    assert ran == ["before", "after", "teardown"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/token"), ("POST", "/introspect"), ("GET", "/userinfo"), ("GET", "/health/live"), ("GET", "/api/v1/me/contracts")],
)
def test_hooks_of_pages_do_not_run_for_machines(client, ran, method, path):
    client.open(path, method=method)
    assert ran == []


def test_a_hook_of_pages_can_answer_in_place_of_the_view(app, client):
    with machines.for_pages_alone(app):
        app.before_request(lambda: None)
        app.before_request(lambda: "stopped")
    assert client.get("/signin").text == "stopped"
    assert client.get("/health/live").json == {"status": "live"}


def test_machine_endpoints_neither_read_nor_send_cookies(client):
    client.set_cookie("idp_state", "not signed by us")
    answer = client.get("/userinfo?lang=en")
    assert answer.headers.getlist("Set-Cookie") == []
    assert "Vary" not in answer.headers or "Cookie" not in answer.headers["Vary"]
