"""SQL of all that is sealed: which columns, their rows in short steps, their exchange for the same sealed anew, and their end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute

from idp.audit.tables import AuditSeal
from idp.oidc.keys import creation
from idp.oidc.keys.store import State
from idp.oidc.keys.tables import SigningKey
from idp.outbox import JobState, jobs
from idp.outbox.tables import Job


@dataclass(frozen=True, slots=True)
class Sealed:
    """One sealed value; its row's key is the context that it was sealed in."""

    key: str
    value: bytes


class SealedColumn:
    """A column of sealed values, with the purpose for which they are sealed."""

    def __init__(self, purpose: str, key: InstrumentedAttribute[str], value: InstrumentedAttribute[bytes | None]) -> None:
        self.purpose = purpose
        self.column = value
        self._next = select(key, value).where(value.is_not(None), key > bindparam("after")).order_by(key).limit(bindparam("at_most"))
        unchanged = (key == bindparam("of_key"), value == bindparam("before"))  # neither wiped nor sealed anew in the meantime
        self._exchange = update(value.class_).where(*unchanged).values({value.key: bindparam("anew")})

    def next(self, db: Connection, after: str, limit: int) -> list[Sealed]:
        """List sealed values by their rows' keys."""
        return [Sealed(key, value or b"") for key, value in db.execute(self._next, {"after": after, "at_most": limit})]

    def exchange(self, db: Connection, pairs: Sequence[tuple[Sealed, bytes]]) -> None:
        """Put the same values, sealed anew, into the place of the old ones."""
        if pairs:
            db.execute(self._exchange, [{"of_key": old.key, "before": old.value, "anew": anew} for old, anew in pairs])


COLUMNS = (
    SealedColumn(creation.SEAL, SigningKey.kid, SigningKey.sealed),
    SealedColumn(jobs.SEAL, Job.id, Job.sealed),
)

_retire_keys = (
    update(SigningKey)
    .where(SigningKey.state == State.ACTIVE.value)
    .values(state=State.RETIRED.value, sealed=None, retired_at=bindparam("now"))
)
_drop_next_keys = delete(SigningKey).where(SigningKey.state == State.NEXT.value)
_end_jobs = (
    update(Job)
    .where(Job.sealed.is_not(None), Job.state.in_([JobState.WAITING.value, JobState.SENDING.value]))
    .values(
        state=JobState.FAILED.value, sealed=None, finished_at=bindparam("now"), error=bindparam("why"), leased_until=None, leased_by=None
    )
)
_drop_seals = delete(AuditSeal)


def let_go(db: Connection, now: datetime, why: str) -> int:
    """End what nobody can open or verify any more: private keys, sealed messages (their number is given), seals over the log."""
    db.execute(_retire_keys, {"now": now})
    db.execute(_drop_next_keys)
    db.execute(_drop_seals)
    return db.execute(_end_jobs, {"now": now, "why": why}).rowcount
