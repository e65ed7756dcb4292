"""Details of events go with the person whom they are about, and the seals hold all the same; nobody else can change them so."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select, update

from idp import audit
from idp.audit import Event, hashed_lines, sealing, store
from idp.audit.tables import AuditEvent, AuditSeal
from idp.settings import Settings
from idp.unit_of_work import Units
from tests.units import opened_units

PERSON = "account-1"


@pytest.fixture
def units(settings: Settings, clock: Callable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Units]:
    """Units of work without the application, and runs of two events."""
    monkeypatch.setattr(sealing, "BATCH", 2)
    with opened_units(settings, clock) as opened:
        yield opened


@pytest.fixture
def written(unit):
    """Events about two people, with codes and with words."""
    for account in (PERSON, "account-2", PERSON, "account-2", PERSON):
        with unit() as work:
            audit.record(work, Event.SESSION_STARTED, account=account, device="Telefon von Zacharias", acr="urn:idp:acr:mfa", renewed=False)


def seal(units, clock) -> None:
    clock.advance(minutes=3)
    audit.seal(units)


def erase(units) -> int:
    with units.write() as work:
        return audit.erase_details(work, PERSON)


def verified(units):
    with units.read() as work:
        return audit.verify(work)


def details(units, account=PERSON):
    with units.read() as work:
        return list(work.db.scalars(select(AuditEvent.detail).where(AuditEvent.account_id == account).order_by(AuditEvent.id)))


def test_words_go_and_codes_stay(units, written):
    assert erase(units) == 3
    assert details(units) == [{"acr": "urn:idp:acr:mfa", "renewed": False}] * 3
    assert details(units, "account-2")[0]["device"] == "Telefon von Zacharias"


def test_a_second_time_changes_nothing(units, written):
    erase(units)
    assert erase(units) == 0


@pytest.mark.parametrize("sealed_before", [True, False])
def test_the_seals_hold_whether_they_came_before_or_after(units, written, clock, sealed_before):
    if sealed_before:
        seal(units, clock)
    erase(units)
    seal(units, clock)
    found = verified(units)
    assert (found.seals, found.events, found.broken) == (3, 5, ())


def test_a_seal_that_is_made_while_details_go_holds(units, written, clock):
    clock.advance(minutes=3)
    with units.read() as work:  # the worker has read the events, but not sealed them yet
        rows = store.span(work.db, 0, store.last_id(work.db), 2)
    erase(units)
    with units.write() as work:
        mac = sealing._mac(work.secrets, None, rows, work.now)
        store.add_seal(work.db, store.Seal(rows[0].entry.id, rows[-1].entry.id, work.now, mac))
    assert not verified(units).broken


@pytest.mark.parametrize("change", [{"actor_id": "somebody-else"}, {"detail": {"acr": "none"}}, {"sealed_as": "0" * 64 + "." + "0" * 64}])
def test_what_is_left_of_such_an_event_cannot_be_changed(units, written, clock, change):
    seal(units, clock)
    erase(units)
    with units.write() as work:
        work.db.execute(update(AuditEvent).where(AuditEvent.account_id == PERSON).values(**change))
    assert verified(units).broken


def test_nobody_without_the_master_secret_can_take_details_away(units, written, clock):
    seal(units, clock)
    with units.write() as work:
        (row, *_) = store.of_account(work.db, PERSON, after=0, limit=1)
        was = f"{hashed_lines.hash_of(work.secrets, row)}.{'0' * 64}"
        work.db.execute(update(AuditEvent).where(AuditEvent.id == row.entry.id).values(detail={}, sealed_as=was))
    assert verified(units).broken


def test_what_an_older_version_sealed_is_proven_and_left_alone(units, written, clock, monkeypatch):
    now = sealing._mac
    monkeypatch.setattr(sealing, "_mac", lambda secrets, before, rows, at, version=1: now(secrets, before, rows, at, version))
    clock.advance(minutes=3)
    audit.seal(units)
    monkeypatch.setattr(sealing, "_mac", now)
    with units.write() as work:
        work.db.execute(update(AuditSeal).values(format=1))
    assert not verified(units).broken
    assert erase(units) == 0
    with units.write() as work:
        audit.record(work, Event.SESSION_STARTED, account=PERSON, device="Telefon von Zacharias")
    assert erase(units) == 1
    seal(units, clock)
    assert not verified(units).broken
