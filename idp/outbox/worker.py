"""The worker's loop: polls for due jobs, lets each kind be sent on threads of its own, runs the periodic jobs."""

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import structlog

from idp import metrics
from idp.identifiers import new_id
from idp.outbox import periodic, store
from idp.outbox.delivery import DATABASE_ERRORS, Delivery
from idp.outbox.periodic import Periodic
from idp.outbox.senders import Sender
from idp.unit_of_work import SYSTEM, UnitOfWork, Units

POLL = 0.2
LONGEST_PAUSE = 5.0
RENEW_EVERY = 8.0
PERIODIC_EVERY = 1.0
COUNT_EVERY = 15.0
THREADS = 4
FIRST = "sms"
"""The kind that is looked at first: people wait for their PINs."""

log = structlog.get_logger("idp.outbox")


class _Lane:
    """The threads of one kind; a slow provider of another kind never delays them."""

    def __init__(self, kind: str, delivery: Delivery, stop: threading.Event) -> None:
        self.kind = kind
        self._delivery = delivery
        self._stop = stop
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix=f"send-{kind}")
        self._running: set[Future[None]] = set()

    @property
    def running(self) -> set[Future[None]]:
        self._running = {future for future in self._running if not future.done()}
        return self._running

    @property
    def room(self) -> int:
        return THREADS - len(self.running)

    def start(self, threads: int) -> None:
        for _ in range(threads):
            self._running.add(self._pool.submit(self._send_what_is_due))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _send_what_is_due(self) -> None:
        try:
            while not self._stop.is_set() and self._delivery.next(self.kind):
                pass
        except DATABASE_ERRORS as error:
            log.warning("database_away", kind=self.kind, error=type(error).__name__)
        except Exception:
            log.exception("lane_broke", kind=self.kind)


class Worker:
    """Sends jobs until it is told to stop; any number of workers may run on one database.

    `observers` look at the installation every few seconds and set gauges.
    """

    def __init__(
        self,
        units: Units,
        senders: Mapping[str, Sender],
        periodic: Sequence[Periodic] = (),
        observers: Sequence[Callable[[UnitOfWork], None]] = (),
    ) -> None:
        self._units = units
        self._kinds = sorted(senders, key=lambda kind: (kind != FIRST, kind))
        self._periodic = tuple(periodic)
        self._observers = tuple(observers)
        self._stop = threading.Event()
        self._delivery = Delivery(units, senders, f"{socket.gethostname()[:40]}:{os.getpid()}:{new_id()[:8]}", pause=self._rest)
        self._next: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Send what is due, look again every 200 ms; when `stop` is set, finish what is being sent and return."""
        self._stop = stop
        metrics.WORKER_STARTS.inc()
        lanes = [_Lane(kind, self._delivery, stop) for kind in self._kinds]
        housekeeping = ThreadPoolExecutor(1, thread_name_prefix="periodic")
        kept: dict[str, Future[None]] = {}
        pause = POLL
        log.info("worker_started", kinds=self._kinds)
        while not stop.is_set():
            try:
                self._look(lanes)
                self._keep_house(housekeeping, kept)
                pause = POLL
            except DATABASE_ERRORS as error:
                pause = min(pause * 2, LONGEST_PAUSE)
                log.warning("database_away", error=type(error).__name__, again_in_seconds=round(pause, 1))
            stop.wait(pause)
        self._finish(lanes)
        housekeeping.shutdown(cancel_futures=True)
        log.info("worker_stopped")

    def drain(self) -> int:
        """Send all that is due in this thread, PINs first, until nothing is left; give the number of attempts."""
        self._delivery.take_over()
        count = before = 0
        while True:
            for kind in self._kinds:
                while self._delivery.next(kind):
                    count += 1
            if count == before:
                return count
            before = count

    def _look(self, lanes: list[_Lane]) -> None:
        with self._units.read(SYSTEM) as work:
            for lane in lanes:
                if room := lane.room:
                    lane.start(store.count_due(work.db, lane.kind, work.now, room))
            if self._is_time("count", COUNT_EVERY):
                self._observe(work)
        if self._is_time("renew", RENEW_EVERY):
            self._delivery.renew_leases()
        self._delivery.take_over()

    def _observe(self, work: UnitOfWork) -> None:
        waiting = store.waiting_by_kind(work.db, work.now)
        for kind in self._kinds:
            metrics.OUTBOX_WAITING.labels(kind=kind).set(waiting.get(kind, 0))
        for observe in self._observers:
            observe(work)
        metrics.WORKER_BEAT.set_to_current_time()

    def _keep_house(self, pool: ThreadPoolExecutor, kept: dict[str, Future[None]]) -> None:
        if not self._is_time("periodic", PERIODIC_EVERY):
            return
        for job in periodic.due(self._units, self._periodic):
            if job.name not in kept or kept[job.name].done():
                kept[job.name] = pool.submit(self._run_periodic, job)

    def _run_periodic(self, job: Periodic) -> None:
        try:
            periodic.run(self._units, job)
        except DATABASE_ERRORS as error:
            log.warning("database_away", periodic=job.name, error=type(error).__name__)

    def _finish(self, lanes: list[_Lane]) -> None:
        """Let running sends end; keep their leases meanwhile."""
        while running := set().union(*(lane.running for lane in lanes)):
            wait(running, timeout=1)
            if self._is_time("renew", RENEW_EVERY):
                try:
                    self._delivery.renew_leases()
                except DATABASE_ERRORS:
                    log.warning("leases_not_renewed")
        for lane in lanes:
            lane.close()

    def _is_time(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + every
        return True

    def _rest(self, seconds: float) -> None:
        self._stop.wait(seconds)
