"""Names, mail addresses and phone numbers."""

import pytest

from idp.directory import contacts
from idp.errors import InvalidField


@pytest.mark.parametrize("typed", ["+4915155512345", "0151 555 12345", "+49 (0) 151 55512345", "0049 151 555-12345"])
def test_a_mobile_number_is_kept_in_one_form(typed):
    assert contacts.parse_mobile("mobile", typed) == "+4915155512345"


@pytest.mark.parametrize("typed", ["+492115510", "0211 5510"])
def test_a_line_in_the_ground_is_no_mobile_number(typed):
    with pytest.raises(InvalidField) as refused:
        contacts.parse_mobile("mobile", typed)
    assert refused.value.text.render("de").startswith("Das ist keine Handynummer.")


@pytest.mark.parametrize("typed", ["", " ", "12", "abc", "+49", "+999123456789", "+4915155512345 ext. 7", "1" * 300, "\x00", "\ud800"])
def test_what_is_no_number_is_refused(typed):
    for parse in (contacts.parse_phone, contacts.parse_mobile):
        with pytest.raises(InvalidField):
            parse("phone", typed)


@pytest.mark.parametrize("typed", ["a@b.de", "first.last+tag@sub.example.com", " max@example.com ", "o'neil@example.com"])
def test_mail_addresses_are_taken(typed):
    assert contacts.parse_email("email", typed) == typed.strip()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a",
        "a@b",
        "@b.de",
        "a@.de",
        "a@b..de",
        "a@-b.de",
        "a b@c.de",
        "a@b.de\nBcc: c@d.de",
        "Max <a@b.de>",
        "a@b.de,c@d.de",
        "ü@b.de",
        ".a@b.de",
        "a@b.d",
        f"{'x' * 65}@b.de",
        f"a@{'x' * 260}.de",
    ],
)
def test_what_is_no_mail_address_is_refused(typed):
    with pytest.raises(InvalidField):
        contacts.parse_email("email", typed)


def test_names_are_kept_trimmed_with_single_spaces():
    assert contacts.parse_name("given_name", "  Anna   Maria ") == "Anna Maria"


@pytest.mark.parametrize("typed", ["", "  ", "x" * 101, "nul\x00", "right\u202eleft", "<script>", "\ud800"])
def test_impossible_names_are_refused(typed):
    with pytest.raises(InvalidField):
        contacts.parse_name("given_name", typed)


def test_people_are_sorted_without_accents_and_capitals():
    assert contacts.name_key("Änne", "Öztürk") == "ozturk anne"
