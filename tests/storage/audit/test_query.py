"""Reading the audit log."""

from datetime import timedelta

import pytest

from idp import audit
from idp.audit import Event, Wanted, query
from idp.unit_of_work import SYSTEM
from tests.units import opened_units


@pytest.fixture
def units(settings, clock, monkeypatch):
    monkeypatch.setattr(query, "PAGE", 2)
    with opened_units(settings, clock) as opened:
        yield opened


@pytest.fixture
def written(unit, clock):
    for number in range(5):
        with unit() as work:
            audit.record(
                work, Event.PIN_WRONG if number % 2 else Event.PIN_SENT, account=f"account-{number // 3}", customer="c", number=number
            )
        clock.advance(minutes=1)


def numbers(entries):
    return [entry.detail["number"] for entry in entries]


def test_a_page_is_newest_first_and_the_next_follows_it(units, written):
    with units.read() as work:
        first = query.newest(work, Wanted(), limit=3)
        assert numbers(first) == [4, 3, 2]
        assert numbers(query.newest(work, Wanted(), before=first[-1].id)) == [1, 0]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(account_id="account-1"), [3, 4]),
        (Wanted(customer_id="c", event="pin.wrong"), [1, 3]),
        (Wanted(customer_id="another"), []),
    ],
)
def test_all_entries_are_given_in_their_order_page_by_page(units, written, wanted, found):
    assert numbers(query.every(units, SYSTEM, wanted)) == found


def test_a_span_holds_its_start_and_not_its_end(units, written, clock):
    start = clock() - timedelta(minutes=4)
    assert numbers(query.every(units, SYSTEM, Wanted(since=start, until=start + timedelta(minutes=2)))) == [1, 2]
