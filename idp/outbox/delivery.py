"""The three phases of one job: claim (transaction), send (none), record (transaction)."""

import json
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import random
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from idp import metrics, spans
from idp.crypto import CannotOpen
from idp.errors import TryAgain
from idp.identifiers import JobId
from idp.outbox import store
from idp.outbox.events import JobFinished
from idp.outbox.jobs import SEAL, TRACE
from idp.outbox.retrying import Settled, attempts_allowed, settle
from idp.outbox.senders import ClaimedJob, Failed, Outcome, Retry, Sender, Uncertain
from idp.outbox.states import JobState
from idp.unit_of_work import SYSTEM, Units, retry_once

LEASE = timedelta(seconds=30)
DATABASE_ERRORS = (TryAgain, SQLAlchemyError)
RECORD_AGAIN = (0.1, 0.5, 2.0, 5.0, 10.0)
WORKER_DIED = "the worker ended while it was sending"

log = structlog.get_logger("idp.outbox")


class Delivery:
    """Takes jobs through their phases for one worker; used by several threads."""

    def __init__(self, units: Units, senders: Mapping[str, Sender], worker: str, pause: Callable[[float], Any] = time.sleep) -> None:
        self._units = units
        self._senders = senders
        self._worker = worker
        self._pause = pause
        self._sending: set[JobId] = set()
        self._lock = threading.Lock()

    def next(self, kind: str) -> bool:
        """Claim, send and record the most overdue job of a kind; False when none is due. Raises: TryAgain."""
        row = retry_once(lambda: self._claim(kind))
        if row is None:
            return False
        with self._lock:
            self._sending.add(row.id)
        try:
            with spans.consumed(f"send {kind}", row.payload.get(TRACE)):
                self._record(row, self._send(row))
        finally:
            with self._lock:
                self._sending.discard(row.id)
        return True

    def renew_leases(self) -> None:
        """Keep the jobs that are being sent for this worker. Raises: TryAgain."""
        with self._lock:
            running = set(self._sending)
        if running:
            with self._units.write(SYSTEM) as work:
                store.extend(work.db, running, self._worker, work.now + LEASE)

    def take_over(self) -> None:
        """Settle what dead workers left: sent again, or uncertain where twice is worse than never. Raises: TryAgain."""
        with self._units.read(SYSTEM) as work:
            if not store.any_expired(work.db, work.now):
                return
        once = [kind for kind, sender in self._senders.items() if sender.at_most_once]
        again = [kind for kind in self._senders if kind not in once]
        with self._units.write(SYSTEM) as work:
            released = store.release_expired(work.db, again, work.now, WORKER_DIED)
            lost = store.give_up_expired(work.db, once, work.now, WORKER_DIED)
            for job in lost:
                work.emit(JobFinished(job.id, job.kind, JobState.UNCERTAIN, job.payload, job.account_id, WORKER_DIED))
        if released or lost:
            log.warning("leases_expired", sent_again=released, uncertain=len(lost))

    def _claim(self, kind: str) -> store.ClaimedRow | None:
        with self._units.write(SYSTEM) as work:
            row = store.claim(work.db, kind, self._worker, work.now, work.now + LEASE)
            if row:
                waited = max(0.0, (work.now - row.due).total_seconds())
                work.after_commit(lambda: metrics.MESSAGE_WAITS.labels(kind=kind).observe(waited))
            return row

    def _send(self, row: store.ClaimedRow) -> Outcome:
        sender = self._senders[row.kind]
        if row.useless_after is not None and row.useless_after <= self._units.clock():
            return Failed("too late to be of use")
        if row.attempt > attempts_allowed(sender):
            return Failed("given up: a worker ended at each attempt")
        try:
            opened = self._units.secrets.unseal(SEAL, row.sealed, context=row.id) if row.sealed is not None else b"{}"
        except CannotOpen:
            return Retry("sealed with another master secret")  # a worker that has that one may still send it
        job = ClaimedJob(
            row.id, row.kind, row.payload, json.loads(opened), row.attempt, row.created_at, row.due, row.useless_after, row.account_id
        )
        try:
            return sender.send(job)
        except Exception as error:  # noqa: BLE001 - one job's mishap must not end the worker
            # the message of the exception may hold what is being sent
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("sender_broke", kind=row.kind, job_id=row.id, error=type(error).__name__, where=where)  # noqa: TRY400
            return Uncertain(f"the sender broke: {type(error).__name__}")

    def _record(self, row: store.ClaimedRow, outcome: Outcome) -> None:
        """Write what came of it, trying for a while when the database is away; after that the lease decides."""
        settled = settle(outcome, self._senders[row.kind], row.attempt, row.useless_after, self._units.clock(), random)
        tell = True
        for wait in (*RECORD_AGAIN, None):
            try:
                self._write(row, settled, tell=tell)
                return
            except DATABASE_ERRORS as error:
                log.warning("job_not_recorded", kind=row.kind, job_id=row.id, error=type(error).__name__)
                if wait is not None:
                    self._pause(wait)
            except Exception:
                # A handler broke. Without the record the job would be sent again and again, so it is written without telling.
                log.exception("job_finished_handler_broke", kind=row.kind, job_id=row.id)
                if not tell:
                    raise
                tell = False

    def _write(self, row: store.ClaimedRow, settled: Settled, *, tell: bool) -> None:
        with self._units.write(SYSTEM) as work:
            if settled.due is not None:
                mine = store.postpone(work.db, row.id, self._worker, settled.due, settled.error or "")
            else:
                mine = store.finish(work.db, row.id, self._worker, settled.state, work.now, settled.error, settled.provider_id)
            if not mine:
                log.warning("lease_lost", kind=row.kind, job_id=row.id, would_be=settled.state)
                return
            if settled.state.is_final and tell:
                work.emit(JobFinished(row.id, row.kind, settled.state, row.payload, row.account_id, settled.error))
            result = "retry" if settled.due else settled.state.value
            work.after_commit(lambda: metrics.MESSAGES.labels(kind=row.kind, result=result).inc())
        log.info("job", kind=row.kind, job_id=row.id, result=result, attempt=row.attempt, error=settled.error)
