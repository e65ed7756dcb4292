"""Deleting audit events that were kept long enough: what stays is proven, and nobody else can cut the log."""

import pytest
from sqlalchemy import delete, insert, select, update

from idp import audit
from idp.audit import Event, retention, store
from idp.audit.tables import AuditCut, AuditEvent, AuditSeal
from idp.errors import TryAgain
from idp.operations.cleaning import clean_kind
from idp.settings import Settings
from idp.unit_of_work import Units
from tests.conftest import make_settings
from tests.units import opened_units

KEPT = 30


@pytest.fixture
def settings(database: str, tmp_path) -> Settings:
    return make_settings(database, tmp_path, audit_keep_days=KEPT)


@pytest.fixture
def units(units_of_short_runs: Units) -> Units:
    """Units of work without the application, and runs of two events."""
    return units_of_short_runs


@pytest.fixture
def sealed(units, unit, clock):
    """Five events in three runs on each of three days, ten days apart; 20 days later the first are too old."""
    for _ in range(3):
        for number in range(5):
            with unit() as work:
                audit.record(work, Event.PIN_WRONG, account=f"account-{number}")
        clock.advance(minutes=3)
        audit.seal(units)
        clock.advance(days=10)
    clock.advance(days=5)


def verified(units, known_seal=None):
    with units.read() as work:
        return audit.verify(work, known_seal)


def clean(units, limit=500) -> int:
    with units.write() as work:
        return audit.delete_expired(work, limit)


def test_what_is_too_old_goes_and_the_rest_is_proven(units, sealed):
    assert clean(units) == 5 + 3
    found = verified(units)
    assert (found.events, found.seals, found.deleted, found.broken) == (10, 6, 5, ())
    assert found.deleted_until


def test_nothing_goes_before_its_time(units, unit, clock):
    with unit() as work:
        audit.record(work, Event.LOGOUT)
    clock.advance(minutes=3)
    audit.seal(units)
    with unit() as work:
        audit.record(work, Event.LOGOUT)
    clock.advance(minutes=3)
    audit.seal(units)
    clock.advance(days=KEPT - 1)
    assert clean(units) == 0


def test_it_goes_step_by_step_and_adds_up(units, clock, sealed):
    clock.advance(days=100)
    assert clean(units, limit=1) == 3
    assert clean(units, limit=4) == 5
    assert verified(units).deleted == 5
    assert clean_kind(units, audit.delete_expired)
    found = verified(units)
    assert (found.deleted, found.seals, found.broken) == (14, 1, ())


def test_the_newest_run_stays_so_that_numbers_go_on(units, unit, clock, sealed):
    clock.advance(days=1000)
    clean(units)
    assert clean(units) == 0
    with unit() as work:
        audit.record(work, Event.LOGOUT)
    clock.advance(minutes=3)
    assert audit.seal(units) == 1
    found = verified(units)
    assert (found.seals, found.events, found.unsealed, found.broken) == (2, 2, 0, ())


def test_0_keeps_for_ever(database, clock, tmp_path, sealed):
    with opened_units(make_settings(database, tmp_path, audit_keep_days=0), clock) as for_ever:
        clock.advance(days=10_000)
        assert clean(for_ever) == 0


def test_the_seal_of_the_cut_itself_is_known(units, sealed):
    with units.read() as work:
        first_day = store.next_seals(work.db, 0, 3)
    clean(units)
    assert verified(units, first_day[-1].mac).known_seal_found
    assert not verified(units, first_day[0].mac).known_seal_found


def test_a_kept_newest_seal_is_still_known_after_a_cut(units, sealed):
    kept = verified(units).last_seal
    clean(units)
    assert verified(units, kept).known_seal_found


def test_a_beginning_deleted_by_somebody_else_is_found(units, unit, sealed):
    with unit() as work:
        first = store.next_seals(work.db, 0, 1)[0]
        store.delete_until(work.db, first.last_event_id)
    assert verified(units).broken


def test_a_cut_made_without_the_master_secret_is_found(units, unit, sealed):
    with unit() as work:
        first = store.next_seals(work.db, 0, 1)[0]
        store.delete_until(work.db, first.last_event_id)
        forged = {"last_event_id": first.last_event_id, "seal": first.mac, "events": 2, "mac": "0" * 64}
        work.db.execute(insert(AuditCut).values(sealed_before=first.sealed_at, cut_at=work.now, **forged))
    assert verified(units).broken


@pytest.mark.parametrize("change", [{"events": 7}, {"seal": "0" * 64}])
def test_a_changed_cut_is_found(units, unit, sealed, change):
    clean(units)
    with unit() as work:
        work.db.execute(update(AuditCut).values(**change))
    assert verified(units).broken


def test_a_removed_cut_is_found(units, unit, sealed):
    clean(units)
    with unit() as work:
        work.db.execute(delete(AuditCut))
    assert verified(units).broken


def test_more_cut_than_the_cut_says_is_found(units, unit, sealed):
    clean(units)
    with unit() as work:
        first = store.next_seals(work.db, 0, 1)[0]
        work.db.execute(delete(AuditEvent).where(AuditEvent.id <= first.last_event_id))
        work.db.execute(delete(AuditSeal).where(AuditSeal.last_event_id <= first.last_event_id))
    assert verified(units).broken


def test_an_event_slipped_in_before_the_cut_is_found(units, unit, sealed):
    with units.read() as work:
        first = work.db.execute(select(AuditEvent.__table__).order_by(AuditEvent.id).limit(1)).mappings().one()
    clean(units)
    with unit() as work:
        work.db.execute(insert(AuditEvent), [dict(first)])
    assert verified(units).broken


def test_of_two_workers_who_cut_at_once_one_does(units, sealed, monkeypatch):
    clean(units)
    monkeypatch.setattr(store, "last_cut", lambda _db: None)  # as the other one read it, before the first
    with units.write() as work:
        work.db.execute(update(AuditSeal).values(sealed_at=work.now.replace(year=2020)))
    with pytest.raises(TryAgain):
        clean(units)


def test_the_cut_reads_the_same_from_the_database(units, sealed):
    clean(units)
    with units.read() as work:
        assert retention.is_genuine(work.secrets, store.last_cut(work.db))
