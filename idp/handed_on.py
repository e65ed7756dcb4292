"""Connections that units of work hand on to each other: giving one back to the pool and taking it again costs a short unit a tenth.

Between units a connection has no transaction. One that may be broken, and all that are more than the pool would keep, go back to the pool.
"""

from typing import cast

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from idp.database import hung_up
from idp.pool import CountedPool
from idp.statements import ShortWayConnection

__all__ = ["give", "take"]


def take(engine: Engine) -> ShortWayConnection:
    """Give the connection that a unit used last, or open one. Raises: SQLAlchemyError."""
    pool = cast("CountedPool", engine.pool)
    while (found := pool.take_handed_on()) is not None:
        connection = cast("ShortWayConnection", found)
        if engine.dialect.name != "postgresql" or not hung_up(connection.driver()):
            return connection
        connection.invalidate()
        connection.close()
    return ShortWayConnection(engine)


def give(connection: ShortWayConnection) -> None:
    """Take a connection back, in whatever state it is. Raises: SQLAlchemyError when its transaction cannot be rolled back."""
    try:
        if connection.in_transaction():
            connection.rollback()
    except SQLAlchemyError:
        connection.close()
        raise
    usable = not connection.invalidated and not connection.is_listened_to
    if not (usable and cast("CountedPool", connection.engine.pool).hand_on(connection)):
        connection.close()
