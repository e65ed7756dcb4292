"""Throttles count attempts in the order in which the database lets them in, whatever their own clocks say."""

import pytest

from idp.authn import throttling
from idp.authn.errors import Throttled
from idp.authn.throttling import PASSWORD_BY_DEVICE, PASSWORD_BY_NETWORK

KEYS = [(PASSWORD_BY_DEVICE, "a device"), (PASSWORD_BY_NETWORK, "a network of many")]


@pytest.mark.parametrize("succeeds", [True, False])
def test_an_attempt_that_waited_for_a_later_one_is_not_refused(unit, clock, succeeds):
    with unit() as later:
        throttling.admit(later, KEYS)
        if succeeds:
            throttling.succeeded(later, KEYS)
    clock.advance(milliseconds=-30)  # it began before, and had to wait for the other's transaction
    with unit() as earlier:
        throttling.admit(earlier, KEYS)


def test_after_the_free_failures_attempts_wait(unit, clock):
    with unit() as work:
        for _ in range(PASSWORD_BY_DEVICE.free):
            throttling.admit(work, KEYS)
    with pytest.raises(Throttled), unit() as work:
        throttling.admit(work, KEYS)
    clock.advance(seconds=PASSWORD_BY_DEVICE.first)
    with unit() as work:
        throttling.admit(work, KEYS)
