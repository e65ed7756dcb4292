"""Whatever is sent to whatever address of the provider: the answer is a refusal, never a failure."""

import sqlite3
from collections.abc import Callable, Iterator

import flask
import pytest
from sqlalchemy import Engine, create_engine
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from idp.pool import CountedPool
from idp.unit_of_work import Units
from tests import builders
from tests.visitor import Visitor, signed_in_browser

Ask = Callable[..., TestResponse]

FORM = "application/x-www-form-urlencoded"
SIGNS = {"nul": "a%00b", "a surrogate": "%ED%A0%80", "no UTF-8": "%FF%FE", "a long word": "x" * 1000, "a number": "9" * 400}
# fmt: off
FIELDS = [
    "username", "password", "pin", "new_password", "new_password_repeat", "email", "given_name", "family_name",
    "customer_number", "role", "type", "mobile", "phone", "locale", "salutation", "sending",
    "send_at", "contracts", "session", "client_id", "token", "user_code", "grant_type", "code",
    "redirect_uri", "scope", "state", "request", "request_uri", "id_token_hint", "claims", "authorization_details",
    "acr_values", "max_age", "resource", "client_assertion", "device_code", "subject_token", "code_verifier", "search",
    "sort", "cursor", "lang", "status", "direction",
]
# fmt: on
BODIES = {
    "json": ("application/json", b'{"a": 1}'),
    "deep json": ("application/json", b"[" * 20_000),
    "multipart without boundary": ("multipart/form-data", b"--x\r\n"),
    "broken multipart": ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb'),
    "a file": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="username"; filename="a"\r\n\r\nb\r\n--x--',
    ),
    "a nonsense type": ("\x80/;;==", b"a=b"),
    "too many fields": (FORM, b"&".join(b"f%d=1" % number for number in range(2_000))),
    "100 KB": (FORM, b"username=" + b"x" * 100_000),
    "all bytes": (FORM, bytes(range(256))),
}
HEADERS = {
    "cookies": {"Cookie": "idp_session=\x80\xff; idp_browser=" + "x" * 5000 + "; idp_state=a.b.c; idp_session"},
    "languages": {"Accept-Language": "de;q=nan, *;q=1e999, " + "x" * 3000},
    "basic": {"Authorization": "Basic \xff\xfe"},
    "bearer": {"Authorization": "Bearer a.b.c"},
    "proof": {"Authorization": "DPoP e30.e30.e30", "DPoP": "e30.e30."},
    "host": {"Host": "[::1"},
    "forwarded": {"X-Forwarded-For": "a, b\x00", "X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "\x00"},
    "agent": {"User-Agent": "\x00\x80" * 3000, "X-Request-ID": "a\x00" * 100},
    "length": {"Content-Length": "-1"},
}


@pytest.fixture
def ask(app: flask.Flask, unit) -> Ask:
    """Send a request as an administrator who has a page's token, so that it gets past what keeps strangers out."""
    with unit() as work:
        account = builders.administrator(work)
    visitor = signed_in_browser(app, account)
    visitor.open("/console/")
    return asking(visitor, visitor.page.text.partition('name="csrf_token" value="')[2].partition('"')[0])


def asking(visitor: Visitor, token: str = "") -> Ask:
    def send(method: str, address: str, body: bytes = b"", content_type: str = FORM, **headers: str) -> TestResponse:
        if method == "GET":
            return visitor.client.get(address, headers=headers)
        if content_type == FORM:
            body += f"&csrf_token={token}".encode()
        return visitor.client.open(address, method=method, data=body, content_type=content_type, headers=headers)

    return send


def targets(app: flask.Flask, value: str) -> Iterator[tuple[str, str]]:
    """Every method and address, with a value for what it takes."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}):
            yield method, filled(rule, value)


def filled(rule: Rule, value: str) -> str:
    return "".join(part.replace("|", "") if not is_dynamic else value for is_dynamic, part in rule._trace)


def failures(answers: Iterator[tuple[str, str, TestResponse]]) -> list[tuple[str, str, int]]:
    return [(method, address[:100], answer.status_code) for method, address, answer in answers if answer.status_code >= 500]


@pytest.mark.parametrize("sign", SIGNS)
def test_no_signs_in_address_query_or_form_are_a_failure(app: flask.Flask, ask: Ask, sign: str) -> None:
    fields = "&".join(f"{name}={SIGNS[sign]}" for name in FIELDS)
    query = "?" + "&".join(f"{name}={SIGNS[sign][:60]}" for name in FIELDS)
    assert failures((method, at, ask(method, at + query, fields.encode())) for method, at in targets(app, SIGNS[sign])) == []


@pytest.mark.parametrize("name", BODIES)
def test_no_body_is_a_failure(app: flask.Flask, ask: Ask, name: str) -> None:
    content_type, body = BODIES[name]
    changing = [(method, at) for method, at in targets(app, "x") if method != "GET"]
    assert failures((method, at, ask(method, at, body, content_type)) for method, at in changing) == []


@pytest.mark.parametrize("name", HEADERS)
def test_no_headers_are_a_failure(app: flask.Flask, name: str) -> None:
    stranger = asking(Visitor(app))
    assert failures((method, at, stranger(method, at, b"a=b", **HEADERS[name])) for method, at in targets(app, "x")) == []


def dead_engine() -> Engine:
    """Stand for a database that is out of reach: a real one would have to be stopped for each test."""

    def connect() -> None:
        raise sqlite3.OperationalError("nobody is there")

    return create_engine("sqlite://", creator=connect, poolclass=CountedPool)


@pytest.mark.parametrize("dead", [("_reading", "_writing"), ("_writing",)], ids=["all", "writing"])
def test_a_dead_database_is_a_503_that_says_when_to_come_again(
    app: flask.Flask, ask: Ask, units: Units, monkeypatch: pytest.MonkeyPatch, dead: tuple[str, ...]
) -> None:
    for name in dead:
        monkeypatch.setattr(units, name, dead_engine())
    fields = "&".join(f"{name}=x" for name in FIELDS).encode()
    answers = [(method, at, ask(method, at, fields)) for method, at in targets(app, "x") if at != "/health/ready"]
    failed = [(method, at, answer.status_code) for method, at, answer in answers if answer.status_code >= 500]
    assert len(failed) > 20
    assert {status for _, _, status in failed} == {503}
    assert [at for _, at, answer in answers if answer.status_code == 503 and "Retry-After" not in answer.headers] == []
