"""What people type is made uniform before any rule sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.pages.forms import clean_line, clean_text, without_spaces


@pytest.mark.parametrize(
    ("typed", "clean"),
    [("  Max   Muster ", "Max Muster"), ("Ｍａｘ", "Max"), ("Max\x00Muster", "Max Muster"), ("a\r\nb", "a b"), (None, "")],
)
def test_a_line_is_normalised_and_trimmed(typed: str | None, clean: str) -> None:
    assert clean_line(typed) == clean


@given(st.text())
def test_cleaning_a_line_twice_changes_nothing_more(typed: str) -> None:
    assert clean_line(clean_line(typed)) == clean_line(typed)


@given(st.text())
def test_no_control_character_gets_through(typed: str) -> None:
    assert all(c.isprintable() or c == " " or ord(c) > 0x9F for c in clean_line(typed))


def test_a_text_keeps_its_lines() -> None:
    assert clean_text(" eins\r\nzwei\x07 ") == "eins\nzwei"


@pytest.mark.parametrize("typed", ["2623565", "262 3565", " 262-35-65 ", "２６２３５６５", "262\u00a03565", "262–3565"])
def test_a_pin_may_be_typed_or_pasted_with_spaces(typed: str) -> None:
    assert without_spaces(typed) == "2623565"
