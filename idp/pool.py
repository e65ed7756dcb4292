"""The pool of database connections, which tells how many are in use, how many units wait for one, and how long."""

import logging
from collections import deque
from time import perf_counter
from typing import Any

from sqlalchemy.pool import QueuePool
from sqlalchemy.pool.base import ConnectionPoolEntry

from idp import metrics

__all__ = ["CountedPool"]

logging.getLogger(__name__).setLevel(logging.WARNING)  # the library names its lines after this class; below, it tells of each connection


class CountedPool(QueuePool):
    """Counts under the name that the engine's option `pool_logging_name` gives."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        engine = getattr(self, "logging_name", None) or "other"
        self._in_use = metrics.POOL_IN_USE.labels(engine=engine)
        self._waiting = metrics.POOL_WAITING.labels(engine=engine)
        self._seconds = metrics.POOL_SECONDS.labels(engine=engine)
        self._handed_on: deque[Any] = deque()
        metrics.POOL_SIZE.labels(engine=engine).set(self._pool.maxsize + max(0, self._max_overflow))

    def take_handed_on(self) -> Any | None:
        """Give the connection that was handed on last; the pool's gauge counts it again."""
        try:
            connection = self._handed_on.pop()
        except IndexError:
            return None
        self._in_use.inc()
        return connection

    def hand_on(self, connection: Any) -> bool:
        """Keep an open connection for whoever comes next, off the gauge while it waits; False if there are enough."""
        if len(self._handed_on) >= self._pool.maxsize:
            return False
        self._in_use.dec()
        self._handed_on.append(connection)
        return True

    def dispose(self) -> None:
        """Close idle connections, those that wait to be handed on too."""
        while (connection := self.take_handed_on()) is not None:
            connection.detach()
            connection.close()
        super().dispose()

    def _do_get(self) -> ConnectionPoolEntry:
        entry = super()._do_get() if self.checkedin() else self._get_what_is_not_there()
        self._in_use.inc()
        return entry

    def _get_what_is_not_there(self) -> ConnectionPoolEntry:
        """Connect, or wait for what others use; only this is worth the time of measuring it."""
        began = perf_counter()
        self._waiting.inc()
        try:
            return super()._do_get()
        finally:
            self._waiting.dec()
            self._seconds.observe(perf_counter() - began)

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self._in_use.dec()
        super()._do_return_conn(record)
