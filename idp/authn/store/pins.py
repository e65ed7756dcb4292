"""SQL of PIN challenges. A round is one sign-in or activation with all its challenges; tries and uses are decided by one statement each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, bindparam, delete, insert, select, update

from idp.authn import tables
from idp.database import upsert
from idp.identifiers import AccountId, ChallengeId, JobId, PhoneNumber
from idp.outbox import JobState
from idp.outbox.tables import Job
from idp.statements import write_later

_round = tables.PinRound
_row = tables.PinChallenge


@dataclass(frozen=True, slots=True)
class Round:
    """What a sign-in or activation has used up so far."""

    id: str
    account_id: AccountId
    wrong: int
    sent: int
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Challenge:
    """A PIN that is valid until `expires_at`; `resend_at`: the next SMS not before."""

    id: ChallengeId
    number: PhoneNumber
    expires_at: datetime
    resend_at: datetime
    job_id: JobId


@dataclass(frozen=True, slots=True)
class Seen:
    """A round as a page may see it: whether it is over, its valid challenge and what became of that one's SMS."""

    over: bool
    challenge: Challenge | None
    delivery: JobState | None


_ROUND = (_round.id, _round.account_id, _round.wrong, _round.sent, _round.ended_at)
_CHALLENGE = (_row.id, _row.number, _row.expires_at, _row.resend_at, _row.job_id)

_count_sent = (
    upsert(_round)
    .values(id=bindparam("round_id"), account_id=bindparam("account_id"), wrong=0, sent=1, created_at=bindparam("now"), ended_at=None)
    .on_conflict_do_update(index_elements=[_round.id], set_={"sent": _round.sent + 1})
    .returning(*_ROUND)
)
_find_round = select(*_ROUND).where(_round.id == bindparam("round_id"))
_spend_try = (
    update(_round)
    .where(_round.id == bindparam("of_round"), _round.ended_at.is_(None), _round.wrong < bindparam("most"))
    .values(wrong=_round.wrong + 1)
    .returning(*_ROUND)
)
_end_round = update(_round).where(_round.id == bindparam("of_round")).values(ended_at=bindparam("now"))
_valid = (_row.used_at.is_(None), _row.voided_at.is_(None), _row.expires_at > bindparam("now"))
_current = select(*_CHALLENGE).where(_row.round_id == bindparam("round_id"), *_valid).order_by(_row.created_at.desc()).limit(1)
_look = (
    select(_round.ended_at, Job.state, *_CHALLENGE)
    .outerjoin(_row, and_(_row.round_id == _round.id, *_valid))
    .outerjoin(Job, Job.id == _row.job_id)
    .where(_round.id == bindparam("round_id"))
    .order_by(_row.created_at.desc())
    .limit(1)
)
_void = (
    update(_row)
    .where(_row.round_id == bindparam("of_round"), _row.used_at.is_(None), _row.voided_at.is_(None))
    .values(voided_at=bindparam("now"))
)
_add = insert(_row)
_resent = update(_row).where(_row.id == bindparam("challenge_id")).values(job_id=bindparam("job"), resend_at=bindparam("not_before"))
_use_up = update(_row).where(_row.id == bindparam("challenge_id"), *_valid).values(used_at=bindparam("now")).returning(_row.id)
_old = select(_round.id).where(_round.created_at < bindparam("before")).limit(bindparam("limit"))
_delete_challenges = delete(_row).where(_row.round_id.in_(bindparam("ids", expanding=True)))
_delete = delete(_round).where(_round.id.in_(bindparam("ids", expanding=True)))


def count_sent(db: Connection, round_id: str, account_id: AccountId, now: datetime) -> Round:
    """Count an SMS of a round, beginning it with the first; others who send in the same round wait for this transaction."""
    row = db.execute(_count_sent, {"round_id": round_id, "account_id": account_id, "now": now}).mappings().one()
    return Round(**row)


def find_round(db: Connection, round_id: str) -> Round | None:
    """Give a round; none before its first SMS."""
    row = db.execute(_find_round, {"round_id": round_id}).mappings().first()
    return Round(**row) if row else None


def spend_try(db: Connection, round_id: str, most: int) -> Round | None:
    """Count a try as wrong before it is judged; none when no try is left or the round is over."""
    row = db.execute(_spend_try, {"of_round": round_id, "most": most}).mappings().first()
    return Round(**row) if row else None


def end_round(db: Connection, round_id: str, now: datetime) -> None:
    """End a round: no further PIN, no further try."""
    write_later(db, _end_round, {"of_round": round_id, "now": now})


def current(db: Connection, round_id: str, now: datetime) -> Challenge | None:
    """Give a round's valid challenge; by ix_pin_challenges_round."""
    return _challenge(db.execute(_current, {"round_id": round_id, "now": now}).mappings().first())


def look(db: Connection, round_id: str, now: datetime) -> Seen:
    """See a round with its valid challenge; by the keys and ix_pin_challenges_round."""
    row: Any = db.execute(_look, {"round_id": round_id, "now": now}).first()
    if row is None:
        return Seen(over=False, challenge=None, delivery=None)
    ended_at, state, *challenge = row
    return Seen(ended_at is not None, Challenge(*challenge) if challenge[0] else None, JobState(state) if state else None)


def void(db: Connection, round_id: str, now: datetime) -> None:
    """Make a round's unused challenges void."""
    write_later(db, _void, {"of_round": round_id, "now": now})


def add(db: Connection, challenge: Challenge, round_id: str, account_id: AccountId, now: datetime) -> None:
    """Add a challenge."""
    write_later(
        db,
        _add,
        {
            "id": challenge.id,
            "round_id": round_id,
            "account_id": account_id,
            "number": challenge.number,
            "created_at": now,
            "expires_at": challenge.expires_at,
            "resend_at": challenge.resend_at,
            "job_id": challenge.job_id,
        },
    )


def resent(db: Connection, challenge_id: ChallengeId, job_id: JobId, not_before: datetime) -> None:
    """Note that the same PIN went out once more."""
    write_later(db, _resent, {"challenge_id": challenge_id, "job": job_id, "not_before": not_before})


def use_up(db: Connection, challenge_id: ChallengeId, now: datetime) -> bool:
    """Use a challenge up; of several at once one succeeds."""
    return db.execute(_use_up, {"challenge_id": challenge_id, "now": now}).first() is not None


def delete_old(db: Connection, before: datetime, limit: int) -> int:
    """Delete rounds that began before an instant; by ix_pin_rounds_created_at."""
    ids = list(db.scalars(_old, {"before": before, "limit": limit}))
    if not ids:
        return 0
    db.execute(_delete_challenges, {"ids": ids})
    return db.execute(_delete, {"ids": ids}).rowcount


def _challenge(row: RowMapping | None) -> Challenge | None:
    return Challenge(**row) if row else None
