"""Connections are handed on from unit to unit without anything of a unit, and those who wait for one get it."""

import threading
import time
from contextlib import ExitStack

import psycopg
import pytest
from sqlalchemy import bindparam, event, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from idp import metrics
from idp.database import Base
from idp.errors import IdpError, TryAgain
from tests import servers
from tests.conftest import PATIENCE, closing_app, make_settings

ONE = text("SELECT 1")


class Refused(IdpError):
    """A refusal."""


@pytest.fixture
def engine(units):
    with units.write() as work:
        return work.db.engine


def in_use(units) -> float:
    return sum(metrics.POOL_IN_USE.labels(engine=name)._value.get() for name in ("read", "write"))


def at_rest(connection) -> bool:
    driver = connection.driver()
    return not driver.in_transaction if connection.dialect.name == "sqlite" else driver.pgconn.transaction_status == 0


@pytest.mark.parametrize("failure", [Refused(), TryAgain("x"), ValueError(), KeyboardInterrupt(), GeneratorExit(), SystemExit(1)], ids=repr)
@pytest.mark.parametrize("kind", ["read", "write"])
def test_a_unit_that_fails_gives_its_connection_back_without_a_transaction(units, kind, failure) -> None:
    before = in_use(units)
    with pytest.raises(type(failure)), getattr(units, kind)() as work:
        work.db.execute(ONE)
        connection = work.db
        raise failure
    assert in_use(units) == before
    with getattr(units, kind)() as work:
        assert work.db is connection
        assert work.db.execute(ONE).scalar() == 1
    assert at_rest(connection)


def test_a_unit_that_ends_within_a_savepoint_leaves_none(units) -> None:
    with pytest.raises(ValueError, match="inside"), units.write() as work:
        work.db.begin_nested()
        raise ValueError("inside")
    with units.write() as work:
        assert not work.db.in_nested_transaction()


def test_a_unit_whose_commit_fails_leaves_no_transaction_open(units, database) -> None:
    """SQLite stays in a transaction whose commit it refuses, and the library believes it over: all other writers would wait for it."""
    with pytest.raises(SQLAlchemyError), units.write() as work:
        if database.startswith("sqlite"):
            work.db.execute(text("PRAGMA defer_foreign_keys=ON"))
            work.db.execute(text("INSERT INTO contract_grants (account_id, contract_id) VALUES ('nobody', 'nothing')"))
        else:
            work.db.execute(text("CREATE TEMP TABLE parent (id int PRIMARY KEY) ON COMMIT DROP"))
            work.db.execute(text("CREATE TEMP TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP"))
            work.db.execute(text("INSERT INTO child VALUES (1)"))
    for _ in range(2):
        with units.write() as work:
            assert work.db.execute(ONE).scalar() == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("listened", [False, True])
@pytest.mark.parametrize("kind", ["read", "write"])
def test_a_unit_that_is_interrupted_within_a_statement_hands_nothing_on(units, kind, listened) -> None:
    with pytest.raises((KeyboardInterrupt, TryAgain)), getattr(units, kind)() as work:
        connection = work.db
        if listened:
            event.listen(work.db, "before_cursor_execute", lambda *_: None)
        work.db.driver().pgconn.send_query(b"SELECT 1")
        raise KeyboardInterrupt
    with getattr(units, kind)() as work:
        assert work.db is not connection
        assert work.db.execute(ONE).scalar() == 1


def test_who_waits_for_a_connection_gets_the_next_one(database, tmp_path, clock) -> None:
    with closing_app(make_settings(database, tmp_path, database_pool_size=1), clock) as app:
        units = app.extensions["idp.units"]
        with units.read() as work:
            pool = work.db.engine.pool
        most = pool.size() + pool._max_overflow
        go, got = [threading.Event() for _ in range(most)], []

        def hold(number: int) -> None:
            with units.read() as work:
                work.db.execute(ONE)
                go[number].wait(PATIENCE)

        holding = [threading.Thread(target=hold, args=(number,)) for number in range(most)]
        for thread in holding:
            thread.start()
        _until(lambda: pool.checkedout() == most and not pool._handed_on)

        def wait() -> None:
            with units.read() as work:
                got.append(work.db.execute(ONE).scalar())

        waiting = threading.Thread(target=wait)
        waiting.start()
        _until(lambda: pool._waiters)
        go[0].set()
        waiting.join(2)
        assert got == [1]
        for event_ in go:
            event_.set()
        for thread in holding:
            thread.join()


def _until(true) -> None:
    ends = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_many_more_units_than_connections_all_get_their_turn(database, tmp_path, clock) -> None:
    with closing_app(make_settings(database, tmp_path, database_pool_size=1), clock) as app:
        units, done = app.extensions["idp.units"], []
        before = in_use(units)

        def run() -> None:
            for _ in range(30):
                with units.read() as work:
                    done.append(work.db.execute(ONE).scalar())

        threads = [threading.Thread(target=run) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(done) == 24 * 30
        assert in_use(units) == before


def test_what_was_open_when_the_engine_was_disposed_is_not_handed_on(units) -> None:
    with units.read() as work:
        old = work.db
        work.db.engine.dispose()
    with units.read() as work:
        assert work.db is not old
        assert work.db.execute(ONE).scalar() == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_after_one_lost_connection_no_other_from_before_is_used(units, database) -> None:
    with units.read() as one, units.read() as other:
        pids = {work.db.execute(text("SELECT pg_backend_pid()")).scalar(): work.db for work in (one, other)}
    with pytest.raises(TryAgain), units.read() as work:
        (ours,) = [pid for pid, connection in pids.items() if connection is work.db]
        with psycopg.connect(database, autocommit=True) as another:
            another.execute("SELECT pg_terminate_backend(%s, 2000)", [ours])
        work.db.execute(ONE)
    with units.read() as work:
        assert work.db.execute(text("SELECT pg_backend_pid()")).scalar() not in pids


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("kind", ["read", "write"])
def test_a_prebuilt_statement_on_a_lost_connection_says_try_again(units, database, kind) -> None:
    ask = select(Base.metadata.tables["customers"].c.id)
    for _ in range(3):
        with getattr(units, kind)() as work:
            work.db.execute(ask)
    before = in_use(units)
    with pytest.raises(TryAgain), getattr(units, kind)() as work:
        pid = work.db.execute(text("SELECT pg_backend_pid()")).scalar()
        with psycopg.connect(database, autocommit=True) as another:
            another.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
        work.db.execute(ask)
    assert in_use(units) == before
    with getattr(units, kind)() as work:
        assert work.db.execute(ask).all() == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_the_driver_knows_to_be_closed_is_not_used(units) -> None:
    with units.read() as work:
        driver = work.db.driver()
    driver.close()
    with units.read() as work:
        assert work.db.execute(ONE).scalar() == 1


def test_a_connection_that_is_listened_to_is_not_handed_on(units) -> None:
    heard = []
    with units.read() as work:
        event.listen(work.db, "before_cursor_execute", lambda *given: heard.append(given[2]))
        work.db.execute(ONE)
    with units.read() as work:
        work.db.execute(ONE)
    assert len(heard) == 1


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_units_work_again_as_soon_as_the_server_is_back(own_postgres, database, tmp_path, clock) -> None:
    """What waits to be handed on is as old as the server that is gone; only units that are open at its end are lost."""
    with own_postgres.database() as url, closing_app(make_settings(url, tmp_path), clock) as app:
        units = app.extensions["idp.units"]
        with units.read() as one, units.read() as other, units.write() as third:
            for work in (one, other, third):
                work.db.execute(ONE)
        before = in_use(units)
        with pytest.raises(TryAgain), units.write() as work:
            work.db.execute(ONE)
            own_postgres.crash()
            work.db.execute(ONE)
        for kind in (units.read, units.write):
            with pytest.raises(TryAgain), kind() as work:
                work.db.execute(ONE)
        own_postgres.start()
        for _ in range(3):
            for kind in (units.read, units.write):
                with kind() as work:
                    assert work.db.execute(ONE).scalar() == 1
        assert in_use(units) == before


@pytest.fixture
def own_postgres():
    """A PostgreSQL server that a test may stop."""
    server = servers.Postgres(durable=True)
    yield server
    server.stop()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_prebuilt_statement_that_cannot_have_its_row_now_says_try_again(units) -> None:
    kinds = Base.metadata.tables["budget_locks"]
    hold = select(kinds.c.key).with_for_update()
    hold_now = select(kinds.c.key).with_for_update(nowait=True)
    with units.write() as work:
        work.db.execute(insert(kinds).values(kind="k", key="one", at=work.now))
        for _ in range(3):
            work.db.execute(hold)
            work.db.execute(hold_now)
    with units.write() as first:
        first.db.execute(hold)
        with pytest.raises(TryAgain, match="LockNotAvailable"), units.write() as work:
            work.db.execute(hold_now)
        with pytest.raises(TryAgain, match="QueryCanceled"), units.write() as work:
            work.db.execute(text("SET LOCAL statement_timeout = 50"))
            work.db.execute(hold)
    with units.write() as work:
        assert work.db.execute(hold_now).scalars().all() == ["one"]
        assert work.db.execute(text("SHOW statement_timeout")).scalar() == "0"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_of_two_prebuilt_statements_that_wait_for_each_other_one_says_try_again(units) -> None:
    kinds = Base.metadata.tables["budget_locks"]
    hold = select(kinds.c.key).where(kinds.c.key == bindparam("key")).with_for_update()
    with units.write() as work:
        for key in ("one", "two"):
            work.db.execute(insert(kinds).values(kind="k", key=key, at=work.now))
        for _ in range(3):
            work.db.execute(hold, {"key": "one"})
    both_hold, told = threading.Barrier(2), []

    def run(mine: str, others: str) -> None:
        try:
            with units.write() as work:
                work.db.execute(hold, {"key": mine})
                both_hold.wait(PATIENCE)
                work.db.execute(hold, {"key": others})
            told.append("done")
        except TryAgain as error:
            told.append(str(error))

    threads = [threading.Thread(target=run, args=pair) for pair in (("one", "two"), ("two", "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["database: DeadlockDetected", "done"]
    with units.write() as work:
        assert work.db.execute(hold, {"key": "two"}).scalar() == "two"


def test_a_connection_for_which_somebody_else_was_faster_counts_once(units, monkeypatch) -> None:
    """The library then begins anew, within itself."""
    with units.read() as work:
        pool = work.db.engine.pool
    pool.dispose()
    before, answers = in_use(units), [False, False]
    overflow = pool._inc_overflow
    monkeypatch.setattr(pool, "_inc_overflow", lambda: answers.pop() if answers else overflow())
    with units.read() as work:
        assert work.db.execute(ONE).scalar() == 1
        assert in_use(units) == before + 1
    assert answers == []
    assert in_use(units) == before


def test_after_a_rush_no_more_connections_stay_open_than_the_settings_name(database, tmp_path, clock) -> None:
    with closing_app(make_settings(database, tmp_path, database_pool_size=2), clock) as app:
        units = app.extensions["idp.units"]
        with ExitStack() as together:
            for _ in range(7):
                pool = together.enter_context(units.read()).db.engine.pool
        kept = pool.size()
        assert len(pool._handed_on) + pool.checkedin() == kept
        assert pool.checkedout() == len(pool._handed_on)
        with units.read() as work:
            assert work.db.execute(ONE).scalar() == 1
