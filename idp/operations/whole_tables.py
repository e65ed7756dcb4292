"""SQL over whole tables, for export and import: all of them but what only the demo transport writes.

Demo messages hold links and PINs in the clear, and nobody misses them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import JSON, Connection, Insert, Integer, Table, bindparam, create_engine, func, insert, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB

from idp.database import Base
from idp.messaging.tables import DemoMessage
from idp.operations.tables import InstallationFact
from idp.outbox.tables import PeriodicRun
from idp.settings import Settings

LEFT_OUT = {DemoMessage.__tablename__}
BEFORE_ANY_USE = {InstallationFact.__tablename__, PeriodicRun.__tablename__}
"""Tables that are filled by looking at an installation; a database is empty all the same."""

AT_ONCE = 500
"""Rows that are in memory at the same time."""

_NULLABLE_JSON = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")  # an absent document is no document `null`


def all_tables() -> list[Table]:
    """List the tables, each after those that it refers to."""
    return [one for one in Base.metadata.sorted_tables if one.name not in LEFT_OUT]


@contextmanager
def snapshot(settings: Settings) -> Iterator[Connection]:
    """Give a connection that sees the database as it is at this moment, and changes nothing."""
    address = settings.database_direct_url.get_secret_value() or settings.database_address
    on_sqlite = address.startswith("sqlite")
    if on_sqlite:
        engine = create_engine(address, isolation_level="AUTOCOMMIT", connect_args={"timeout": 10})  # the driver begins nothing itself
    else:
        engine = create_engine(address, isolation_level="REPEATABLE READ", execution_options={"postgresql_readonly": True})
    try:
        with engine.connect() as connection:
            if on_sqlite:
                connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                if on_sqlite:
                    connection.exec_driver_sql("ROLLBACK")
    finally:
        engine.dispose()


def count(db: Connection) -> dict[str, int]:
    """Count the rows of each table."""
    return {one.name: db.execute(select(func.count()).select_from(one)).scalar_one() for one in all_tables()}


def rows(db: Connection, of: Table) -> Iterator[Sequence[Any]]:
    """Give a table's rows by its primary key; only some of them are in memory (a cursor of the server's)."""
    query = select(*of.columns).order_by(*of.primary_key.columns)
    yield from db.execution_options(yield_per=AT_ONCE).execute(query)


def first_used(db: Connection) -> str | None:
    """Name a table that has rows; none when the database is empty."""
    tables = (one for one in Base.metadata.sorted_tables if one.name not in BEFORE_ANY_USE)
    return next((one.name for one in tables if db.execute(select(literal(1)).select_from(one).limit(1)).scalar()), None)


def delete_all(db: Connection, *, only: set[str] | None = None) -> None:
    """Delete every row, or those of some tables."""
    for one in reversed(Base.metadata.sorted_tables):
        if only is None or one.name in only:
            db.execute(one.delete())


def insertion(into: Table) -> Insert:
    """Prepare the insertion of whole rows."""
    return insert(into).values(
        {one.name: bindparam(one.name, type_=_NULLABLE_JSON if isinstance(one.type, JSON) else one.type) for one in into.columns}
    )


def count_on(db: Connection) -> None:
    """Let the numbers that PostgreSQL gives go on after those that were inserted; SQLite looks by itself."""
    if db.dialect.name != "postgresql":
        return
    for one in all_tables():
        for key in one.primary_key.columns:
            if key.autoincrement is True and isinstance(key.type, Integer):
                newest = select(func.coalesce(func.max(key), 0) + 1).scalar_subquery()
                db.execute(select(func.setval(func.pg_get_serial_sequence(one.name, key.name), newest, text("false"))))
