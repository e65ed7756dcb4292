"""Forms of other sites are refused, our own are not."""

import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient


def test_a_form_with_its_token_is_accepted(client: FlaskClient, csrf_token: Callable[[], str]) -> None:
    assert client.post("/sample/told", data={"csrf_token": csrf_token()}).status_code == 302


def test_a_form_without_token_is_refused_by_a_page_that_helps(client: FlaskClient) -> None:
    answer = client.post("/sample/form?lang=de", data={"username": "x"})
    assert answer.status_code == 400
    assert "Bitte senden Sie das Formular noch einmal" in answer.text
    assert 'href="?lang=de"' in answer.text


def test_a_token_of_another_browser_is_refused(client: FlaskClient, csrf_token: Callable[[], str]) -> None:
    stranger = client.application.test_client()
    assert stranger.post("/sample/told", data={"csrf_token": csrf_token()}).status_code == 400


@pytest.mark.parametrize(("said", "status"), [("cross-site", 400), ("same-origin", 302), ("same-site", 302), ("none", 302)])
def test_the_browsers_word_on_the_origin_counts_beside_the_token(
    client: FlaskClient, csrf_token: Callable[[], str], said: str, status: int
) -> None:
    answer = client.post("/sample/told", data={"csrf_token": csrf_token()}, headers={"Sec-Fetch-Site": said})
    assert answer.status_code == status


def test_tokens_of_two_tabs_are_both_good(client: FlaskClient, csrf_token: Callable[[], str]) -> None:
    first, second = csrf_token(), csrf_token()
    answers = [client.post("/sample/told", data={"csrf_token": token}).status_code for token in (second, first)]
    assert answers == [302, 302]


def test_a_token_does_not_age(client: FlaskClient, csrf_token: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    token = csrf_token()
    ten_days_on = time.time() + 10 * 24 * 3600
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: ten_days_on)
    assert client.post("/sample/told", data={"csrf_token": token}).status_code == 302


def test_machines_need_no_token(client: FlaskClient) -> None:
    assert client.post("/machine/works", headers={"Sec-Fetch-Site": "cross-site"}).json == {"works": "yes"}


def test_machines_get_no_cookie(client: FlaskClient) -> None:
    answer = client.post("/machine/works?lang=en")
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
