"""What nobody asks about is written together, in order and all or nothing; and no transaction begins before it is needed."""

import pytest
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.database import Base, upsert
from idp.errors import NotFound, TryAgain
from idp.statements import write_later
from tests.conftest import NOON

audit = Base.metadata.tables["audit_events"]
locks = Base.metadata.tables["budget_locks"]
entries = Base.metadata.tables["budget_entries"]
add_event = insert(audit).inline()
add_lock = insert(locks)
put_lock = upsert(locks).on_conflict_do_nothing(index_elements=["kind", "key"])
add_entry = insert(entries).inline()
rename = update(locks).where(locks.c.kind == bindparam("named")).values(key=bindparam("to"))
events = select(audit.c.request_id).order_by(audit.c.id)
held = select(locks.c.kind, locks.c.key).order_by(locks.c.kind)
held_locked = held.with_for_update()
held_below = select(held.with_for_update(read=True, key_share=True).subquery().c.kind)
count = select(func.count()).select_from(audit)


def event(request_id):
    empty = dict.fromkeys(["actor_id", "on_behalf_of", "session_id", "account_id", "customer_id", "client_id"])
    return {"at": NOON, "event": "test.noted", "actor_kind": "system", "request_id": request_id, "detail": {"100%": ["ä", None]}} | empty


def lock(kind, key="k"):
    return {"kind": kind, "key": key, "at": NOON}


@pytest.fixture(autouse=True)
def known(units, unit):
    """Let all statements have their plans; take back what that wrote."""
    with pytest.raises(NotFound), unit() as work:
        for number in range(3):
            write_later(work.db, add_event, event("r"))
            write_later(work.db, add_lock, lock(f"add {number}"))
            write_later(work.db, put_lock, lock(f"put {number}"))
            write_later(work.db, add_entry, lock("entry"))
            write_later(work.db, rename, {"named": "nothing", "to": "x"})
            for ask in (events, held, held_locked, held_below, count):
                work.db.execute(ask).all()
        raise NotFound("taken back")
    for _ in range(3):
        with units.read() as work:
            for ask in (events, held, count):
                assert list(work.db.execute(ask)) in ([], [(0,)])


def is_postgresql(work):
    return work.db.dialect.name == "postgresql"


def in_transaction(work):
    """Tell whether PostgreSQL holds a transaction for the unit."""
    return bool(work.db.driver().pgconn.transaction_status)


def end(units, backend):
    """Let PostgreSQL end a connection, as it does when it is shut down."""
    with units.read() as work:
        assert work.db.scalar(select(func.pg_terminate_backend(backend, 5000)))


def asked(units, statement):
    with units.read() as work:
        return [tuple(row) for row in work.db.execute(statement)]


def test_many_rows_of_several_tables_are_written_in_their_order(units, unit):
    with unit() as work:
        for number in range(12):
            write_later(work.db, add_event, event(f"r{number}"))
            write_later(work.db, add_entry, lock(f"entry {number}"))
        write_later(work.db, add_lock, lock("one"))
        write_later(work.db, add_lock, lock("two"))
        assert len(work.db._waiting) == (3 if is_postgresql(work) else 0)
    assert asked(units, events) == [(f"r{number}",) for number in range(12)]
    assert asked(units, select(audit.c.detail)) == [({"100%": ["ä", None]},)] * 12
    assert asked(units, held) == [("one", "k"), ("two", "k")]
    assert asked(units, select(func.count()).select_from(entries)) == [(12,)]


def test_no_more_rows_wait_than_one_statement_can_take(units, unit):
    """PostgreSQL takes 65 535 values; and texts of every length would be kept."""
    with unit() as work:
        for number in range(7000):
            write_later(work.db, add_event, event(f"r{number}"))
            assert sum(map(len, work.db._waiting.values())) <= 32
    assert asked(units, events) == [(f"r{number}",) for number in range(7000)]


def test_writes_of_one_table_see_each_other(units, unit):
    with unit() as work:
        write_later(work.db, add_lock, lock("one"))
        write_later(work.db, add_event, event("r"))
        write_later(work.db, rename, {"named": "one", "to": "renamed"})
        write_later(work.db, put_lock, lock("one", "renamed"))  # is there already
        write_later(work.db, put_lock, lock("two"))
        write_later(work.db, rename, {"named": "two", "to": "renamed, too"})
    assert asked(units, held) == [("one", "renamed"), ("two", "renamed, too")]


@pytest.mark.parametrize("ask", ["execute", "scalar", "scalars", "the library's way", "savepoint", "as it is written"])
def test_the_next_statement_sees_what_waits(unit, ask):
    with unit() as work:
        write_later(work.db, add_event, event("r"))
        match ask:
            case "execute":
                assert work.db.execute(count).scalar() == 1
            case "scalar":
                assert work.db.scalar(count) == 1
            case "scalars":
                assert list(work.db.scalars(count)) == [1]
            case "the library's way":
                assert work.db.execute(select(func.count(), 7).select_from(audit)).one() == (1, 7)
            case "savepoint":
                work.db.begin_nested().rollback()
                assert work.db.execute(count).scalar() == 1
            case _:
                assert work.db.exec_driver_sql("SELECT count(*) FROM audit_events").scalar() == 1


def test_a_unit_that_fails_writes_nothing_and_leaves_nothing_for_the_next(units, unit):
    with pytest.raises(NotFound), unit() as work:
        write_later(work.db, add_event, event("r"))
        raise NotFound("of the test")
    with unit() as work:
        write_later(work.db, add_lock, lock("one"))
    assert asked(units, count) == [(0,)]
    assert asked(units, held) == [("one", "k")]


def test_what_is_refused_at_the_end_takes_all_of_the_unit_with_it(units, unit):
    with unit() as work:
        write_later(work.db, add_lock, lock("one"))
    for before in (False, True):
        with pytest.raises(IntegrityError) as refused, unit() as work:
            if before:
                work.db.execute(add_lock, lock("two"))
            write_later(work.db, add_event, event("somebody's"))
            write_later(work.db, add_lock, lock("one"))
        assert "somebody's" not in str(refused.value)
        with unit() as work:  # on the same connection
            write_later(work.db, add_entry, lock("entry"))
    assert asked(units, count) == [(0,)]
    assert asked(units, held) == [("one", "k")]


def test_a_unit_that_only_reads_keeps_nothing_waiting_that_its_end_would_lose(units):
    with units.read() as work:
        write_later(work.db, add_event, event("r"))
        write_later(work.db, add_event, event("s"))
    assert asked(units, events) == [("r",), ("s",)]


def test_a_refusals_note_is_written_too(units, unit):
    with pytest.raises(NotFound), unit() as work:
        work.on_refusal(lambda after: write_later(after.db, add_event, event("refused")))
        raise NotFound("of the test")
    assert asked(units, events) == [("refused",)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
class TestTransactions:
    """PostgreSQL alone: a transaction begins with the first statement that needs one."""

    def test_reading_begins_none_and_one_write_at_the_end_needs_none(self, units, unit):
        with unit() as work:
            assert work.db.execute(count).scalar() == 0
            assert not in_transaction(work)
            write_later(work.db, add_event, event("r"))
            assert not in_transaction(work)
        assert asked(units, events) == [("r",)]

    def test_whatever_writes_or_holds_rows_begins_one(self, unit):
        ways = {
            "write": lambda db: db.execute(add_lock, lock("one")),
            "hold": lambda db: db.execute(held_locked),
            "hold further down": lambda db: db.execute(held_below),
            "the library's way": lambda db: db.execute(select(func.count(), 7).select_from(audit)),
            "as it is written": lambda db: db.exec_driver_sql("SELECT 1"),
            "savepoint": lambda db: db.begin_nested(),
        }
        for name, begin in ways.items():
            with pytest.raises(NotFound), unit() as work:
                work.db.execute(count)
                assert not in_transaction(work), name
                begin(work.db)
                assert in_transaction(work), name
                work.db.execute(count)
                assert in_transaction(work), name
                raise NotFound("taken back")

    @pytest.mark.parametrize("written", ["INSERT INTO budget_locks VALUES ('x', 'k', now())"])
    def test_what_is_written_after_reading_is_taken_back_with_the_unit(self, units, unit, written):
        with pytest.raises(NotFound), unit() as work:
            work.db.execute(count)
            work.db.exec_driver_sql(written)
            work.db.execute(count)
            raise NotFound("of the test")
        assert asked(units, held) == []

    def test_the_pool_gets_connections_back_that_begin_transactions(self, units, unit):
        with unit() as work:
            work.db.execute(count)
            connection = work.db
        connection.engine.pool.take_handed_on().close()
        with connection.engine.connect() as plain:
            assert not plain.connection.driver_connection.autocommit
            plain.execute(add_lock, lock("one"))
        assert asked(units, held) == []

    @pytest.mark.parametrize("pooler", [False, True], ids=["prepared", "behind a pooler"])
    @pytest.mark.parametrize("moment", ["after reading", "while something waits", "after writing", "within a savepoint"])
    def test_a_connection_that_breaks_takes_all_of_the_unit_with_it(self, units, unit, moment, pooler):
        with pytest.raises(TryAgain), unit() as work:
            if pooler:
                work.db.driver().prepare_threshold = None
            assert work.db.execute(count).scalar() == 0
            if moment != "after reading":
                write_later(work.db, add_event, event("lost"))
            if moment in ("after writing", "within a savepoint"):
                work.db.execute(add_lock, lock("lost"))
            if moment == "within a savepoint":
                work.db.begin_nested()
            end(units, work.db.driver().info.backend_pid)
            write_later(work.db, add_event, event("lost, too"))
        with unit() as work:
            write_later(work.db, add_lock, lock("one"))
        assert asked(units, count) == [(0,)]
        assert asked(units, held) == [("one", "k")]

    def test_reading_units_never_begin_one(self, units):
        with units.read() as work:
            for ask in (held_locked, select(func.count(), 7).select_from(audit)):
                work.db.execute(ask)
                assert not in_transaction(work)
