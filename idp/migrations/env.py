"""Alembic's environment: upgrades take an advisory lock and time-outs, so that two nodes never upgrade at once.

The caller (`operations/schema.py`, `idp db revision`) opens the connection and its transaction.
"""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, BigInteger, Connection, text

import idp.app
import idp.operations.tables
from idp.database import Base, UtcDateTime

__all__ = ["idp"]  # importing the application is what fills the metadata

LOCK = 4_815_162_342


def _render(kind: str, item: object, context: AutogenContext) -> str | Literal[False]:
    """Write column types in SQLAlchemy's own words, so that a migration imports nothing that may change later."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        context.imports.add("from sqlalchemy.dialects.postgresql import JSONB")
        return 'sa.JSON().with_variant(JSONB(), "postgresql")'
    if kind == "type" and isinstance(item, BigInteger):  # every one of ours is an INTEGER on SQLite, whose keys count up only then
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    return False


def run(connection: Connection) -> None:
    """Run the asked migrations on the caller's connection."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SET LOCAL statement_timeout = '15min'"))
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
