"""Alembic's environment: upgrades take an advisory lock and time-outs, so that two nodes never upgrade at once.

The caller (`operations/schema.py`, `idp db revision`) opens the connection and its transaction.
"""

from alembic import context
from sqlalchemy import Connection, text

import idp.app
from idp.database import Base

__all__ = ["idp"]  # importing the application is what fills the metadata

LOCK = 4_815_162_342


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
        user_module_prefix="idp.database.",
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
