"""SQL of budgets (rolling windows) and throttling (growing delays); each count is one atomic statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, case, delete, insert, literal, or_, select, tuple_, update

from idp.authn import tables
from idp.database import upsert

STEPS = 10
"""Growing delays that one throttle may have."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Until when a counter refuses that refuses nothing: before any attempt that has waited for this one's transaction."""

_entry = tables.BudgetEntry
_lock = tables.BudgetLock
_counter = tables.ThrottleCounter

_lock_budget = (
    upsert(_lock)
    .values(kind=bindparam("kind"), key=bindparam("key"), at=bindparam("now"))
    .on_conflict_do_update(index_elements=[_lock.kind, _lock.key], set_={"at": bindparam("now")})
)
_add_entry = insert(_entry)
_nth_newest = (
    select(_entry.at)
    .where(_entry.kind == bindparam("kind"), _entry.key == bindparam("key"), _entry.at <= bindparam("not_after"))
    .order_by(_entry.at.desc())
    .offset(bindparam("skipped"))
    .limit(1)
)

_failures = case((_counter.last_at < bindparam("forget_before"), 1), else_=_counter.failures + 1)
_blocked_until = case(
    *(
        (_failures >= bindparam(f"from_{step}"), bindparam(f"until_{step}", type_=_counter.blocked_until.type))
        for step in reversed(range(STEPS))
    ),
    else_=literal(_LONG_AGO, _counter.blocked_until.type),
)
_count = (
    upsert(_counter)
    .values(kind=bindparam("kind"), key=bindparam("key"), failures=1, last_at=bindparam("now"), blocked_until=_LONG_AGO)
    .on_conflict_do_update(
        index_elements=[_counter.kind, _counter.key],
        set_={"failures": _failures, "last_at": bindparam("now"), "blocked_until": _blocked_until},
        where=or_(_counter.blocked_until <= bindparam("now"), _counter.blocked_until > bindparam("longest")),
    )
    .returning(_counter.failures)
)
_claim = (
    upsert(_counter)
    .values(kind=bindparam("kind"), key=bindparam("key"), failures=1, last_at=bindparam("now"), blocked_until=bindparam("until"))
    .on_conflict_do_update(
        index_elements=[_counter.kind, _counter.key],
        set_={"last_at": bindparam("now"), "blocked_until": bindparam("until")},
        where=_counter.blocked_until <= bindparam("now"),
    )
    .returning(_counter.failures)
)
_count_in_window = (
    upsert(_counter)
    .values(kind=bindparam("kind"), key=bindparam("key"), failures=1, last_at=bindparam("now"), blocked_until=bindparam("until"))
    .on_conflict_do_update(
        index_elements=[_counter.kind, _counter.key],
        set_={"failures": _counter.failures + 1, "last_at": bindparam("now")},
        where=_counter.blocked_until > bindparam("now"),
    )
    .returning(_counter.failures)
)
_over = (_counter.kind == bindparam("of_kind"), _counter.blocked_until <= bindparam("now"))
_keys_over = select(_counter.key).where(*_over).limit(bindparam("at_most"))
_close = delete(_counter).where(*_over, _counter.key.in_(bindparam("of_keys", expanding=True)))
_close_windows = _close.returning(_counter.key, _counter.failures, _counter.blocked_until)
_blocked = (
    select(_counter.blocked_until)
    .where(tuple_(_counter.kind, _counter.key).in_(bindparam("pairs", expanding=True)))
    .order_by(_counter.blocked_until.desc())
    .limit(1)
)
_take_back = (
    update(_counter)
    .where(_counter.kind == bindparam("of_kind"), _counter.key == bindparam("of_key"))
    .values(failures=_counter.failures - 1, blocked_until=_LONG_AGO)
)
_forget = delete(_counter).where(_counter.kind == bindparam("of_kind"), _counter.key == bindparam("of_key"))

_old_entries = select(_entry.id).where(_entry.at < bindparam("before")).limit(bindparam("limit"))
_delete_entries = delete(_entry).where(_entry.id.in_(bindparam("ids", expanding=True)))
_old_locks = select(_lock.kind, _lock.key).where(_lock.at < bindparam("before")).limit(bindparam("limit"))
_delete_locks = delete(_lock).where(tuple_(_lock.kind, _lock.key).in_(bindparam("pairs", expanding=True)))
_old_counters = select(_counter.kind, _counter.key).where(_counter.last_at < bindparam("before")).limit(bindparam("limit"))
_delete_counters = delete(_counter).where(tuple_(_counter.kind, _counter.key).in_(bindparam("pairs", expanding=True)))


@dataclass(frozen=True, slots=True)
class Delay:
    """From so many failures on, wait until an instant."""

    failures: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    """A window that is over, and how much was counted in it."""

    key: str
    count: int
    until: datetime


def lock_budget(db: Connection, kind: str, key: str, now: datetime) -> None:
    """Let others who count against the same budget wait until this transaction ends."""
    db.execute(_lock_budget, {"kind": kind, "key": key, "now": now})


def add_entry(db: Connection, kind: str, key: str, now: datetime) -> None:
    """Count one against a budget."""
    db.execute(_add_entry, {"kind": kind, "key": key, "at": now})


def nth_newest(db: Connection, kind: str, key: str, n: int, *, not_after: datetime) -> datetime | None:
    """Tell when the n-th newest entry was made, n from 1, of those up to an instant; by ix_budget_entries_key."""
    return db.scalar(_nth_newest, {"kind": kind, "key": key, "skipped": n - 1, "not_after": not_after})


def count_attempt(db: Connection, kind: str, key: str, delays: Sequence[Delay], *, forget_before: datetime, now: datetime) -> bool:
    """Count an attempt as failed before it is judged; false, and nothing counted, while attempts are refused.

    A wait beyond the longest delay was written by a clock that ran ahead, and keeps nobody out.
    """
    steps = [*delays, *[delays[-1]] * (STEPS - len(delays))]
    bound = {"kind": kind, "key": key, "now": now, "forget_before": forget_before, "longest": steps[-1].until}
    for number, step in enumerate(steps):
        bound |= {f"from_{number}": step.failures, f"until_{number}": step.until}
    return db.execute(_count, bound).first() is not None


def blocked_until(db: Connection, pairs: Sequence[tuple[str, str]]) -> datetime | None:
    """Tell until when the strictest of several counters refuses attempts."""
    return db.scalar(_blocked, {"pairs": list(pairs)})


def take_back(db: Connection, kind: str, key: str) -> None:
    """Uncount an attempt that succeeded; it was let in, so nothing was refused before it."""
    db.execute(_take_back, {"of_kind": kind, "of_key": key})


def forget(db: Connection, kind: str, key: str) -> None:
    """Start counting afresh."""
    db.execute(_forget, {"of_kind": kind, "of_key": key})


def claim(db: Connection, kind: str, key: str, *, until: datetime, now: datetime) -> bool:
    """Be the only one to do something until an instant; false when somebody has it."""
    return db.execute(_claim, {"kind": kind, "key": key, "now": now, "until": until}).first() is not None


def count_in_window(db: Connection, kind: str, key: str, *, until: datetime, now: datetime) -> int | None:
    """Count one in the window that is open, or in a new one that ends at an instant; none while one that is over was not closed."""
    found: int | None = db.scalar(_count_in_window, {"kind": kind, "key": key, "now": now, "until": until})
    return found


def close_windows(db: Connection, kind: str, keys: Sequence[str], now: datetime) -> list[Closed]:
    """Take those windows away that are over; of several who do so at once one gets each."""
    rows = db.execute(_close_windows, {"of_kind": kind, "of_keys": list(keys), "now": now})
    return [Closed(*row) for row in rows]


def windows_over(db: Connection, kind: str, now: datetime, limit: int) -> list[str]:
    """List the keys of windows that are over; by the key's first column."""
    return list(db.scalars(_keys_over, {"of_kind": kind, "now": now, "at_most": limit}))


def delete_old(db: Connection, before: datetime, limit: int) -> int:
    """Delete what no window looks back to any more; by the indexes on time."""
    ids = list(db.scalars(_old_entries, {"before": before, "limit": limit}))
    deleted = db.execute(_delete_entries, {"ids": ids}).rowcount if ids else 0
    for find, remove in ((_old_locks, _delete_locks), (_old_counters, _delete_counters)):
        pairs = [tuple(row) for row in db.execute(find, {"before": before, "limit": limit})]
        deleted += db.execute(remove, {"pairs": pairs}).rowcount if pairs else 0
    return deleted
