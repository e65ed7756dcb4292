"""Connections that units of work hand on to each other: giving one back to the pool and taking it again costs a short unit a tenth.

Between units a connection has no transaction. One that may be broken, and all that are more than the pool would keep, go back to the pool.
"""

from typing import cast

from sqlalchemy import Engine

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
        _throw_away(connection)
    return ShortWayConnection(engine)


def give(connection: ShortWayConnection) -> None:
    """Take a connection back, in whatever state it is. Raises: SQLAlchemyError when its transaction cannot be rolled back."""
    connection.forget_waiting()
    try:
        begun = connection.get_transaction()  # one whose commit failed is over for the library, and stays with the connection
        if begun is not None:
            begun.rollback()
    except BaseException:
        _throw_away(connection)
        raise
    if connection.invalidated:
        connection.close()
    elif connection.pool is not connection.engine.pool or not connection.is_at_rest():  # of a pool that was disposed of, or broken
        _throw_away(connection)
    elif connection.is_listened_to or not connection.pool.hand_on(connection):
        connection.close()


def _throw_away(connection: ShortWayConnection) -> None:
    connection.invalidate()
    connection.close()
