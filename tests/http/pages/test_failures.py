"""Every failure is a page that helps, in the reader's language, or an object for machines."""

import re

import pytest
from flask.testing import FlaskClient

NUMBER = r"[ACDEFGHJKLMNPQRTUVWXY34679]{4}-[ACDEFGHJKLMNPQRTUVWXY34679]{4}"


@pytest.mark.parametrize(
    ("how", "status", "german", "english"),
    [
        ("missing", 404, "Diese Seite oder diesen Eintrag gibt es nicht.", "This page or entry does not exist."),
        ("often", 429, "Zu viele Versuche.", "Too many attempts."),
        ("busy", 503, "Bitte versuchen Sie es gleich noch einmal", "Please try again in a moment"),
        ("field", 422, "Bitte prüfen Sie Ihre Eingaben", "Please check your entries"),
        ("unknown", 500, "Da ist etwas schiefgegangen", "Something went wrong"),
    ],
)
def test_a_failure_speaks_the_readers_language(client: FlaskClient, how: str, status: int, german: str, english: str) -> None:
    pages = {lang: client.get(f"/sample/fails/{how}?lang={lang}") for lang in ("de", "en")}
    assert {page.status_code for page in pages.values()} == {status}
    assert german in pages["de"].text
    assert english in pages["en"].text


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 414, 418, 429, 500, 502, 503])
def test_every_status_has_a_page(client: FlaskClient, status: int) -> None:
    answer = client.get(f"/sample/aborts/{status}")
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_an_unknown_address_is_a_page(client: FlaskClient) -> None:
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert "Seite nicht gefunden" in answer.text


def test_a_page_that_only_a_form_reaches_says_so(client: FlaskClient) -> None:
    answer = client.get("/sample/told")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(("how", "seconds"), [("often", "90"), ("busy", "2")])
def test_a_waiting_time_is_told_to_browsers(client: FlaskClient, how: str, seconds: str) -> None:
    assert client.get(f"/sample/fails/{how}").headers["Retry-After"] == seconds


def test_a_waiting_time_is_told_to_people(client: FlaskClient) -> None:
    assert "Bitte versuchen Sie es in 2 Minuten noch einmal." in client.get("/sample/fails/often").text


def test_an_unknown_failure_tells_nothing_of_its_cause(client: FlaskClient) -> None:
    page = client.get("/sample/fails/unknown").text
    assert "2623565" not in page
    assert "RuntimeError" not in page


def test_a_detail_is_for_the_log_only(client: FlaskClient) -> None:
    assert "row 7" not in client.get("/sample/fails/missing").text


def test_the_request_number_on_the_page_is_the_one_in_the_header(client: FlaskClient) -> None:
    answer = client.get("/sample/fails/unknown")
    assert re.search(NUMBER, answer.text)[0] == answer.headers["X-Request-ID"]  # type: ignore[index]


def test_each_request_has_a_number_of_its_own(client: FlaskClient) -> None:
    numbers = {client.get("/machine/works").headers["X-Request-ID"] for _ in range(20)}
    assert len(numbers) == 20
    assert all(re.fullmatch(NUMBER, number) for number in numbers)


def test_a_request_number_from_outside_is_not_believed(client: FlaskClient) -> None:
    assert client.get("/machine/works", headers={"X-Request-ID": "forged"}).headers["X-Request-ID"] != "forged"


def test_a_body_that_is_too_large_is_refused_by_a_page(client: FlaskClient) -> None:
    answer = client.post("/sample/form", data={"username": "x" * 70_000})
    assert answer.status_code == 413
    assert "Zu viel auf einmal" in answer.text


@pytest.mark.parametrize(
    ("how", "status", "code"), [("missing", 404, "not_found"), ("often", 429, "too_many"), ("unknown", 500, "server_error")]
)
def test_machines_get_an_object(client: FlaskClient, how: str, status: int, code: str) -> None:
    answer = client.get(f"/machine/fails/{how}")
    assert (answer.status_code, answer.json["error"]) == (status, code)  # type: ignore[index]
