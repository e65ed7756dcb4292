"""SQL of the outbox. Conditions on `state` are literals, so that the partial indexes of `jobs` are used."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, text, update

from idp.database import upsert
from idp.identifiers import AccountId, JobId
from idp.outbox.states import JobState
from idp.outbox.tables import Job, PeriodicRun
from idp.statements import write_later

KEPT = timedelta(days=30)
"""How long ended jobs stay for the service desk."""

_WAITING = text("jobs.state = 'waiting'")
_SENDING = text("jobs.state = 'sending'")
_FINISHED = {"sealed": None, "leased_until": None, "leased_by": None}

_add = insert(Job)

# by ix_jobs_open
_due = (
    select(Job.id)
    .where(_WAITING, Job.kind == bindparam("of_kind"), Job.due <= bindparam("now"))
    .order_by(Job.due)
    .limit(bindparam("at_most"))
)
_count_due = select(Job.kind, func.count()).where(_WAITING, Job.due <= bindparam("now")).group_by(Job.kind)

# SQLite has one writer and ignores FOR UPDATE; PostgreSQL's workers step round each other's rows.
_first_due = (
    select(Job.id)
    .where(_WAITING, Job.kind == bindparam("of_kind"), Job.due <= bindparam("now"))
    .order_by(Job.due)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_claim = (
    update(Job)
    .where(Job.id == _first_due, _WAITING)
    .values(
        state=JobState.SENDING.value,
        attempts=Job.attempts + 1,
        leased_until=bindparam("until"),
        leased_by=bindparam("worker"),
    )
    .returning(Job.id, Job.kind, Job.payload, Job.sealed, Job.attempts, Job.created_at, Job.due, Job.useless_after, Job.account_id)
)
_mine = (Job.id == bindparam("job_id"), _SENDING, Job.leased_by == bindparam("worker"))
_finish = (
    update(Job)
    .where(*_mine)
    .values(
        state=bindparam("to_state"),
        finished_at=bindparam("now"),
        error=bindparam("why"),
        provider_id=bindparam("named"),
        **_FINISHED,
    )
    .returning(Job.id)
)
_postpone = (
    update(Job)
    .where(*_mine)
    .values(state=JobState.WAITING.value, due=bindparam("until"), error=bindparam("why"), leased_until=None, leased_by=None)
    .returning(Job.id)
)
_extend = (
    update(Job)
    .where(Job.id.in_(bindparam("job_ids", expanding=True)), _SENDING, Job.leased_by == bindparam("worker"))
    .values(leased_until=bindparam("until"))
)

# by ix_jobs_leased
_expired = (_SENDING, Job.leased_until < bindparam("now"), Job.kind.in_(bindparam("kinds", expanding=True)))
_any_expired = select(Job.id).where(_SENDING, Job.leased_until < bindparam("now")).limit(1)
_release = (
    update(Job)
    .where(*_expired)
    .values(state=JobState.WAITING.value, leased_until=None, leased_by=None, error=bindparam("why"))
    .returning(Job.id)
)
_give_up = (
    update(Job)
    .where(*_expired)
    .values(state=JobState.UNCERTAIN.value, finished_at=bindparam("now"), error=bindparam("why"), **_FINISHED)
    .returning(Job.id, Job.kind, Job.payload, Job.account_id)
)

_cancel = (
    update(Job)
    .where(Job.id == bindparam("job_id"), _WAITING)
    .values(state=JobState.CANCELLED.value, finished_at=bindparam("now"), **_FINISHED)
    .returning(Job.id)
)
_move = (
    update(Job)
    .where(Job.id == bindparam("job_id"), _WAITING)
    .values(due=bindparam("until"), useless_after=bindparam("useless"))
    .returning(Job.id)
)
_held = select(Job.id, Job.due).where(_WAITING, Job.due >= bindparam("since")).order_by(Job.id).limit(bindparam("at_most"))
_set_due = update(Job).where(Job.id == bindparam("job_id"), _WAITING).values(due=bindparam("until"))
_states = select(Job.id, Job.state).where(Job.id.in_(bindparam("job_ids", expanding=True)))
_delete = delete(Job).where(
    Job.id.in_(select(Job.id).where(Job.finished_at < bindparam("before")).order_by(Job.finished_at).limit(bindparam("at_most")))
)

_periodic = select(PeriodicRun.name, PeriodicRun.started_at)


@dataclass(frozen=True, slots=True)
class ClaimedRow:
    """A job as claimed, its secret still sealed."""

    id: JobId
    kind: str
    payload: dict[str, Any]
    sealed: bytes | None = field(repr=False)
    attempt: int
    created_at: datetime
    due: datetime
    useless_after: datetime | None
    account_id: AccountId | None


@dataclass(frozen=True, slots=True)
class LostJob:
    """A job whose worker died in the middle of sending."""

    id: JobId
    kind: str
    payload: dict[str, Any]
    account_id: AccountId | None


def add(db: Connection, *rows: Mapping[str, Any]) -> None:
    """Add jobs."""
    if len(rows) == 1:
        write_later(db, _add, rows[0])
    elif rows:
        db.execute(_add, list(rows))


def count_due(db: Connection, kind: str, now: datetime, at_most: int) -> int:
    """Count the due jobs of a kind up to a number; takes no write lock."""
    return len(db.execute(_due, {"of_kind": kind, "now": now, "at_most": at_most}).all())


def waiting_by_kind(db: Connection, now: datetime) -> dict[str, int]:
    """Count all jobs that are due and not yet sent."""
    return {row[0]: row[1] for row in db.execute(_count_due, {"now": now})}


def claim(db: Connection, kind: str, worker: str, now: datetime, leased_until: datetime) -> ClaimedRow | None:
    """Take the most overdue job of a kind for one worker; no two workers get the same."""
    values = {"of_kind": kind, "now": now, "until": leased_until, "worker": worker}
    row = db.execute(_claim, values).one_or_none()
    return ClaimedRow(*row) if row else None


def finish(
    db: Connection, job_id: JobId, worker: str, state: JobState, now: datetime, error: str | None = None, provider_id: str | None = None
) -> bool:
    """End a job and wipe its secret; False when the lease was lost to another worker."""
    values = {"job_id": job_id, "worker": worker, "to_state": state.value, "now": now, "why": error, "named": provider_id}
    return _hit(db.execute(_finish, values).one_or_none())


def postpone(db: Connection, job_id: JobId, worker: str, due: datetime, error: str) -> bool:
    """Let a job wait for its next attempt; False when the lease was lost to another worker."""
    return _hit(db.execute(_postpone, {"job_id": job_id, "worker": worker, "until": due, "why": error}).one_or_none())


def extend(db: Connection, job_ids: Collection[JobId], worker: str, until: datetime) -> None:
    """Renew the leases of jobs whose sending takes long."""
    db.execute(_extend, {"job_ids": list(job_ids), "worker": worker, "until": until})


def any_expired(db: Connection, now: datetime) -> bool:
    """Tell whether a worker died in the middle of sending; takes no write lock."""
    return db.execute(_any_expired, {"now": now}).one_or_none() is not None


def release_expired(db: Connection, kinds: Collection[str], now: datetime, error: str) -> int:
    """Let jobs of dead workers be sent again."""
    return len(db.execute(_release, {"kinds": list(kinds), "now": now, "why": error}).all())


def give_up_expired(db: Connection, kinds: Collection[str], now: datetime, error: str) -> list[LostJob]:
    """End jobs of dead workers that must not be sent twice; nobody knows whether they were sent."""
    rows = db.execute(_give_up, {"kinds": list(kinds), "now": now, "why": error})
    return [LostJob(*row) for row in rows]


def cancel(db: Connection, job_id: JobId, now: datetime) -> bool:
    """Cancel a job that still waits, and wipe its secret."""
    return _hit(db.execute(_cancel, {"job_id": job_id, "now": now}).one_or_none())


def move(db: Connection, job_id: JobId, due: datetime, useless_after: datetime | None) -> bool:
    """Set the times of a job that still waits."""
    return _hit(db.execute(_move, {"job_id": job_id, "until": due, "useless": useless_after}).one_or_none())


def held(db: Connection, since: datetime, limit: int) -> dict[JobId, datetime]:
    """Give the due times of jobs that wait for a far day."""
    return {JobId(row[0]): row[1] for row in db.execute(_held, {"since": since, "at_most": limit})}


def set_due(db: Connection, times: Mapping[JobId, datetime]) -> None:
    """Set the due times of jobs that still wait."""
    if times:
        db.execute(_set_due, [{"job_id": job_id, "until": due} for job_id, due in times.items()])


def states(db: Connection, job_ids: Sequence[JobId]) -> dict[JobId, JobState]:
    """Tell where jobs stand."""
    return {JobId(job_id): JobState(state) for job_id, state in db.execute(_states, {"job_ids": list(job_ids)})}


def delete_expired(db: Connection, now: datetime, limit: int) -> int:
    """Delete up to `limit` jobs that ended long ago, by ix_jobs_finished_at; give their number."""
    return db.execute(_delete, {"before": now - KEPT, "at_most": limit}).rowcount


def periodic_runs(db: Connection) -> dict[str, datetime]:
    """Tell when each periodic job was started last, by whichever worker."""
    return {row[0]: row[1] for row in db.execute(_periodic)}


def start_periodic(db: Connection, name: str, every: timedelta, now: datetime) -> bool:
    """Take the next run of a periodic job for oneself; False when another worker did."""
    mine = upsert(PeriodicRun).values(name=name, started_at=now)
    mine = mine.on_conflict_do_update(
        index_elements=[PeriodicRun.name], set_={"started_at": now}, where=PeriodicRun.started_at <= now - every
    )
    return _hit(db.execute(mine.returning(PeriodicRun.name)).one_or_none())


def _hit(row: Row[Any] | None) -> bool:
    return row is not None
