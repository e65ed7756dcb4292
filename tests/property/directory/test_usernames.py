"""User names, whatever is typed."""

from hypothesis import example, given
from hypothesis import strategies as st

from idp.directory import usernames
from idp.errors import InvalidField

typed = st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9ÄÖÜäöüßſ.\-_ſﬁİıΣς]{3,64}", fullmatch=True)


def key_of(name):
    try:
        return usernames.canonical(name)
    except InvalidField:
        return None


@given(typed)
@example("Straße")
@example("İstanbul")
@example("Σίσυφος")
@example("ﬁbre")
def test_the_compared_form_of_a_compared_form_is_itself(name):
    key = key_of(name)
    assert key is None or key_of(key) == key


@given(typed)
def test_what_is_shown_is_compared_like_what_was_typed(name):
    key = key_of(name)
    assert key is None or key_of(usernames.shown(name)) == key


@given(st.from_regex(r"[a-z0-9.]{3,60}", fullmatch=True), st.sampled_from(["", " ", "\t", "\u3000"]))
def test_capitals_and_outer_blanks_make_no_other_name(name, blank):
    assert key_of(f"{blank}{name.upper()}{blank}") == name


@given(st.integers(min_value=0), st.integers(min_value=2) | st.none())
def test_no_name_of_provisioning_can_be_chosen(number, position):
    name = f"Customer{number}" + (f"-{position}" if position else "")
    key = key_of(name)
    assert key is None or usernames.is_reserved(key)
