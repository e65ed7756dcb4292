"""A new master secret: what is sealed with which, a rotation that is killed or taken back, what comes after it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import LargeBinary, delete, select, update

import idp.app
from idp import audit, messaging, outbox
from idp.audit import Event
from idp.database import Base
from idp.errors import SettingsError
from idp.oidc.keys.ring import KeyRing
from idp.oidc.keys.tables import SigningKey
from idp.operations import facts, resealing, sealed
from idp.operations.master_secret import check_master_secret, secrets_of
from idp.operations.resealing import State, StillSealing
from idp.operations.tables import InstallationFact
from idp.outbox.tables import Job
from idp.outbox.worker import Worker
from idp.settings import Settings
from idp.unit_of_work import SYSTEM, Units
from tests import reused
from tests.conftest import MASTER_SECRET, make_settings

NEW = "another secret for tests that is long enough to be one"
Start = Callable[..., Units]


@pytest.fixture
def settings_with(database: str, tmp_path) -> Callable[..., Settings]:
    """Settings of this installation with a master secret, and perhaps the one before."""

    def make(secret: str, previous: str = "") -> Settings:
        return make_settings(database, tmp_path, master_secret=secret, master_secret_previous=previous)

    return make


@pytest.fixture
def start(settings_with, clock) -> Start:
    """Start a process with these secrets, as `idp serve` does."""

    def begin(secret: str, previous: str = "") -> Units:
        settings = settings_with(secret, previous)
        check_master_secret(settings)
        writing, reading = reused.engines_of(settings)
        return Units(writing, reading, settings, secrets_of(settings, reading), clock, idp.app.handlers())

    return begin


@pytest.fixture
def old(start: Start) -> Units:
    """A process that knows nothing of a new secret."""
    return start(MASTER_SECRET)


def mail_a_link(units: Units) -> str:
    with units.write(SYSTEM) as work:
        person = {"salutation": "", "given_name": "Max", "family_name": "Muster", "username": "max"}
        link = {"link": "http://localhost/link"}
        return messaging.send_mail(work, "mail/password_reset", "max@example.com", "de", person, secret_values=link)


def states_of_jobs(units: Units) -> set[str]:
    Worker(units, messaging.senders(units), (), ()).drain()
    with units.read() as work:
        return set(work.db.execute(select(Job.state)).scalars())


def test_the_sealed_past_is_verified_with_the_new_secret_alone(start: Start, old: Units, clock) -> None:
    with old.write(SYSTEM) as work:
        audit.record(work, Event.STAFF_LOOKED_UP)
    clock.advance(minutes=5)
    audit.seal(old)
    rotating = start(NEW, MASTER_SECRET)
    resealing.rotate(rotating)
    clock.advance(minutes=5)
    audit.seal(rotating)
    with start(NEW).read() as work:
        found = audit.verify(work)
    assert (found.broken, found.seals > 1, found.unsealed) == ((), True, 0)


def test_a_process_that_knows_only_the_old_secret_is_refused_after_the_rotation(start: Start, old: Units) -> None:
    resealing.rotate(start(NEW, MASTER_SECRET))
    with pytest.raises(SettingsError, match="another master secret"):
        start(MASTER_SECRET)


def test_the_new_secret_alone_is_refused_before_the_rotation(start: Start, old: Units) -> None:
    with pytest.raises(SettingsError, match="another master secret"):
        start(NEW)


def test_until_the_rotation_what_the_new_process_seals_is_sealed_with_the_secret_in_force(start: Start, old: Units) -> None:
    new = start(NEW, MASTER_SECRET)
    mail_a_link(new)
    assert resealing.state(new).in_force == "previous"
    with new.read() as work:
        value = work.db.execute(select(Job.sealed)).scalar_one()
    assert old.secrets.present.sealed("outbox", value)
    resealing.rotate(new)
    mail_a_link(new)
    assert resealing.state(new) == State("present", 0, 0, previous_may_be_removed=True)


class Killed(Exception):
    """The process ends here."""


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_rotation_that_was_killed_is_finished_by_the_next(start: Start, old: Units, monkeypatch, steps: int) -> None:
    monkeypatch.setattr(resealing, "AT_ONCE", 3)
    for _ in range(5):
        mail_a_link(old)
    new = start(NEW, MASTER_SECRET)
    left, reseal = [steps], resealing._reseal

    def killed(*arguments: Any) -> Any:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return reseal(*arguments)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(resealing, "_reseal", killed)
        resealing.rotate(new)
    halfway = resealing.state(new)
    assert (halfway.in_force, halfway.previous_may_be_removed) == ("present", False)
    with pytest.raises(SettingsError, match="IDP_MASTER_SECRET_PREVIOUS"):
        start(NEW)
    again = start(NEW, MASTER_SECRET)
    assert resealing.rotate(again).resealed == halfway.sealed_with_previous
    assert resealing.state(again).previous_may_be_removed
    assert states_of_jobs(start(NEW)) == {"sent"}


def test_a_rotation_twice_changes_nothing_the_second_time(start: Start, old: Units) -> None:
    new = start(NEW, MASTER_SECRET)
    assert resealing.rotate(new).resealed == 8
    assert resealing.rotate(new).resealed == 0


def test_a_rotation_can_be_taken_back(start: Start, old: Units) -> None:
    resealing.rotate(start(NEW, MASTER_SECRET))
    back = start(MASTER_SECRET, NEW)
    assert resealing.rotate(back).resealed == 8
    assert KeyRing(start(MASTER_SECRET)).current().signing


def test_a_process_that_goes_on_sealing_with_the_old_secret_is_named(start: Start, old: Units, monkeypatch) -> None:
    new, reseal = start(NEW, MASTER_SECRET), resealing._reseal

    def while_the_old_one_runs(*arguments: Any) -> Any:
        mail_a_link(old)
        return reseal(*arguments)

    monkeypatch.setattr(resealing, "_reseal", while_the_old_one_runs)
    with pytest.raises(StillSealing):
        resealing.rotate(new)


def test_what_nobody_can_open_is_told_and_does_not_hold_the_rotation_up(start: Start, old: Units) -> None:
    job = mail_a_link(old)
    with old.write(SYSTEM) as work:
        work.db.execute(update(Job).where(Job.id == job).values(sealed=b"neither the one nor the other"))
    new = start(NEW, MASTER_SECRET)
    assert resealing.rotate(new).lost == 1
    assert resealing.state(new) == State("present", 0, 1, previous_may_be_removed=True)


def test_a_job_that_ends_while_it_is_sealed_anew_stays_wiped(start: Start, old: Units, monkeypatch) -> None:
    job = mail_a_link(old)
    new, reseal = start(NEW, MASTER_SECRET), resealing._reseal

    def after_its_end(*arguments: Any) -> Any:
        with new.write(SYSTEM) as work:
            work.db.execute(update(Job).where(Job.id == job).values(sealed=None))
        return reseal(*arguments)

    monkeypatch.setattr(resealing, "_reseal", after_its_end)
    resealing.rotate(new)
    with new.read() as work:
        assert work.db.execute(select(Job.sealed).where(Job.id == job)).scalar_one() is None


def test_every_sealed_column_is_sealed_anew() -> None:
    columns = {column for table in Base.metadata.sorted_tables for column in table.columns if isinstance(column.type, LargeBinary)}
    known = {column.column.expression for column in sealed.COLUMNS}
    not_secret = {column for column in columns if (column.table.name, column.name) == ("client_documents", "content")}
    assert {str(column) for column in columns - not_secret} == {str(column) for column in known}


def test_a_new_installation_derives_from_a_random_key(old: Units, start: Start) -> None:
    with old.write(SYSTEM) as work:
        work.db.execute(delete(InstallationFact))
    first, second = start(MASTER_SECRET), start(MASTER_SECRET)
    assert first.secrets.key("pin") == second.secrets.key("pin") != first.secrets.present.key("pin")


def test_an_installation_from_before_keeps_what_it_derives(old: Units, start: Start) -> None:
    with old.write(SYSTEM) as work:
        audit.record(work, Event.STAFF_LOOKED_UP)
        work.db.execute(delete(InstallationFact))
    again = start(MASTER_SECRET)
    assert again.secrets.key("pin") == old.secrets.present.key("pin")
    with old.read() as work:
        assert facts.DERIVATION_KEY in facts.all_of(work.db)


def test_a_key_made_during_the_rotation_can_be_used_by_all(old: Units, start: Start) -> None:
    new = start(NEW, MASTER_SECRET)
    with new.write(SYSTEM) as work:
        work.db.execute(delete(SigningKey))
    keys = KeyRing(new).current()
    assert KeyRing(old).current().signing.keys() == keys.signing.keys()


def test_a_rotation_waits_for_who_is_just_sealing_so_that_nothing_slips_past_it(start: Start, old: Units) -> None:
    new, other = start(NEW, MASTER_SECRET), start(NEW, MASTER_SECRET)
    with ThreadPoolExecutor(1) as beside:
        with other.write(SYSTEM) as work:
            outbox.enqueue(work, "mail", {}, secret={"link": "x"})
            rotation = beside.submit(resealing.rotate, new)
            with pytest.raises(TimeoutError):
                rotation.result(0.3)
        assert rotation.result(20).resealed == 9
    assert resealing.state(new) == State("present", 0, 0, previous_may_be_removed=True)


def test_two_rotations_at_once_are_one(start: Start, old: Units) -> None:
    for _ in range(5):
        mail_a_link(old)
    with ThreadPoolExecutor(2) as beside:
        done = list(beside.map(resealing.rotate, [start(NEW, MASTER_SECRET), start(NEW, MASTER_SECRET)]))
    assert max(one.resealed for one in done) <= 13
    assert states_of_jobs(start(NEW)) == {"sent"}


def test_a_worker_that_was_forgotten_in_a_rotation_loses_no_message(start: Start, old: Units, clock) -> None:
    new = start(NEW, MASTER_SECRET)
    resealing.rotate(new)
    mail_a_link(new)
    assert states_of_jobs(old) == {"waiting"}
    clock.advance(minutes=1)
    assert states_of_jobs(new) == {"sent"}
