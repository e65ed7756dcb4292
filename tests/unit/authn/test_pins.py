"""How a PIN comes about."""

from collections import Counter

import pytest

from idp.authn import pins
from idp.crypto import Secrets

SECRETS = Secrets("a secret for tests that is long enough to be one")


def test_a_pin_has_seven_digits_leading_zeros_included():
    found = [pins.derive(SECRETS, f"challenge-{number}") for number in range(500)]
    assert all(len(pin) == 7 and pin.isdigit() for pin in found)
    assert any(pin.startswith("0") for pin in found)


def test_the_same_challenge_gives_the_same_pin():
    assert pins.derive(SECRETS, "challenge") == pins.derive(Secrets("a secret for tests that is long enough to be one"), "challenge")


@pytest.mark.parametrize("other", [Secrets("another secret that is long enough to be one too")])
def test_another_installation_gives_another_pin(other):
    assert pins.derive(other, "challenge") != pins.derive(SECRETS, "challenge")


def test_no_digit_is_preferred_at_any_place():
    drawn = 5000
    found = [pins.derive(SECRETS, f"challenge-{number}") for number in range(drawn)]
    for place in range(7):
        counts = Counter(pin[place] for pin in found)
        assert all(abs(counts[digit] - drawn / 10) < 6 * (drawn * 0.09) ** 0.5 for digit in "0123456789")


def test_a_draw_above_the_last_whole_range_is_drawn_again(monkeypatch):
    draws = iter([b"\xff" * 32, (1234567).to_bytes(32)])

    class Drawn:
        def __init__(self, *_):
            self.value = next(draws)

        def digest(self):
            return self.value

    monkeypatch.setattr("idp.authn.pins.hmac.new", Drawn)
    assert pins.derive(SECRETS, "challenge") == "1234567"
