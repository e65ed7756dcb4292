"""What makes a good password."""

import hashlib
import inspect
import re

import pytest
from zxcvbn import feedback, matching

from idp.authn import passwords
from idp.errors import InvalidField
from tests.conftest import make_settings

OWN = ["Max", "Muster", "customer2300229", "2300229", "max.muster@example.com"]


@pytest.fixture
def settings(tmp_path):
    return make_settings("", tmp_path)


@pytest.mark.parametrize("password", ["grüne Laterne am alten Hafen", "Xk9$vQ2!mPz7", "korrekt pferd batterie heftklammer"])
def test_a_strong_one_passes_without_rules_of_composition(settings, password):
    passwords.judge(settings, password, OWN, ()).insist()


@pytest.mark.parametrize(
    ("password", "length_is_fine"),
    [("q8!vT3z#Lw0", False), ("q8!vT3z#Lw0x", True), ("q8!vT3z#Lw0" + "y4" * 58 + "z", True), ("q8!vT3z#Lw0" + "y4" * 59, False)],
)
def test_twelve_to_128_characters(settings, password, length_is_fine):
    problem = passwords.judge(settings, password, [], ()).problem
    assert (problem is None or "characters" not in str(problem)) is length_is_fine


@pytest.mark.parametrize("character", ["\x00", "\t", "\n", "\x7f"])
def test_control_characters_are_refused(settings, character):
    assert "can be seen" in str(passwords.judge(settings, f"grüne Laterne{character}am alten Hafen", [], ()).problem)


def test_characters_are_counted_after_normalisation(settings):
    assert passwords.judge(settings, "u\u0308" * 11, [], ()).problem is not None
    assert "at least 12" in str(passwords.judge(settings, "u\u0308" * 11, [], ()).problem)


@pytest.mark.parametrize("password", ["Max.Muster.2300229", "customer2300229!", "max.muster@example.com", "MUSTERmax2300229"])
def test_what_consists_of_ones_own_words_is_refused_and_says_why(settings, password):
    assert "your name" in str(passwords.judge(settings, password, OWN, ()).problem)


def test_own_words_are_taken_from_the_estimate_after_it(settings):
    passwords.judge(settings, "grüne Laterne am alten Hafen", ["gruene"], ())
    passwords.judge(settings, "grüne Laterne am alten Hafen", [], ())
    assert matching.RANKED_DICTIONARIES["user_inputs"] == {}


def test_a_former_one_is_refused(settings):
    former = passwords.hasher(settings).hash("grüne Laterne am alten Hafen")
    assert "before" in str(passwords.judge(settings, "grüne Laterne am alten Hafen", [], (former,)).problem)


def test_a_breached_one_is_refused_and_a_list_out_of_reach_lets_it_pass(tmp_path):
    file = tmp_path / "hashes.txt"
    file.write_text(hashlib.sha1("grüne Laterne am alten Hafen".encode()).hexdigest().upper() + ":3\n")
    settings = make_settings("", tmp_path, breached_passwords=str(file))
    with pytest.raises(InvalidField, match="password"):
        passwords.judge(settings, "grüne Laterne am alten Hafen", [], ()).insist()
    file.unlink()
    judged = passwords.judge(settings, "grüne Laterne am alten Hafen", [], ())
    assert (judged.problem, judged.unchecked) == (None, True)


def test_every_warning_of_the_library_has_a_text():
    source = inspect.getsource(feedback)
    warnings = {" ".join("".join(part).split()) for part in re.findall(r"'warning': _\('((?:[^'\\]|\\.)*)'", source)}
    assert warnings <= set(passwords._WARNINGS)
