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
)

import idp
from idp.database import Base, UtcDateTime
from idp.statements import _plan
from tests.conftest import NOON
from tests.filled import row_of

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
