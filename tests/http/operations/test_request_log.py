"""The access log: one line a request, with the route and never the address that was asked for."""

import json
import logging

import pytest
from flask import Blueprint

TOKEN = "Zk3vT0p9QmWq8yXc2LsR7uHnBd5FgJ1aEoI4tUwYxKs"


@pytest.fixture
def app(fresh_app):
    """An application to which the test adds a page."""
    return fresh_app


@pytest.fixture
def lines(app, capsys):
    """Give the request log's lines of what was asked for since the last look."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)  # by the method, which forgets what loggers remember of the level before
    pages = Blueprint("pages_of_the_test", __name__)
    pages.add_url_rule("/letters/<token>", view_func=lambda token: "a letter", methods=["GET", "POST"])
    app.register_blueprint(pages)

    def read() -> list[dict]:
        written = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        return [line for line in written if line["event"] == "request"]

    yield read
    root.setLevel(before)


def test_a_request_is_one_line_with_its_route(client, lines):
    client.get(f"/letters/{TOKEN}")
    (line,) = lines()
    assert (line["method"], line["route"], line["status"]) == ("GET", "/letters/<token>", 200)


def test_the_line_names_the_request_id_of_the_answer(client, lines):
    answer = client.get(f"/letters/{TOKEN}")
    assert lines()[0]["request_id"] == answer.headers["X-Request-ID"]


def test_path_query_and_body_are_in_no_line(client, lines):
    client.get(f"/letters/{TOKEN}?code=SplxlOBeZQQ&state=af0ifjsldkj")
    client.post(f"/nowhere/{TOKEN}", data={"password": "correct horse", "pin": "1234567"})
    written = json.dumps(lines())
    assert [secret for secret in (TOKEN, "SplxlOBeZQQ", "af0ifjsldkj", "correct horse", "1234567") if secret in written] == []


def test_health_requests_fill_no_log(client, lines):
    client.get("/health/live")
    assert lines() == []
