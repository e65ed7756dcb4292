"""Throttles count attempts in the order in which the database lets them in, whatever their own clocks say."""

from contextlib import nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from idp.authn import throttling
from idp.authn.errors import Throttled
from idp.authn.tables import ThrottleCounter
from idp.authn.throttling import PASSWORD_BY_ACCOUNT, PASSWORD_BY_DEVICE, PASSWORD_BY_NETWORK

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


def counted(work) -> dict[str, int]:
    return {row[0]: row[1] for row in work.db.execute(select(ThrottleCounter.kind, ThrottleCounter.failures))}


def test_of_many_attempts_at_once_only_the_free_ones_are_let_in(at_once, units):
    results = at_once(lambda work: throttling.admit(work, KEYS), 9)
    assert (results.count(None), results.count(Throttled)) == (PASSWORD_BY_DEVICE.free, 9 - PASSWORD_BY_DEVICE.free)
    with units.read() as work:
        assert counted(work) == {PASSWORD_BY_DEVICE.kind: 5, PASSWORD_BY_NETWORK.kind: 5}  # what was refused counts nowhere


def test_of_many_who_succeed_at_once_nobody_is_counted(at_once, units):
    keys = [KEYS[0], (PASSWORD_BY_ACCOUNT, "an account"), KEYS[1]]
    with units.write() as work:
        throttling.admit(work, keys)

    def succeed(work) -> None:
        throttling.admit(work, keys)
        throttling.succeeded(work, keys)

    assert at_once(succeed, 8) == [None] * 8
    with units.read() as work:
        assert counted(work) == {PASSWORD_BY_DEVICE.kind: 0, PASSWORD_BY_ACCOUNT.kind: 1, PASSWORD_BY_NETWORK.kind: 1}


def test_each_throttle_refuses_by_its_own_longest_delay(unit, clock):
    network = KEYS[1:]
    with unit() as work:
        for _ in range(PASSWORD_BY_NETWORK.free):
            throttling.admit(work, network)
    for waited in (2, 4, 8, 16, 32, 64, 128, 256, 300, 300):
        clock.advance(seconds=waited - 1)
        with pytest.raises(Throttled) as refused, unit() as work:
            throttling.admit(work, KEYS)
        assert refused.value.retry_after == 1
        clock.advance(seconds=1)
        with unit() as work:
            throttling.admit(work, network)


def test_a_delay_beyond_a_throttles_own_longest_was_written_by_a_clock_that_ran_ahead(unit, clock):
    ahead = timedelta(seconds=PASSWORD_BY_NETWORK.longest + 1)  # within the longest delay of a device
    assert ahead < timedelta(seconds=PASSWORD_BY_DEVICE.longest)
    for throttle, refused in ((PASSWORD_BY_NETWORK, False), (PASSWORD_BY_DEVICE, True)):
        with unit() as work:
            throttling.admit(work, KEYS)
            blocked = update(ThrottleCounter).where(ThrottleCounter.kind == throttle.kind)
            work.db.execute(blocked.values(blocked_until=work.now + ahead))
        with pytest.raises(Throttled) if refused else nullcontext(), unit() as work:
            throttling.admit(work, KEYS)
