"""PINs when several act at the same moment, on each database."""

import itertools
import threading

import pytest
from sqlalchemy import func, select

from idp.authn import budgets, pins
from idp.authn.errors import PinExpired, PinTooSoon, PinTriesUsedUp, PinWrong, SmsUsedUp
from idp.directory import accounts
from idp.outbox.tables import Job
from tests import builders


def sent_sms(work) -> int:
    return work.db.scalar(select(func.count()).select_from(Job).where(Job.kind == "sms"))


@pytest.fixture
def pin(unit, admin) -> str:
    """The PIN of round `r`."""
    with unit() as work:
        pins.send(work, "r", admin, device_is_known=True)
    with unit() as work:
        return pins.derive(work.secrets, pins.look(work, "r").challenge.id)


def confirm(work, typed: str) -> str:
    pins.confirm(work, "r", typed)
    return "confirmed"


def test_of_many_right_pins_at_once_one_succeeds(at_once, pin):
    results = at_once(lambda work: confirm(work, pin), 6)
    assert results.count("confirmed") == 1
    assert set(results) - {"confirmed"} <= {PinTriesUsedUp, PinExpired}


def test_of_many_wrong_pins_at_once_five_are_judged(at_once, pin, admin, units):
    results = at_once(lambda work: confirm(work, f"{(int(pin) + 1) % 10**7:07d}"), 9)
    assert (results.count(PinWrong), results.count(PinTriesUsedUp)) == (4, 5)
    with units.read() as work:
        assert pins.look(work, "r").over


def test_of_many_first_sends_at_once_one_sms_leaves(at_once, admin, units):
    results = at_once(lambda work: pins.send(work, "r", admin, device_is_known=True), 5)
    assert (results.count(None), results.count(PinTooSoon)) == (1, 4)
    with units.read() as work:
        assert sent_sms(work) == 1


def test_the_budget_of_sms_holds_for_many_sign_ins_at_once(at_once, admin, units):
    results = at_once(lambda work: pins.send(work, f"round-{threading.get_ident()}", admin, device_is_known=True), 10)
    assert (results.count(None), results.count(SmsUsedUp)) == (6, 4)
    with units.read() as work:
        assert sent_sms(work) == 6


def test_the_budget_of_a_number_holds_for_accounts_that_share_it_and_send_at_once(at_once, unit, admin, units):
    with unit() as work:
        colleague = builders.active_account(work, role=accounts.Role.ADMINISTRATOR_KUNDENPORTAL)
    turns = itertools.count()

    def send(work) -> None:
        number = next(turns)
        pins.send(work, f"round-{number}", (admin, colleague)[number % 2], device_is_known=False)

    results = at_once(send, 10)
    assert (results.count(None), results.count(SmsUsedUp)) == (6, 4)
    with units.read() as work:
        assert sent_sms(work) == 6


def test_twenty_sms_a_day(unit, admin, clock):
    sent = 0
    for hour in range(4):
        for number in range(6):
            try:
                with unit() as work:
                    pins.send(work, f"round-{hour}-{number}", admin, device_is_known=True)
                sent += 1
            except SmsUsedUp as error:
                refused = error
        clock.advance(hours=1)
    assert sent == 20
    assert refused.retry_after == 21 * 3600


def test_twenty_wrong_pins_a_day(unit, admin, clock, units):
    with units.read() as work:
        assert budgets.waiting_for_wrong_pins(work, admin.id) is None
    for _ in range(20):
        with unit() as work:
            budgets.count_wrong_pin(work, admin.id)
        clock.advance(minutes=10)
    with units.read() as work:
        assert budgets.waiting_for_wrong_pins(work, admin.id).total_seconds() == 24 * 3600 - 200 * 60


def test_a_number_in_several_accounts_shares_one_budget(unit, admin, units):
    with unit() as work:
        colleague = builders.active_account(work, role=accounts.Role.ADMINISTRATOR_KUNDENPORTAL)
    assert colleague.mobile == admin.mobile
    for number, account in enumerate([admin, colleague] * 3):
        with unit() as work:
            pins.send(work, f"round-{number}", account, device_is_known=True)
    with pytest.raises(SmsUsedUp), unit() as work:
        pins.send(work, "one more", colleague, device_is_known=True)


def test_nothing_is_left_of_pins_after_two_days(unit, pin, clock, units):
    clock.advance(days=2, seconds=1)
    with unit() as work:
        assert pins.delete_expired(work, 100) == 1
    with units.read() as work:
        assert pins.look(work, "r").challenge is None
