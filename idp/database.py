"""Engines, the metadata of all tables, and small statement helpers that hold on SQLite and PostgreSQL alike.

Flask-SQLAlchemy gives engines and metadata; its `session` is not used. Two engines to the same database: the default one
for writing units (SQLite: BEGIN IMMEDIATE), bind `read` in AUTOCOMMIT for reading ones.
"""

import select
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, ColumnElement, Connection, DateTime, Engine, Index, MetaData, delete, event, text
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

from idp.pool import CountedPool
from idp.settings import Settings

__all__ = ["Base", "Json", "Rows", "UtcDateTime", "configure_engines", "db", "delete_rows", "index_of_known", "storable", "upsert"]

Rows = Mapping[type["Base"], ColumnElement[bool]]
"""Some rows of tables, each by the condition that tells them."""


def delete_rows(db: Connection, rows: Rows) -> int:
    """Delete rows table by table, in their order; give their number."""
    return sum(db.execute(delete(table).where(told)).rowcount for table, told in rows.items())


def upsert(table: type["Base"]) -> Insert:
    """Begin an INSERT that knows ON CONFLICT, and of which `rowcount` tells whether a row went in.

    PostgreSQL's construct compiles for SQLite too, whose syntax is the same; its driver keeps the count only when asked.
    """
    return insert(table).execution_options(preserve_rowcount=True)


def index_of_known(name: str, column: str, *more: str) -> Index:
    """Describe an index without the rows in which its first column is NULL: nobody asks for those, and each entry costs its writer."""
    known = text(f"{column} IS NOT NULL")
    return Index(name, column, *more, sqlite_where=known, postgresql_where=known)


def storable(value: str) -> bool:
    """Tell whether a text from outside can be asked for at all: databases know no NUL and no lone surrogates."""
    return "\x00" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Stored in UTC (SQLite has no zones), given as an aware datetime in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Refuse naive values, which would be stored as somebody's local time."""
        written = _written_for_sqlite if dialect.name == "sqlite" else _in_utc

        def process(value: datetime | None) -> Any:
            if value is None:
                return None
            if value.tzinfo is None:
                raise ValueError("a naive datetime cannot be stored")
            return written(value)

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Give the instant back with its zone."""
        read = _read_from_sqlite if dialect.name == "sqlite" else _in_utc
        return lambda value: None if value is None else read(value)


def _in_utc(value: datetime) -> datetime:
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _written_for_sqlite(value: datetime) -> str:
    """Write an instant as SQLAlchemy does: comparable as text."""
    return _in_utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")


def _read_from_sqlite(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


Json: TypeEngine[Any] = JSON().with_variant(JSONB(), "postgresql")
"""A JSON document."""


class Base(DeclarativeBase):
    """The base of every table class; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[Any]: Json,
        list[str]: Json,
    }


db = SQLAlchemy(metadata=Base.metadata)


def configure_engines(settings: Settings) -> dict[str, Any]:
    """Give Flask-SQLAlchemy's configuration for the two engines of an installation."""
    url = settings.database_address
    options: dict[str, Any] = {"poolclass": CountedPool, "hide_parameters": True}  # failures are logged: no mail address, no hash in them
    if url.startswith("sqlite"):
        options["connect_args"] = {"timeout": 10}
    else:
        connect: dict[str, Any] = {"connect_timeout": 5, "application_name": "idp"}
        if settings.database_pooler:
            connect["prepare_threshold"] = None
        options |= {"connect_args": connect, "pool_size": settings.database_pool_size, "max_overflow": 5, "pool_timeout": 5}
    reading = options | {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    if url.startswith("sqlite"):
        reading = options
    binds: dict[str, Any] = {"read": {"url": url, **reading, "pool_logging_name": "read"}}
    if replica := settings.database_replica_url.get_secret_value():
        quick = {"connect_args": options["connect_args"] | {"connect_timeout": 2}, "pool_timeout": 2, "pool_logging_name": "replica"}
        binds["replica"] = {"url": replica, **reading, **quick}
    return {
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": options | {"pool_logging_name": "write"},
        "SQLALCHEMY_BINDS": binds,
    }


def prepare_engines(writing: Engine, *reading: Engine) -> None:
    """Set the pragmas of each SQLite connection, let writing units begin with BEGIN IMMEDIATE, and drop those that PostgreSQL left."""
    for engine in (writing, *reading):
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_pragmas)
        else:
            event.listen(engine, "checkout", _refuse_hung_up)
    if writing.dialect.name == "sqlite":
        writing.dialect.do_begin = _begin_immediate  # type: ignore[assignment]  # a listener would cost at every statement


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins no transaction of its own
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000", "wal_autocheckpoint=4000"):
        connection.execute("PRAGMA " + pragma)


def _begin_immediate(connection: Any) -> None:
    connection.execute("BEGIN IMMEDIATE")


def _refuse_hung_up(connection: Any, _record: Any, _proxy: Any) -> None:
    """Take another connection than one that its server has left. Raises: DisconnectionError, which makes the pool connect anew."""
    if hung_up(connection):
        raise DisconnectionError("the server closed the connection")


def hung_up(connection: Any) -> bool:
    """Tell whether there is something to read on an idle connection of psycopg: its server has said goodbye. Asking costs a round trip."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.pgconn.socket, select.POLLIN)
    return bool(waiting.poll(0))
