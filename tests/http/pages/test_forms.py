"""Forms as a person without script meets them."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

FILLED = {
    "username": " Admin.Telefonanlage1 ",
    "password": " leave my spaces ",
    "new_password": "a new one",
    "pin": "262 3565",
    "line": "Ｍax\x00",
    "role": "two",
    "kind": "two",
}


@pytest.fixture
def send(client: FlaskClient, csrf_token: Callable[[], str]) -> Callable[..., str]:
    """Fill in the sample form, in German; give the page that answers."""

    def sent(**changed: str) -> str:
        answer = client.post("/sample/form", data=FILLED | changed | {"csrf_token": csrf_token()})
        return answer.text

    return sent


def control(page: str, name: str) -> str:
    found = re.search(rf"<(?:input|select|textarea)[^>]*\sname=\"{name}\"[^>]*>", page)
    assert found, name
    return found[0]


def test_input_is_cleaned_but_passwords_are_taken_as_typed(send: Callable[..., str]) -> None:
    taken = send()
    for expected in ("'Admin.Telefonanlage1'", "' leave my spaces '", "'2623565'", "'line': 'Max'"):
        assert expected in taken


def test_a_form_with_problems_is_422(client: FlaskClient, csrf_token: Callable[[], str]) -> None:
    assert client.post("/sample/form", data={"csrf_token": csrf_token()}).status_code == 422


def test_an_error_is_tied_to_its_field(send: Callable[..., str]) -> None:
    page = send(username="")
    assert 'aria-describedby="username-hint username-error"' in control(page, "username")
    assert 'aria-invalid="true"' in control(page, "username")
    assert 'id="username-error"' in page


def test_errors_are_summarised_with_links_and_focus(send: Callable[..., str]) -> None:
    page = send(username="", pin="12")
    summary = page.partition('id="error-summary"')[2].partition("</div>")[0]
    assert "autofocus" in summary
    assert '<a href="#username">Bitte geben Sie Ihre Nutzerkennung ein.</a>' in summary
    assert '<a href="#pin">Die PIN hat 7 Ziffern.' in summary


def test_the_title_says_that_something_is_wrong(send: Callable[..., str]) -> None:
    assert "<title>Fehler: Formular – e:service</title>" in send(username="")


def test_what_was_typed_stays_passwords_and_pins_excepted(send: Callable[..., str]) -> None:
    page = send(line="", pin="12345", note="eine Notiz")
    assert 'value="Admin.Telefonanlage1"' in control(page, "username")
    assert "eine Notiz" in page
    for name in ("password", "new_password", "pin"):
        assert not re.search(r'value="[^"]+"', control(page, name)), name


@pytest.mark.parametrize("typed", ["123456", "12345678", "123456a", "abcdefg", "١٢٣٤٥٦٧"])
def test_a_pin_that_cannot_be_one_spends_no_try(send: Callable[..., str], typed: str) -> None:
    assert "Die PIN hat 7 Ziffern." in send(pin=typed)


def test_a_choice_that_was_not_offered_is_refused(send: Callable[..., str]) -> None:
    assert "Bitte wählen Sie eine der Möglichkeiten." in send(role="three")


def test_a_missing_entry_is_named(send: Callable[..., str]) -> None:
    assert "Bitte ausfüllen: Deaktiviert" in send(line=" ")


def test_an_entry_that_is_too_long_is_refused_not_cut(send: Callable[..., str]) -> None:
    assert "Bitte geben Sie höchstens 200 Zeichen ein." in send(line="x" * 201)


@pytest.mark.parametrize("typed", ["morgen", "2026-13-01T10:00", "2026-11-24T10:15Z junk"])
def test_a_time_that_is_none_is_refused(send: Callable[..., str], typed: str) -> None:
    assert "Datum und Uhrzeit so ein" in send(at=typed)


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("username", ['autocomplete="username"', 'autocapitalize="none"', 'spellcheck="false"']),
        ("password", ['autocomplete="current-password"', 'type="password"']),
        ("new_password", ['autocomplete="new-password"', 'type="password"']),
        ("pin", ['autocomplete="one-time-code"', 'inputmode="numeric"']),
        ("email", ['autocomplete="email"', 'type="email"']),
        ("mobile", ['autocomplete="tel"', 'type="tel"']),
        ("at", ['type="datetime-local"']),
    ],
)
def test_browsers_and_password_managers_are_told_what_a_field_is(client: FlaskClient, name: str, attributes: list[str]) -> None:
    drawn = control(client.get("/sample/form").text, name)
    assert [attribute for attribute in attributes if attribute not in drawn] == []


def test_no_field_cuts_what_is_pasted(client: FlaskClient) -> None:
    assert "maxlength" not in client.get("/sample/form").text


def test_every_control_has_a_label(client: FlaskClient) -> None:
    page = client.get("/sample/form").text
    visible = re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*\sid="([^"]+)"', page)
    assert len(visible) >= 12
    assert [one for one in visible if f'for="{one}"' not in page] == []


def test_fields_that_may_stay_empty_say_so(client: FlaskClient) -> None:
    page = client.get("/sample/form").text
    assert '<label for="email">Seiten <span class="optional">(freiwillig)</span></label>' in page
    assert '<label for="username">Aktiv</label>' in page


def test_a_message_for_the_next_page_is_shown_once(client: FlaskClient, csrf_token: Callable[[], str]) -> None:
    client.post("/sample/told", data={"csrf_token": csrf_token()})
    shown = [re.search(r'<div class="notice good" role="status">.*?Kopiert', client.get("/sample/console").text, re.DOTALL) for _ in (1, 2)]
    assert [bool(one) for one in shown] == [True, False]
