"""Jobs as callers see them: enqueue, cancel, move, look."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from idp import spans
from idp.errors import NotFound
from idp.identifiers import AccountId, JobId, new_id
from idp.outbox import store
from idp.outbox.states import JobState
from idp.unit_of_work import UnitOfWork

SEAL = "outbox"
TRACE = "traceparent"
"""The member of a payload that names the trace in which the job was written (W3C Trace Context §3.2)."""

HELD_BACK = timedelta(days=2_500_000)
"""Added to the due time of a job that is held back: it waits, and can be cancelled, but nobody sends it for 6 800 years."""


def enqueue(
    work: UnitOfWork,
    kind: str,
    payload: dict[str, Any],
    *,
    secret: dict[str, Any] | None = None,
    due: datetime | None = None,
    useless_after: datetime | None = None,
    account_id: AccountId | None = None,
) -> JobId:
    """Write the intent to send something; the worker does so after the commit, not before `due`.

    `payload` and `secret` are plain JSON; `secret` is sealed, and wiped when the job ends. After `useless_after` it is not sent any more.
    """
    job_id = JobId(new_id())
    sealed = None if secret is None else work.secrets.seal(SEAL, json.dumps(secret).encode(), job_id, work.db)
    store.add(work.db, _row(work, job_id, kind, payload, sealed, due, useless_after, account_id))
    return job_id


def enqueue_all(
    work: UnitOfWork, kind: str, payloads: Iterable[tuple[dict[str, Any], AccountId | None]], *, useless_after: datetime | None = None
) -> None:
    """Write many intents of one kind, each with the account that it is about, by one statement."""
    rows = [_row(work, JobId(new_id()), kind, payload, None, None, useless_after, account_id) for payload, account_id in payloads]
    store.add(work.db, *rows)


def cancel(work: UnitOfWork, job_id: JobId) -> bool:
    """Take a job back; False when it is being sent or has ended."""
    return store.cancel(work.db, job_id, work.now)


def move(work: UnitOfWork, job_id: JobId, due: datetime, useless_after: datetime | None = None) -> bool:
    """Set both times of a job anew; False when it is being sent or has ended."""
    return store.move(work.db, job_id, due, useless_after)


def release_held(work: UnitOfWork, limit: int) -> int:
    """Let up to so many jobs that were held back be sent when they were due; give their number."""
    found = store.held(work.db, work.now + HELD_BACK / 2, limit)
    store.set_due(work.db, {job_id: due - HELD_BACK for job_id, due in found.items()})
    return len(found)


def state_of(work: UnitOfWork, job_id: JobId) -> JobState:
    """Tell where a job stands. Raises: NotFound, also for one that ended long ago and was cleaned away."""
    found = store.states(work.db, [job_id])
    if job_id not in found:
        raise NotFound(f"job {job_id}")
    return found[job_id]


def states_of(work: UnitOfWork, job_ids: Iterable[JobId]) -> dict[JobId, JobState]:
    """Tell where jobs stand, in one query; unknown ones are left out."""
    return store.states(work.db, list(job_ids))


def _row(
    work: UnitOfWork,
    job_id: JobId,
    kind: str,
    payload: dict[str, Any],
    sealed: bytes | None,
    due: datetime | None,
    useless_after: datetime | None,
    account_id: AccountId | None,
) -> dict[str, Any]:
    trace = spans.running()
    return {
        "id": job_id,
        "kind": kind,
        "payload": payload | {TRACE: trace} if trace else payload,
        "sealed": sealed,
        "state": JobState.WAITING.value,
        "created_at": work.now,
        "due": due or work.now,
        "useless_after": useless_after,
        "attempts": 0,
        "account_id": account_id,
    }
