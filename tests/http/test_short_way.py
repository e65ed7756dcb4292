"""A request to a machine endpoint gets the same answer by the short way as by Flask's own."""

import io
from types import SimpleNamespace

import pytest
import structlog
from flask import Flask, Response, g
from werkzeug.test import EnvironBuilder, run_wsgi_app

from idp.oidc.protocol import Path
from idp.pages.short_way import ShortWay
from tests.conftest import closing_app, make_settings

CHANGES = {"X-Request-ID", "Date", "Retry-After"}
"""Headers that differ from request to request."""

REQUESTS = {
    "plain": {},
    "with a query": {"query_string": "a=1&a=2&b=%ff&c=%00"},
    "of a browser app": {"headers": {"Origin": "https://app.example"}},
    "of no origin": {"headers": {"Origin": "null"}},
    "with credentials": {"headers": {"Authorization": "Basic !!!"}},
    "with a token": {"headers": {"Authorization": "Bearer \xff\x01"}},
    "with a cookie": {"headers": {"Cookie": "idp_session=x; idp_state=y; session=z"}},
    "to another host": {"headers": {"Host": "elsewhere.example:1"}},
    "to the staff's host": {"headers": {"Host": "staff.localhost"}},
    "to no host": {"headers": {"Host": "a b/<c>"}},
    "in German": {"headers": {"Accept-Language": "de", "Accept": "text/html"}},
}
BODIES = {
    "form": {"data": {"client_id": "nobody", "token": "x", "grant_type": "refresh_token"}},
    "JSON": {"json": {"a": 1}},
    "broken JSON": {"data": b'{"a": \xff', "content_type": "application/json"},
    "broken form": {"data": b"a=\xff&%zz&=&a", "content_type": "application/x-www-form-urlencoded"},
    "broken parts": {"data": b"--x\r\nnothing", "content_type": "multipart/form-data; boundary=x"},
    "parts without a boundary": {"data": b"--x", "content_type": "multipart/form-data"},
    "too much": {"data": b"a=" + b"x" * 70_000, "content_type": "application/x-www-form-urlencoded"},
    "too many fields": {"data": "&".join(f"a{number}=1" for number in range(2000)), "content_type": "application/x-www-form-urlencoded"},
    "unknown length": {"data": b"a=1", "content_type": "application/x-www-form-urlencoded", "environ_overrides": {"CONTENT_LENGTH": "x"}},
}
NO_SHORT_WAY = SimpleNamespace(answer=lambda *_: None)


def machine_routes(app: Flask) -> list[tuple[str, str]]:
    known = sorted(app.short_way._routes)
    assert ("POST", Path.TOKEN) in known
    return known


def answer(app: Flask, environ) -> tuple[str, list[tuple[str, str]], bytes]:
    parts, status, headers = run_wsgi_app(app.wsgi_app, environ, buffered=True)
    body = b"".join(parts).replace(headers["X-Request-ID"].encode(), b"the number")
    if "Set-Cookie" in headers:  # a page with a form, which no machine gets: its token is drawn
        return status, sorted(headers.keys()), b""
    return status, sorted((name, value) for name, value in headers if name not in CHANGES), body


def both(app: Flask, make) -> tuple:
    """Ask by Flask's way, then by the short one."""
    short, ready = app.short_way, app.extensions.pop("idp.ready", None)
    try:
        app.__dict__["short_way"] = NO_SHORT_WAY
        first = answer(app, make())
        app.__dict__["short_way"] = short
        return first, answer(app, make())
    finally:
        app.__dict__["short_way"] = short
        if ready:
            app.extensions["idp.ready"] = ready


def environ_of(method: str, path: str, given: dict):
    def make():
        return EnvironBuilder(path, "http://localhost", method=method, **given).get_environ()

    return make


@pytest.mark.parametrize("request_of", REQUESTS)
def test_each_machine_endpoint_answers_the_same(app, request_of) -> None:
    for method, path in machine_routes(app):
        flask, short = both(app, environ_of(method, path, REQUESTS[request_of]))
        assert short == flask, (method, path)


@pytest.mark.parametrize("body", BODIES)
def test_each_machine_endpoint_reads_the_same(app, body) -> None:
    for method, path in machine_routes(app):
        if method in ("POST", "PUT", "PATCH"):
            flask, short = both(app, environ_of(method, path, BODIES[body]))
            assert short == flask, (method, path)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "GET", "POST", "DELETE", "BREW", "get"])
@pytest.mark.parametrize("changed", ["{}", "{}/", "/{}", "{}/.", "{}%00", "{}\xff"])
def test_methods_and_addresses_beside_them_answer_the_same(app, method, changed) -> None:
    for path in sorted({path for _, path in machine_routes(app)}):

        def make(path=path):
            environ = EnvironBuilder("/", "http://localhost", headers={"Origin": "https://app.example"}).get_environ()
            return environ | {"REQUEST_METHOD": method, "PATH_INFO": changed.format(path).replace("%00", "\x00")}

        flask, short = both(app, make)
        assert short == flask, (method, path)


@pytest.mark.parametrize(
    "other",
    [
        {"issuer": "https://id.example/under/path"},
        {"issuer": "https://id.example", "staff_origin": "https://staff.localhost", "trusted_proxies": 1},
    ],
    ids=["a path", "staff and a proxy"],
)
def test_installations_of_other_kinds_answer_the_same(database, tmp_path, clock, other) -> None:
    with closing_app(make_settings(database, tmp_path, **other), clock) as app:
        for method, path in machine_routes(app):
            for prefix in ("", "/under/path"):
                for host in ("id.example", "staff.localhost"):
                    given = {"headers": {"Host": host, "X-Forwarded-For": "192.0.2.9, 10.0.0.1", "X-Forwarded-Host": host}}
                    flask, short = both(app, environ_of(method, prefix + path, given))
                    assert short == flask, (method, prefix + path, host)


@pytest.fixture
def odd(fresh_app):
    """The application with views and hooks that fail."""
    seen = SimpleNamespace(ended=[])

    @fresh_app.teardown_request
    def note(error) -> None:
        seen.ended.append((type(error), sorted(structlog.contextvars.get_contextvars())))

    return fresh_app, seen


def failing(app, error):
    def view() -> Response:
        raise error

    name = next(rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == Path.TOKEN)
    app.view_functions[name] = view


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(3)])
def test_a_failing_view_is_told_to_those_who_clean_up(odd, error) -> None:
    app, seen = odd
    failing(app, error)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    told = []
    for way in (NO_SHORT_WAY, ShortWay(app)):
        app.__dict__["short_way"] = way
        seen.ended.clear()
        try:
            status = answer(app, environ_of("POST", Path.TOKEN, {})())[0]
        except BaseException as raised:  # noqa: BLE001 - what is looked for
            status = type(raised)
        told.append((status, [*seen.ended]))
        assert not structlog.contextvars.get_contextvars()
    assert told[0] == told[1]


@pytest.mark.parametrize("place", ["before_request_funcs", "after_request_funcs"])
def test_failing_hooks_answer_the_same(odd, place) -> None:
    app, seen = odd
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(*given):
        if given and "failed" in g:
            return given[0]  # the answer to the failure goes out
        g.failed = True
        raise ValueError("hook")

    getattr(app, place).setdefault(None, []).append(fail)
    told = []
    for way in (NO_SHORT_WAY, ShortWay(app)):
        app.__dict__["short_way"] = way
        seen.ended.clear()
        told.append((answer(app, environ_of("POST", Path.TOKEN, {})()), [*seen.ended]))
        assert not structlog.contextvars.get_contextvars()
    assert told[0] == told[1]
    assert told[0][0][0].startswith("500")


def test_a_body_that_is_never_read_is_left_alone(app) -> None:
    class Closed(io.BytesIO):
        def read(self, *_):
            raise OSError("the caller is gone")

    def make():
        return EnvironBuilder(
            Path.TOKEN, "http://localhost", method="POST", input_stream=Closed(), headers={"Content-Length": "9"}
        ).get_environ() | {"CONTENT_TYPE": "application/x-www-form-urlencoded"}

    flask, short = both(app, make)
    assert short == flask


def test_a_client_that_keeps_its_context_gets_it(app) -> None:
    with app.test_client() as client:
        assert client.get("/health/live").status_code == 200
        assert g.request_id
