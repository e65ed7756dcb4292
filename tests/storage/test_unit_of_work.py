"""A unit of work on each database: what is kept, what is not, who is told when, and what a lost race means."""

import threading
from dataclasses import dataclass

import pytest
from sqlalchemy import func, insert, select, update

from idp.directory.tables import Attempt
from idp.errors import Conflict, IdpError
from idp.unit_of_work import SYSTEM, Units, retry_once


class Counts(IdpError):
    """A refusal that must count."""

    code = "counts"
    keeps_changes = True


@dataclass(frozen=True)
class Happened:
    """A domain event of the test."""

    key: str


def add(work, key: str) -> None:
    work.db.execute(insert(Attempt).values(kind="test", key=key, at=work.now))


@pytest.fixture
def keys(units):
    """Tell what is durable."""

    def read() -> list[str]:
        with units.read() as work:
            return sorted(work.db.execute(select(Attempt.key)).scalars())

    return read


@pytest.fixture
def with_handlers(units, app):
    """Give units whose events are handled as the test says."""

    def made(*handlers) -> Units:
        return Units(*units.engines[:2], units.settings, units.secrets, units.clock, {Happened: handlers})

    return made


def test_a_unit_that_ends_is_kept(unit, keys):
    with unit() as work:
        add(work, "a")
    assert keys() == ["a"]


@pytest.mark.parametrize("error", [Conflict("no"), ValueError("bug")])
def test_a_refusal_and_a_fault_keep_nothing(unit, keys, error):
    with pytest.raises(type(error)), unit() as work:
        add(work, "a")
        raise error
    assert keys() == []


def test_a_refusal_that_must_count_keeps_its_changes_and_is_raised(unit, keys):
    with pytest.raises(Counts), unit() as work:
        add(work, "a")
        raise Counts
    assert keys() == ["a"]


def test_a_refused_unit_leaves_its_note(unit, keys):
    with pytest.raises(Conflict), unit() as work:
        add(work, "a")
        work.on_refusal(lambda small: add(small, "note"))
        raise Conflict("no")
    assert keys() == ["note"]


def test_a_unit_that_ends_well_writes_no_note_of_refusal(unit, keys):
    with unit() as work:
        work.on_refusal(lambda small: add(small, "note"))
    assert keys() == []


def test_what_comes_after_the_commit_sees_it(unit, keys):
    seen = []
    with unit() as work:
        add(work, "a")
        work.after_commit(lambda: seen.append(keys()))
    assert seen == [["a"]]


def test_what_comes_after_the_commit_does_not_come_without_one(unit):
    seen = []
    with pytest.raises(Conflict), unit() as work:
        work.after_commit(lambda: seen.append(1))
        raise Conflict("no")
    assert seen == []


def test_handlers_write_in_the_same_transaction(with_handlers, keys):
    units = with_handlers(lambda work, event: add(work, f"handled {event.key}"))
    with units.write(SYSTEM) as work:
        add(work, "a")
        work.emit(Happened("a"))
    assert keys() == ["a", "handled a"]


def test_a_handler_that_fails_undoes_all(with_handlers, keys):
    def broken(work, event) -> None:
        raise Conflict("no")

    with pytest.raises(Conflict), with_handlers(broken).write(SYSTEM) as work:
        add(work, "a")
        work.emit(Happened("a"))
    assert keys() == []


def test_events_of_handlers_are_handled_until_none_is_left(with_handlers, keys):
    def goes_on(work, event) -> None:
        add(work, event.key)
        if len(event.key) < 3:
            work.emit(Happened(event.key + "a"))

    with with_handlers(goes_on).write(SYSTEM) as work:
        work.emit(Happened("a"))
    assert keys() == ["a", "aa", "aaa"]


def test_a_reading_unit_sees_what_is_committed_meanwhile(units, unit):
    count = select(func.count()).select_from(Attempt)
    with units.read() as reading:
        before = reading.db.execute(count).scalar()
        with unit() as work:
            add(work, "a")
        assert (before, reading.db.execute(count).scalar()) == (0, 1)


def test_writers_wait_for_each_other_and_lose_nothing(units, keys):
    def write(name: str) -> None:
        for number in range(10):
            with units.write(SYSTEM) as work:
                add(work, f"{name}{number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys()) == 40


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_deadlock_is_try_again_and_the_second_run_succeeds(units, unit, keys):
    with unit() as work:
        add(work, "a")
        add(work, "b")
    both_hold_one = threading.Barrier(2, timeout=10)
    runs, done = [], []

    def cross(first: str, second: str) -> None:
        def once() -> None:
            runs.append(first)
            with units.write(SYSTEM) as work:
                work.db.execute(update(Attempt).where(Attempt.key == first).values(kind=first))
                if runs.count(first) == 1:
                    both_hold_one.wait()
                work.db.execute(update(Attempt).where(Attempt.key == second).values(kind=first))

        retry_once(once)
        done.append(first)

    threads = [threading.Thread(target=cross, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["a", "b"]
    assert len(runs) > 2
