"""The pool of database connections, which tells how many are in use, how many units wait for one, and how long."""

import logging
from collections import deque
from threading import Lock, local
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
        self._waiters = 0
        self._lock = Lock()
        self._here = local()
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
        """Keep an open connection for whoever comes next, off the gauge while it waits.

        False if there are enough, or if somebody waits already: what comes back to the pool wakes them.
        """
        if self._is_waited_for() or len(self._handed_on) >= self._pool.maxsize:
            return False
        self._in_use.dec()
        self._handed_on.append(connection)
        if self._is_waited_for():  # since a moment, and they may have looked before
            self._take_one_back()
        return True

    def dispose(self) -> None:
        """Close idle connections, those that wait to be handed on too."""
        while (connection := self.take_handed_on()) is not None:
            connection.detach()
            connection.close()
        super().dispose()

    def _is_waited_for(self) -> bool:
        return self._waiters > 0

    def _take_one_back(self) -> None:
        if (connection := self.take_handed_on()) is not None:
            connection.close()

    def _invalidate(self, *given: Any, **options: Any) -> None:
        """Use no connection any more that is as old as one that broke; as the library does with those in the pool."""
        super()._invalidate(*given, **options)
        while (connection := self.take_handed_on()) is not None:
            connection.invalidate()
            connection.close()

    def _do_get(self) -> ConnectionPoolEntry:
        if getattr(self._here, "takes", False):  # the library begins anew, because somebody else was faster: this is not counted twice
            return super()._do_get()
        self._here.takes = True
        try:
            entry = super()._do_get() if self.checkedin() else self._get_what_is_not_there()
        finally:
            self._here.takes = False
        self._in_use.inc()
        return entry

    def _get_what_is_not_there(self) -> ConnectionPoolEntry:
        """Connect, or wait for what others use; only this is worth the time of measuring it."""
        began = perf_counter()
        self._waiting.inc()
        with self._lock:
            self._waiters += 1
        try:
            self._take_one_back()  # handed on since nobody was seen waiting
            return super()._do_get()
        finally:
            with self._lock:
                self._waiters -= 1
            self._waiting.dec()
            self._seconds.observe(perf_counter() - began)

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        """Keep a connection, or close it when as many lie idle as the pool may keep; those to be handed on do so, too."""
        self._in_use.dec()
        if self._is_waited_for() or not 0 < self._pool.maxsize <= len(self._handed_on) + self.checkedin():
            super()._do_return_conn(record)
            return
        try:
            record.close()
        finally:
            self._dec_overflow()
