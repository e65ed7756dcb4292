"""The short way of a statement gives what the library's way gives."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, bindparam, event, func, insert, literal, literal_column, select, text, update
from sqlalchemy.exc import IntegrityError, InvalidRequestError, MultipleResultsFound, NoResultFound, StatementError

from idp.database import Base, upsert
from idp.identifiers import new_id
from idp.statements import ShortWayConnection, _Plans, _plans_of
from tests import builders

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def audit_row():
    return lambda **values: (
        {
            "at": NOON,
            "event": "test.noted",
            "actor_kind": "system",
            "actor_id": None,
            "on_behalf_of": None,
            "session_id": None,
            "account_id": None,
            "customer_id": None,
            "client_id": None,
            "request_id": "r",
            "detail": {"ä": [1, None, "x"]},
        }
        | values
    )


def events_table():
    return Base.metadata.tables["audit_events"]


def plan_of(db, statement, given):
    """Tell whether a statement has a plan, as `execute` would ask."""
    return _plans_of[db.engine].find(db.dialect, statement, given)


def thrice(db, statement, given=None):
    """Run a statement by the library's way, then twice by the short one."""
    return [db.execute(statement, given) for _ in range(3)]


def test_rows_are_the_same_with_all_types(unit, audit_row):
    table = events_table()
    add = insert(table).inline()
    find = select(table).where(table.c.event == bindparam("named")).order_by(table.c.id)
    with unit() as work:
        for number in range(3):
            work.db.execute(add, audit_row(request_id=f"r{number}"))
        assert plan_of(work.db, add, audit_row())
        first, second, third = (result.all() for result in thrice(work.db, find, {"named": "test.noted"}))
        assert plan_of(work.db, find, {"named": "x"})
    assert first == second == third
    assert [(row.request_id, row.at, row.detail, row.actor_id) for row in third] == [
        (f"r{number}", NOON, {"ä": [1, None, "x"]}, None) for number in range(3)
    ]
    assert dict(third[0]._mapping) == dict(first[0]._mapping)


def test_columns_of_one_name_in_two_tables_keep_their_own_names(unit):
    one, other = events_table().alias(), events_table().alias()
    both = select(one.c.id, other.c.id, func.count().label("how_many")).join(other, one.c.id == other.c.id).group_by(one.c.id, other.c.id)
    with unit() as work:
        assert len({tuple(result.keys()) for result in thrice(work.db, both)}) == 1
        assert plan_of(work.db, both, {})


def test_how_many_rows_changed_is_told(unit, audit_row):
    table = events_table()
    change = update(table).where(table.c.event == bindparam("named")).values(request_id=bindparam("to"))
    with unit() as work:
        for _ in range(2):
            work.db.execute(insert(table).inline(), audit_row())
        assert [result.rowcount for result in thrice(work.db, change, {"named": "test.noted", "to": "x"})] == [2, 2, 2]
        assert [result.rowcount for result in thrice(work.db, change, {"named": "nothing", "to": "x"})] == [0, 0, 0]


def test_what_a_change_returns_is_converted(unit, audit_row):
    table = events_table()
    change = update(table).values(at=bindparam("now")).returning(table.c.at, table.c.detail)
    with unit() as work:
        work.db.execute(insert(table).inline(), audit_row())
        for result in thrice(work.db, change, {"now": NOON}):
            row = result.one()
            assert (row.at, row.detail["ä"]) == (NOON, [1, None, "x"])
        assert plan_of(work.db, change, {"now": NOON})


def test_a_statement_made_of_another_has_a_plan_of_its_own(unit, audit_row):
    table = events_table()
    every = select(table.c.request_id)
    with unit() as work:
        for number in range(2):
            work.db.execute(insert(table).inline(), audit_row(request_id=f"r{number}"))
        thrice(work.db, every)
        some = every.where(table.c.request_id == "r1")
        assert [result.scalars().all() for result in thrice(work.db, some)] == [["r1"]] * 3
        assert len(work.db.execute(every).all()) == 2


def test_a_fixed_number_of_rows_with_named_values_goes_in_by_the_short_way(unit):
    table = Base.metadata.tables["budget_locks"]
    at = bindparam("now", type_=table.c.at.type)
    rows = [{"kind": bindparam(f"kind_{n}", type_=table.c.kind.type), "key": f"k{n}", "at": at} for n in range(2)]
    put = (
        upsert(table).values(rows).on_conflict_do_update(index_elements=["kind", "key"], set_={"at": at}).returning(table.c.key, table.c.at)
    )
    given = {"kind_0": "one", "kind_1": "another", "now": NOON}
    with unit() as work:
        assert [result.all() for result in thrice(work.db, put, given)] == [[("k0", NOON), ("k1", NOON)]] * 3
        assert plan_of(work.db, put, given)
        assert set(work.db.execute(select(table.c.kind)).scalars()) == {"one", "another"}


def test_a_list_of_values_goes_the_librarys_way(unit, audit_row):
    table = events_table()
    among = select(table.c.id).where(table.c.request_id.in_(bindparam("ids", expanding=True)))
    with unit() as work:
        work.db.execute(insert(table), [audit_row(request_id="a"), audit_row(request_id="b"), audit_row(request_id="c")])
        assert [len(result.all()) for result in thrice(work.db, among, {"ids": ["a", "c"]})] == [2, 2, 2]
        assert plan_of(work.db, among, {"ids": []}) is None
        assert work.db.execute(among, {"ids": []}).all() == []


@pytest.mark.parametrize("columns", [text("*"), text("id, event"), literal_column("*")], ids=str)
def test_columns_that_only_the_database_knows_go_the_librarys_way(unit, audit_row, columns):
    ask = select(columns).select_from(events_table())
    with unit() as work:
        work.db.execute(insert(events_table()).inline(), audit_row())
        first, *others = [tuple(result.one()) for result in thrice(work.db, ask)]
        assert others == [first, first]
        assert plan_of(work.db, ask, {}) is None


def test_failures_are_worded_by_the_library(unit):
    table = Base.metadata.tables["customers"]
    missing = select(table.c.id).where(table.c.number == bindparam("number"))
    add = insert(table)
    with unit() as work:
        customer = builders.customer(work)
        for _ in range(3):
            with pytest.raises(StatementError):
                work.db.execute(missing, {"another": 1})
        row = dict(work.db.execute(select(table).where(table.c.id == customer.id)).mappings().one()) | {"id": new_id()}
        for _ in range(3):
            with pytest.raises(IntegrityError), work.db.begin_nested():
                work.db.execute(add, row)
        assert plan_of(work.db, add, row)


def test_a_naive_time_is_refused(unit):
    later = select(events_table().c.id).where(events_table().c.at > bindparam("now"))
    with unit() as work:
        for number in range(3):
            given = {"now": NOON if number < 2 else NOON.replace(tzinfo=None)}
            try:
                work.db.execute(later, given)
                assert number < 2
            except StatementError:
                assert number == 2


def test_a_value_that_stands_twice_is_converted_though_its_type_is_seen_but_once(unit, audit_row):
    table = events_table()
    ask = select(func.coalesce(None, bindparam("now"))).where(table.c.at == bindparam("now"))
    twice = select(table.c.id).where(table.c.at <= bindparam("now")).order_by(func.coalesce(table.c.at, bindparam("now")))
    with unit() as work:
        work.db.execute(insert(table).inline(), audit_row())
        for statement in (ask, twice):
            first, *others = [[tuple(row) for row in result] for result in thrice(work.db, statement, {"now": NOON})]
            assert plan_of(work.db, statement, {"now": NOON})
            assert first
            assert others == [first, first]


def test_who_listens_to_statements_hears_all(unit):
    ask = select(literal(1))
    with unit() as work:
        thrice(work.db, ask)
        heard = []
        event.listen(work.db, "before_cursor_execute", lambda *given: heard.append(given[2]))
        thrice(work.db, ask)
    assert len(heard) == 3


def test_one_row_is_asked_for_as_the_library_does(unit, audit_row):
    table = events_table()
    ask = select(table.c.id).where(table.c.event == bindparam("named"))
    with unit() as work:
        thrice(work.db, ask, {"named": "none"})
        assert work.db.execute(ask, {"named": "none"}).one_or_none() is None
        with pytest.raises(NoResultFound):
            work.db.execute(ask, {"named": "none"}).one()
        work.db.execute(insert(table), [audit_row(), audit_row()])
        with pytest.raises(MultipleResultsFound):
            work.db.execute(ask, {"named": "test.noted"}).one_or_none()
        assert work.db.execute(ask, {"named": "test.noted"}).mappings().first()["id"]


def test_statements_of_one_request_are_not_kept(unit):
    plans = _Plans()
    with unit() as work:
        for number in range(50):
            built = select(literal(number))
            assert plans.find(work.db.dialect, built, {}) is None
    assert not plans._plans


def test_a_unit_has_the_short_way(unit):
    with unit() as work:
        assert isinstance(work.db, ShortWayConnection)


def test_a_transaction_that_is_over_takes_no_more_statements(unit):
    ask = select(literal(1))
    with unit() as work:
        thrice(work.db, ask)
        with pytest.raises(InvalidRequestError), work.db.begin_nested() as inner:
            inner.rollback()
            work.db.execute(ask)


def test_the_same_statement_run_for_the_first_time_by_many_threads_at_once(units):
    asks = [select(literal(number), func.count()).select_from(events_table()) for number in range(40)]
    start, told = threading.Barrier(6), []

    def run():
        start.wait()
        for number, ask in enumerate(asks):
            with units.read() as work:
                told.append(tuple(work.db.execute(ask).one()) == (number, 0))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [True] * 240


def test_failures_that_pass_can_still_be_told_by_the_statement(unit):
    """A text that no database stores, and a number that is too large, fail by both ways alike."""
    ask = select(events_table().c.id).where(events_table().c.id == bindparam("number"), events_table().c.event == bindparam("named"))
    with unit() as work:
        for given in ({"number": 2**70, "named": "x"}, {"number": 1, "named": "\ud800"}, {"number": 1, "named": object()}):
            failures = []
            thrice(work.db, ask, {"number": 1, "named": "x"})
            for run in (Connection.execute, type(work.db).execute):
                with pytest.raises(Exception) as failure, work.db.begin_nested():  # noqa: PT011 - which one is compared
                    run(work.db, ask, given)
                failures.append((type(failure.value), type(getattr(failure.value, "orig", None))))
            assert failures[0] == failures[1]


def test_a_failure_tells_no_values(unit):
    add = insert(Base.metadata.tables["customers"])
    with unit() as work:
        for parameters in ({"id": "somebody's"}, [{"id": "somebody's"}, {"id": "somebody's"}]):
            for _ in range(3):
                with pytest.raises(IntegrityError) as failure, work.db.begin_nested():
                    work.db.execute(add, parameters)
                assert "somebody's" not in str(failure.value).replace(str(failure.value.orig), "")
