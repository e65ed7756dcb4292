"""Each prebuilt statement of the stores gives by the short way what it gives by the library's: names, types and rows."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Delete,
    Insert,
    Integer,
    LargeBinary,
    Select,
    Update,
    insert,
    select,
)

import idp
from idp.database import Base, UtcDateTime
from idp.statements import _plan, write_later
from tests.conftest import NOON
from tests.filled import row_of

EXPECTED_TO_WAIT = 100
EXPECTED = 250
"""There are at least so many; fewer would mean that they are no longer found."""


def prebuilt() -> Iterator[tuple[str, Any]]:
    for module in pkgutil.walk_packages(idp.__path__, "idp."):
        if "store" in module.name or module.name.endswith(".expiry"):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, Select | Insert | Update | Delete):
                    yield f"{module.name}.{name}", value


def value_for(bind: Any, *, empty: bool) -> Any:
    match bind.type:
        case _ if empty:
            return None
        case UtcDateTime():
            return NOON
        case Boolean():
            return True
        case Integer():
            return 1
        case LargeBinary():
            return b"\x00\xff"
        case JSON():
            return {"a": [1, None]}
        case _:
            return "100% :x"


def unfiltered(statement: Any) -> Any:
    """Give a statement without its conditions, so that it finds rows."""
    if isinstance(statement, Insert):
        return statement
    found = statement._generate()
    found._where_criteria = ()
    return found


def outcome(run: Any, db: Connection, statement: Any, given: dict[str, Any]) -> tuple[Any, ...]:
    """Run a statement, take back what it did, and tell what it gave."""
    savepoint = db.begin_nested()
    try:
        result = run(db, statement, given)
        if not isinstance(statement, Select) and not statement._returning:
            return (result.rowcount if isinstance(statement, Update | Delete) else None,)
        rows = [tuple(row) for row in result.all()]
        return list(result.keys()), rows, [[type(value) for value in row] for row in rows]
    except Exception as error:  # noqa: BLE001 - what the database refuses is an outcome, too
        return type(error), type(getattr(error, "orig", None))
    finally:
        if savepoint.is_active:
            savepoint.rollback()


def test_each_prebuilt_statement_gives_the_same_by_both_ways(unit) -> None:
    shorter = []
    with unit() as work:
        for table in Base.metadata.sorted_tables:
            work.db.execute(insert(table), [row_of(table, number) for number in (3, 4)])
        for name, original in prebuilt():
            for statement in (original, unfiltered(original)):
                binds = {bind.key: bind for bind in statement.compile(dialect=work.db.dialect).binds.values() if bind.required}
                for empty in (False, True):
                    given = {key: value_for(bind, empty=empty) for key, bind in binds.items()}
                    plan = _plan(work.db.dialect, statement, tuple(given))
                    if plan is None:
                        continue
                    shorter.append(name)

                    def short(db: Any, _: Any, given: Any, plan: Any = plan) -> Any:
                        return plan.run(db, given)

                    first = outcome(Connection.execute, work.db, statement, given)
                    for _ in range(2):
                        assert outcome(short, work.db, statement, given) == first, name
        assert len(set(shorter)) >= EXPECTED


def test_each_prebuilt_write_does_the_same_alone_and_together_with_others(unit) -> None:
    """Where it may wait: nobody asks it for rows."""
    waited = 0
    others = [insert(Base.metadata.tables[name]).inline() for name in ("budget_locks", "used_jtis")]
    with unit() as work:
        for table in Base.metadata.sorted_tables:
            work.db.execute(insert(table), [row_of(table, number) for number in (3, 4)])
        for name, statement in prebuilt():
            if isinstance(statement, Select) or statement._returning:
                continue
            beside = next(add for add in others if add.table is not statement.table)
            binds = {bind.key: bind for bind in statement.compile(dialect=work.db.dialect).binds.values() if bind.required}
            for empty in (False, True):
                given = {key: value_for(bind, empty=empty) for key, bind in binds.items()}
                writes = [(beside, row_of(beside.table, 5)), (statement, given)]
                first = left_by(Connection.execute, work.db, writes)
                for _ in range(3):
                    assert left_by(write_later, work.db, writes)[1] == first[1], name
                waited += left_by(write_later, work.db, writes)[0] == len(writes)
        assert waited >= (EXPECTED_TO_WAIT if work.db.dialect.name == "postgresql" else 0)


def left_by(write: Any, db: Any, writes: list[Any]) -> tuple[int, Any]:
    """Tell how many of several writes waited for each other, and what is in the table of the last one afterwards; take it back."""
    waiting, table = 0, writes[-1][0].table
    savepoint = db.begin_nested()
    try:
        for statement, given in writes:
            write(db, statement, given)
        waiting = len(db._waiting)
        known = [column for column in table.columns if not (column.primary_key and isinstance(column.type, Integer))]
        return waiting, sorted(repr(tuple(row)) for row in db.execute(select(*known)))
    except Exception as error:  # noqa: BLE001 - what the database refuses is an outcome, too
        return waiting, (type(error), type(getattr(error, "orig", None)))
    finally:
        db.forget_waiting()
        if savepoint.is_active:
            savepoint.rollback()
