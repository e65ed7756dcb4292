"""A read replica: lists are read there while it is within reach and not far behind; in doubt the primary answers.

How far it is behind is told by a beat that a worker writes to the primary every few seconds. So any kind of replication will do, and a
replica that nobody feeds any longer is noticed as well.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic

import structlog
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from idp import metrics
from idp.database import UtcDateTime
from idp.errors import TryAgain

__all__ = ["BEAT", "BEAT_EVERY", "Replica"]

BEAT = "replica beat"
"""The name of the periodic run whose start is the beat."""

BEAT_EVERY = timedelta(seconds=10)
_LOOK_EVERY = 1.0
_REST = 10.0
"""Seconds for which one that failed is left alone: a connection that cannot be made takes two of them."""

_beat = text("SELECT started_at FROM periodic_runs WHERE name = :name").columns(started_at=UtcDateTime)

log = structlog.get_logger("idp.replica")


class Replica:
    """One process's view of the replica; safe to share between threads."""

    def __init__(self, engine: Engine, longest_lag: timedelta) -> None:
        self.engine = engine
        self._longest_lag = longest_lag
        self._lock = threading.Lock()
        self._good_until = self._bad_until = 0.0
        self._why = ""

    @contextmanager
    def connected(self, now: datetime) -> Iterator[Connection | None]:
        """Give a connection, or none when the primary has to answer. Raises: TryAgain when it breaks; the second try is the primary's."""
        connection = self._open(now)
        if connection is None:
            metrics.REPLICA_READS.labels(result=self._why).inc()
            yield None
            return
        with connection:
            try:
                yield connection
            except SQLAlchemyError as error:
                self._leave_alone("away", error=type(error).__name__)
                raise TryAgain(f"replica: {type(error).__name__}") from error
        metrics.REPLICA_READS.labels(result="replica").inc()

    def _open(self, now: datetime) -> Connection | None:
        if monotonic() < self._bad_until:
            return None
        try:
            connection = self.engine.connect()
        except SQLAlchemyError as error:
            self._leave_alone("away", error=type(error).__name__)
            return None
        try:
            good = self._is_near(connection, now)
        except SQLAlchemyError as error:
            self._leave_alone("away", error=type(error).__name__)
            good = False
        if not good:
            connection.close()
            return None
        return connection

    def _is_near(self, connection: Connection, now: datetime) -> bool:
        if monotonic() < self._good_until:
            return True
        beat = connection.execute(_beat, {"name": BEAT}).scalar()
        if beat is None or now - beat > self._longest_lag:
            self._leave_alone("lagging", seconds=None if beat is None else (now - beat).total_seconds())
            return False
        self._good_until = monotonic() + _LOOK_EVERY
        return True

    def _leave_alone(self, why: str, **facts: object) -> None:
        with self._lock:
            told = self._why == why and monotonic() < self._bad_until + _REST
            self._good_until, self._why = 0.0, why
            self._bad_until = monotonic() + _REST
        if not told:
            log.warning("replica_left_alone", why=why, **facts)
