"""Statements that are built once are compiled once: the short way from such a statement to its rows.

The library's own way (look up the compiled text, make a context, bind, a cursor's strategy, a result that knows the columns) costs a
short question several times what its database does. `ShortWayConnection` is the library's connection in all but this: a statement that
comes a second time is compiled by the library for good, and from then on given straight to the driver; binds and columns are converted
by the library's types, rows are the library's rows, failures are worded by the library. Whatever it does not know (lists of values,
many rows at once, defaults, options, somebody who listens to statements) goes the library's way.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import Connection, Delete, Dialect, Engine, Insert, Select, Update
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from idp.pool import CountedPool
from idp.together import Part, Together, part_of

__all__ = ["ShortWayConnection", "write_later"]

_KNOWN = (Select, Insert, Update, Delete)
_HARMLESS_OPTIONS = frozenset({"preserve_rowcount"})  # ours always keep it
_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|SHARE|advisory)\b", re.IGNORECASE)
_MOST_STATEMENTS = 1024
"""More than the program has; a bound for the case that somebody runs statements twice that were built for one request."""
_MOST_ROWS = 32
"""So many rows of one table wait: a message has room for 65 535 values, and each number of rows makes a text that is kept."""

Convert = Callable[[Any], Any]
Bind = tuple[str, str | None, Any, Convert | None]
"""A bind's name in the text, the name of its value (or None and the value itself), and how that is converted."""


class Rows(IteratorResult[Any]):
    """The rows of a statement, and how many it changed."""

    rowcount: int = -1


class Plan:
    """One statement with one set of bound names on one kind of database."""

    __slots__ = ("_binds", "_columns", "_convert", "_description", "_positional", "_text", "part", "reads")

    def __init__(self, compiled: SQLCompiler, columns: Sequence[TypeEngine[Any]], binds: Sequence[Bind]) -> None:
        self._text = compiled.string
        self.reads = _only_reads(compiled)
        self.part = None if isinstance(compiled.statement, Select) else part_of(compiled.statement, self._text)
        self._positional = compiled.positional
        self._binds = binds
        self._columns = columns
        self._description: SimpleResultMetaData | None = None
        self._convert: Sequence[tuple[int, Convert]] = ()

    def run(self, connection: "ShortWayConnection", given: Mapping[str, Any]) -> Rows:
        """Run the statement. Raises: what the library raises."""
        cursor = None
        try:
            values = self._placed(given) if self._positional else self.named(given)
            cursor = connection.ready(reads=self.reads).cursor()
            cursor.execute(self._text, values)
            rows = cursor.fetchall() if cursor.description else []
            count = cursor.rowcount
            if self._description is None:
                self._describe(connection.dialect, cursor.description or ())
            cursor.close()
        except SQLAlchemyError:
            raise  # the library's own, such as of a transaction that is over
        except BaseException as error:  # noqa: BLE001 - an interruption, too: nobody knows then what the driver is about
            worded = cursor is None or isinstance(error, connection.dialect.loaded_dbapi.Error)
            connection._handle_dbapi_exception(error, self._text if worded else None, None, cursor, None)  # noqa: SLF001 - the one place
        if self._convert:
            rows = [self._converted(row) for row in rows]
        assert self._description is not None
        result = Rows(self._description, iter(rows))
        result.rowcount = count
        return result

    def named(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Name the values as the text does, converted for the driver."""
        return {
            name: fixed if key is None else given[key] if convert is None else convert(given[key])
            for name, key, fixed, convert in self._binds
        }

    def _placed(self, given: Mapping[str, Any]) -> list[Any]:
        return [fixed if key is None else given[key] if convert is None else convert(given[key]) for _, key, fixed, convert in self._binds]

    def _converted(self, row: Sequence[Any]) -> tuple[Any, ...]:
        values = list(row)
        for place, convert in self._convert:
            values[place] = convert(values[place])
        return tuple(values)

    def _describe(self, dialect: Dialect, described: Sequence[Sequence[Any]]) -> None:
        """Learn the names of the columns, and how the driver gives their values."""
        assert len(described) == len(self._columns)
        processors = [
            kind.dialect_impl(dialect).result_processor(dialect, said[1]) for kind, said in zip(self._columns, described, strict=True)
        ]
        self._convert = tuple((place, convert) for place, convert in enumerate(processors) if convert is not None)
        self._description = SimpleResultMetaData([said[0] for said in described])


class _Plans:
    """The plans of one engine; safe to share between threads."""

    def __init__(self) -> None:
        self._met: WeakSet[Any] = WeakSet()
        self._plans: dict[Any, dict[tuple[str, ...], Plan | None]] = {}
        self._together: dict[tuple[tuple[Part, int], ...], Together] = {}

    def find(self, dialect: Dialect, statement: Any, given: Any) -> Plan | None:
        """Give the plan of a statement; none the first time, and for those that go the library's way."""
        plans = self._plans.get(statement)
        if plans is None:
            self._meet(statement)
            return None
        names = tuple(given)
        try:
            return plans[names]
        except KeyError:
            plan = plans[names] = _plan(dialect, statement, names)
            return plan

    def together(self, waiting: Mapping[Part, Sequence[Any]]) -> Together:
        """Give the one statement for what waits."""
        parts = tuple((part, len(rows)) for part, rows in waiting.items())
        known = self._together.get(parts)
        if known is None:
            known = Together(parts)
            if len(self._together) < _MOST_STATEMENTS:
                self._together[parts] = known
        return known

    def _meet(self, statement: Any) -> None:
        """Remember a statement; one that comes again was built for good."""
        if statement in self._met:
            if len(self._plans) < _MOST_STATEMENTS:
                self._plans[statement] = {}
        else:
            self._met.add(statement)


_plans_of: WeakKeyDictionary[Engine, _Plans] = WeakKeyDictionary()


class ShortWayConnection(Connection):
    """A connection that knows the short way."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.pool = cast("CountedPool", engine.pool)
        self._plans = _plans_of.get(engine) or _plans_of.setdefault(engine, _Plans())
        self._driver: Any = None
        self._begins = False
        self._waiting: dict[Part, list[dict[str, Any]]] = {}

    def write_later(self, statement: Any, given: dict[str, Any]) -> None:
        """Write together with what else waits, before the next statement and before the end of the transaction. Raises: as `execute`."""
        self.driver()
        plan = self._plan_for(statement, given) if self._begins else None  # SQLite gains nothing; who only reads writes no rest at the end
        part = plan.part if plan else None
        if plan is None or part is None:
            self.execute(statement, given)
            return
        rows = self._waiting.get(part)
        if rows is not None and part.takes_rows and len(rows) < _MOST_ROWS:
            rows.append(plan.named(given))
            return
        if any(waiting.table == part.table for waiting in self._waiting):
            self.write_waiting()
        self._waiting[part] = [plan.named(given)]

    def write_waiting(self, *, last: bool = False) -> None:
        """Write what waits. `last`: nothing follows, so that without a transaction begun none is needed. Raises: as `execute`."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        cursor = None
        try:
            cursor = self.ready(reads=last).cursor()  # what nothing follows needs no transaction but its own
            self._plans.together(waiting).run(cursor, list(waiting.values()))
            cursor.close()
        except SQLAlchemyError:
            raise
        except BaseException as error:  # noqa: BLE001 - as in `Plan.run`
            self._handle_dbapi_exception(error, "what waited", None, cursor, None)

    def forget_waiting(self) -> None:
        """Leave unwritten what waits, because its transaction is rolled back."""
        self._waiting = {}

    def execute(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """Run a statement. Raises: what the library raises."""
        if self._waiting:
            self.write_waiting()
        if execution_options is None:
            given = {} if parameters is None else parameters
            plan = self._plan_for(statement, given)
            if plan is not None:
                return plan.run(self, given)
        self.ready(reads=False)
        return super().execute(statement, parameters, execution_options=execution_options)

    def scalar(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """Run a statement and give its first value. Raises: what the library raises."""
        return self.execute(statement, parameters, execution_options=execution_options).scalar()

    def scalars(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """Run a statement and give the first value of each row. Raises: what the library raises."""
        return self.execute(statement, parameters, execution_options=execution_options).scalars()

    def exec_driver_sql(self, *given: Any, **options: Any) -> Any:
        """Run a statement as it is written. Raises: what the library raises."""
        self.write_waiting()
        self.ready(reads=False)
        return super().exec_driver_sql(*given, **options)

    def begin_nested(self) -> Any:
        """Begin a savepoint. Raises: what the library raises."""
        self.write_waiting()
        return super().begin_nested()

    def _plan_for(self, statement: Any, given: Any) -> Plan | None:
        """Give the plan of a statement, if somebody has made one and nobody listens."""
        if not isinstance(statement, _KNOWN) or type(given) is not dict or self._has_events or self.engine._has_events:  # noqa: SLF001
            return None
        plan = self._plans.find(self.dialect, statement, given)
        return None if plan is None or self._is_over() else plan

    def _is_over(self) -> bool:
        """Tell whether the running transaction takes no more statements; the library says why."""
        running, nested, block = self._transaction, self._nested_transaction, self._trans_context_manager
        return (
            (running is not None and not running.is_active)
            or (nested is not None and not nested.is_active)
            or (block is not None and not block._transaction_is_active())  # noqa: SLF001
        )

    @property
    def is_listened_to(self) -> bool:
        """Whether somebody wants to hear of its statements."""
        return self._has_events

    def driver(self) -> Any:
        """Give the driver's connection."""
        if self._driver is None:
            self._driver = self.connection.driver_connection
            self._begins = self.dialect.name == "postgresql" and not self._driver.autocommit
        return self._driver

    def ready(self, *, reads: bool) -> Any:
        """Give the driver's connection, so that it begins a transaction before a statement unless that only reads and none has begun.

        Where each statement sees what is committed when it begins, reading before the first write is the same without a transaction.
        """
        driver = self.driver()
        if self._begins and driver.autocommit is not reads and not driver.pgconn.transaction_status:
            driver.autocommit = reads
        return driver

    def invalidate(self, exception: BaseException | None = None) -> None:
        """Forget the driver's connection, which is broken."""
        self._driver = None
        super().invalidate(exception)

    def close(self) -> None:
        """Give the driver's connection back to the pool, as it came from there."""
        if self._driver is not None and self._begins and not self._driver.closed:
            self.ready(reads=False)
        self._driver = None
        super().close()

    def is_at_rest(self) -> bool:
        """Tell whether the driver is within no transaction and no statement."""
        driver = self.driver()
        return not (driver.pgconn.transaction_status if self.dialect.name == "postgresql" else driver.in_transaction)


def write_later(db: Connection, statement: Any, given: Mapping[str, Any]) -> None:
    """Write without asking what came of it: at the latest at the end of the unit, in one go with what else waits. Raises: as `execute`."""
    if isinstance(db, ShortWayConnection):
        db.write_later(statement, dict(given))
    else:
        db.execute(statement, given)


def _only_reads(compiled: SQLCompiler) -> bool:
    """Tell whether a statement changes nothing and holds no row."""
    statement: Any = compiled.statement
    return isinstance(statement, Select) and statement._for_update_arg is None and not _WRITES.search(compiled.string)  # noqa: SLF001 - its only name


def _plan(dialect: Dialect, statement: Any, names: Sequence[str]) -> Plan | None:
    """Compile a statement for good, if there is nothing in it that the library decides at each run."""
    if not _HARMLESS_OPTIONS.issuperset(statement.get_execution_options()):
        return None
    compiled = statement.compile(dialect=dialect, column_keys=sorted(names))
    decided_late = (
        compiled.prefetch,
        compiled.implicit_returning,
        compiled.post_compile_params,
        compiled.literal_execute_params,
        compiled.escaped_bind_names,
    )
    if any(decided_late):
        return None
    binds = [_bind(compiled, name, names) for name in compiled.positiontup or dict.fromkeys(compiled.bind_names.values())]
    if None in binds:
        return None
    if isinstance(statement, Select):
        kinds = [column["type"] for column in statement.column_descriptions]
    else:
        kinds = [column.type for column in compiled.effective_returning or ()]
    if not all(isinstance(kind, TypeEngine) for kind in kinds):
        return None  # a whole entity
    if not compiled._ordered_columns or len(compiled._result_columns) != len(kinds):  # noqa: SLF001
        return None  # columns that only the database knows
    return Plan(compiled, kinds, [bind for bind in binds if bind])


def _bind(compiled: SQLCompiler, name: str, names: Sequence[str]) -> Bind | None:
    """Say where a bind's value comes from; None if the library decides that at each run."""
    bind = compiled.binds[name]
    convert = compiled._bind_processors.get(name)  # noqa: SLF001 - where a name stands twice, the library knows which type counts
    if convert is not None and not callable(convert):
        return None  # a tuple
    key = next((known for known in (bind.key, name) if known in names), None)
    if key is not None:
        return name, key, None, convert
    if bind.required or bind.callable is not None or bind.expanding:
        return None  # the library says what is missing
    value = bind.effective_value
    return name, None, convert(value) if convert else value, None
