"""Times and numbers as people read them."""

from datetime import UTC, datetime

import pytest

from idp.pages import formats

BERLIN = "Europe/Berlin"


def test_a_time_in_german_names_the_day_and_berlins_hour() -> None:
    assert formats.time_text(datetime(2026, 11, 24, 9, 14, tzinfo=UTC), "de", BERLIN) == "Di., 24.11.2026, 10:14 Uhr"


def test_summer_time_is_observed() -> None:
    assert formats.time_text(datetime(2026, 7, 1, 9, 14, tzinfo=UTC), "de", BERLIN) == "Mi., 01.07.2026, 11:14 Uhr"


def test_a_time_in_english_is_said_alike() -> None:
    assert formats.time_text(datetime(2026, 11, 24, 9, 14, tzinfo=UTC), "en", BERLIN) == "Tue, 24 Nov 2026, 10:14"


@pytest.mark.parametrize(("locale", "written"), [("de", "01.01.2027"), ("en", "1 Jan 2027")])
def test_a_day_is_the_day_in_berlin(locale: str, written: str) -> None:
    assert formats.date_text(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), locale, BERLIN) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+491515551234567", "+49 151 555 123 4567"),
        ("+4915155512345", "+49 151 5551 2345"),
        ("+491705551234", "+49 170 555 1234"),
        ("+4921155566778", "+49 211 5556 6778"),
        ("+448001234567", "+44 800 123 4567"),
        ("kein Telefon", "kein Telefon"),
    ],
)
def test_numbers_are_grouped_as_they_are_read_aloud(number: str, written: str) -> None:
    assert formats.phone_text(number) == written


def test_grouping_loses_no_digit() -> None:
    for length in range(4, 13):
        number = "+4930" + "123456789012"[:length]
        assert formats.phone_text(number).replace(" ", "") == number


def test_a_masked_number_shows_its_last_four_digits_only() -> None:
    assert formats.masked_phone("+4915155514567") == "…4567"
