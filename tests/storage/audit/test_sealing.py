"""Seals over the audit log: what was written can be changed, added to or removed only with a trace."""

import pytest
from sqlalchemy import delete, insert, select, update

from idp import audit
from idp.audit import Event, store
from idp.audit.tables import AuditEvent, AuditSeal
from idp.unit_of_work import Units


@pytest.fixture
def units(units_of_short_runs: Units) -> Units:
    """Units of work without the application, and runs of two events."""
    return units_of_short_runs


@pytest.fixture
def sealed(units, unit, clock):
    """Five events in three runs."""
    for number in range(5):
        with unit() as work:
            audit.record(work, Event.PIN_WRONG, account=f"account-{number}", tries_left=number, ratio=0.5, words="ä")
    clock.advance(minutes=3)
    assert audit.seal(units) == 5


def verified(units, known_seal=None):
    with units.read() as work:
        return audit.verify(work, known_seal)


def ids(unit):
    with unit() as work:
        return list(work.db.execute(select(AuditEvent.id).order_by(AuditEvent.id)).scalars())


def test_an_untouched_log_is_verified_whole(units, sealed):
    found = verified(units)
    assert (found.seals, found.events, found.unsealed, found.broken) == (3, 5, 0, ())


def test_a_changed_event_is_found_and_its_run_named(units, unit, sealed):
    third = ids(unit)[2]
    with unit() as work:
        work.db.execute(update(AuditEvent).where(AuditEvent.id == third).values(account_id="somebody else"))
    assert [run.first_event_id for run in verified(units).broken] == [third]


def test_a_changed_detail_is_found(units, unit, sealed):
    with unit() as work:
        work.db.execute(update(AuditEvent).where(AuditEvent.account_id == "account-0").values(detail={}))
    assert verified(units).broken


def test_a_removed_event_is_found(units, unit, sealed):
    with unit() as work:
        work.db.execute(delete(AuditEvent).where(AuditEvent.account_id == "account-1"))
    assert verified(units).broken


def test_an_event_slipped_in_between_is_found(units, unit, sealed):
    second = ids(unit)[1]
    with unit() as work:
        row = work.db.execute(select(AuditEvent.__table__).where(AuditEvent.id == second)).mappings().one()
        work.db.execute(delete(AuditEvent).where(AuditEvent.id == second))
        work.db.execute(insert(AuditEvent), {**row, "account_id": "slipped in"})
    assert verified(units).broken


def test_a_removed_run_with_its_seal_is_found_by_the_next_seal(units, unit, sealed):
    with unit() as work:
        second_seal = store.next_seals(work.db, 0, 2)[1]
        work.db.execute(delete(AuditEvent).where(AuditEvent.id.between(second_seal.first_event_id, second_seal.last_event_id)))
        work.db.execute(delete(AuditSeal).where(AuditSeal.last_event_id == second_seal.last_event_id))
    assert len(verified(units).broken) == 1


def test_a_seal_made_without_the_master_secret_is_found(units, unit, sealed):
    with unit() as work:
        work.db.execute(update(AuditSeal).values(mac="0" * 64))
    assert len(verified(units).broken) == 3


def test_a_cut_end_is_found_by_a_seal_kept_elsewhere(units, unit, sealed):
    kept = verified(units).last_seal
    with unit() as work:
        end = store.last_seal(work.db)
        work.db.execute(delete(AuditEvent).where(AuditEvent.id >= end.first_event_id))
        work.db.execute(delete(AuditSeal).where(AuditSeal.last_event_id == end.last_event_id))
    found = verified(units, kept)
    assert (found.broken, found.known_seal_found) == ((), False)


def test_the_chain_goes_on_where_it_ended(units, unit, clock, sealed):
    kept = verified(units).last_seal
    with unit() as work:
        audit.record(work, Event.LOGOUT)
    clock.advance(minutes=3)
    assert audit.seal(units) == 1
    found = verified(units, kept)
    assert (found.seals, found.events, found.known_seal_found) == (4, 6, True)


def test_events_of_the_last_two_minutes_wait_for_stragglers(units, unit, clock):
    with unit() as work:
        audit.record(work, Event.LOGOUT)
    clock.advance(minutes=1)
    assert audit.seal(units) == 0
    assert verified(units).unsealed == 1


def test_of_two_workers_at_the_same_place_one_lengthens_the_chain(units, unit, sealed):
    with unit() as work:
        end = store.last_seal(work.db)
        fork = store.Seal(end.first_event_id, end.last_event_id + 7, end.sealed_at, "0" * 64)
        assert not store.add_seal(work.db, fork)
