"""Which language a page speaks, and how one changes it."""

import pytest
from flask.testing import FlaskClient

GERMAN, ENGLISH = '<html lang="de">', '<html lang="en">'


def test_german_is_spoken_where_nothing_else_tells(client: FlaskClient) -> None:
    assert GERMAN in client.get("/sample/form").text


@pytest.mark.parametrize(
    ("accepted", "spoken"), [("en-GB,de;q=0.5", ENGLISH), ("fr,en;q=0.3", ENGLISH), ("de-AT", GERMAN), ("fr", GERMAN), ("§$%", GERMAN)]
)
def test_the_browsers_languages_are_respected(client: FlaskClient, accepted: str, spoken: str) -> None:
    assert spoken in client.get("/sample/form", headers={"Accept-Language": accepted}).text


def test_the_app_that_asks_may_wish_a_language(client: FlaskClient) -> None:
    page = client.get("/sample/app?redirect_uri=https://a.example&ui_locales=fr%20en-US%20de", headers={"Accept-Language": "de"})
    assert ENGLISH in page.text


def test_the_persons_choice_stands_above_the_apps_wish(client: FlaskClient) -> None:
    client.get("/sample/form?lang=de")
    assert GERMAN in client.get("/sample/app?redirect_uri=https://a.example&ui_locales=en").text


def test_the_choice_is_kept(client: FlaskClient) -> None:
    client.get("/sample/form?lang=en")
    assert ENGLISH in client.get("/sample/form", headers={"Accept-Language": "de"}).text


def test_an_unknown_language_changes_nothing(client: FlaskClient) -> None:
    assert GERMAN in client.get("/sample/form?lang=xx").text


def test_the_switch_leads_to_the_same_page_with_what_it_was_asked(client: FlaskClient) -> None:
    page = client.get("/sample/app?redirect_uri=https://a.example/%26b&ui_locales=de").text
    assert 'href="?redirect_uri=https%3A%2F%2Fa.example%2F%26b&amp;ui_locales=de&amp;lang=en" lang="en" hreflang="en"' in page


def test_the_switch_names_no_other_host(client: FlaskClient) -> None:
    page = client.get("/sample/form?lang=en&x=//evil.example").text
    switch = page.partition('hreflang="de"')[0].rpartition('href="')[2]
    assert switch.startswith("?")


def test_a_failed_form_keeps_its_language_and_offers_the_other(client: FlaskClient) -> None:
    page = client.post("/sample/form?lang=en").text
    assert ENGLISH in page
    assert 'hreflang="de"' in page


def test_labels_errors_and_choices_are_translated_when_shown(client: FlaskClient) -> None:
    page = client.get("/sample/form?lang=de").text
    assert '<label for="username">Aktiv</label>' in page
    assert '<option value="one">Aktiv</option>' in page
