"""User names: their compared form, and which may be chosen."""

import pytest

from idp.directory import usernames
from idp.errors import InvalidField


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Admin.Telefonanlage1", "admin.telefonanlage1"),
        ("  Max.Muster \t", "max.muster"),
        ("ＭＡＸ", "max"),
        ("Müller", "müller"),
        ("Mu\u0308ller", "müller"),
        ("Ⅳabc", "ivabc"),
    ],
)
def test_spelling_does_not_make_another_name(typed, key):
    assert usernames.canonical(typed) == key


def test_what_is_shown_keeps_capitals():
    assert usernames.shown(" Admin.Telefonanlage1 ") == "Admin.Telefonanlage1"


def test_a_space_inside_is_refused_with_the_way_out():
    with pytest.raises(InvalidField) as refused:
        usernames.canonical("Admin.Telefonanlage 1")
    assert "»Admin.Telefonanlage1«" in refused.value.text.render("de")


@pytest.mark.parametrize("typed", ["", "ab", "x" * 65, "a\u00a0b", "tab\tbed", "nul\x00l", "emoji🙂", "\ud800abc", "a\u200bbc", "שלום1a"])
def test_impossible_names_are_refused(typed):
    with pytest.raises(InvalidField) as refused:
        usernames.canonical(typed)
    assert refused.value.field == "username"


@pytest.mark.parametrize("typed", ["customer1", "Customer2300229", "customer2300229-2", "ｃustomer１"])
def test_names_for_provisioning_cannot_be_chosen(typed):
    with pytest.raises(InvalidField):
        usernames.check_choosable(typed)


@pytest.mark.parametrize("typed", ["customer", "customers1", "customer-1a", "mycustomer1"])
def test_names_that_only_look_alike_can_be_chosen(typed):
    assert usernames.check_choosable(typed) == typed


@pytest.mark.parametrize("typed", ["\u0441ustomer2300229", "\u0410dmin.Telefonanlage1", "p\u0430ypal", "\u039fperator"])
def test_uts39_5_1_a_name_of_two_alphabets_that_look_alike_cannot_be_chosen(typed):
    with pytest.raises(InvalidField) as refused:
        usernames.check_choosable(typed)
    assert refused.value.field == "username"


@pytest.mark.parametrize("typed", ["Иван.Петров", "Müßig.1", "ΑΒΓ", "Łukasz-2", "佐藤さん"])
def test_a_name_of_one_alphabet_can_be_chosen(typed):
    assert usernames.check_choosable(typed)
