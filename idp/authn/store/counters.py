"""SQL of budgets (rolling windows) and throttling (growing delays); each count is one atomic statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, Update, and_, bindparam, case, delete, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.sql.dml import ReturningInsert

from idp.authn import tables
from idp.database import upsert
from idp.statements import write_later

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Until when a counter refuses that refuses nothing: before any attempt that has waited for this one's transaction."""

_entry = tables.BudgetEntry
_lock = tables.BudgetLock
_counter = tables.ThrottleCounter


def _kind(number: int) -> BindParameter[str]:
    return bindparam(f"kind_{number}", type_=_counter.kind.type)


def _key(number: int) -> BindParameter[str]:
    return bindparam(f"key_{number}", type_=_counter.key.type)


@cache
def _lock_budgets(n: int) -> Insert:
    now = bindparam("now", type_=_lock.at.type)
    rows = [{"kind": _kind(number), "key": _key(number), "at": now} for number in range(n)]
    return upsert(_lock).values(rows).on_conflict_do_update(index_elements=[_lock.kind, _lock.key], set_={"at": now})


@cache
def _add_entries(n: int) -> Insert:
    return upsert(_entry).values(
        [{"kind": _kind(number), "key": _key(number), "at": bindparam("at", type_=_entry.at.type)} for number in range(n)]
    )


@cache
def _nth_newest(n: int) -> Select[Any]:
    found: list[ColumnElement[Any]] = [
        select(_entry.at)
        .where(_entry.kind == _kind(number), _entry.key == _key(number))
        .where(_entry.at > bindparam(f"after_{number}"), _entry.at <= bindparam("not_after"))
        .order_by(_entry.at.desc())
        .offset(bindparam(f"skipped_{number}"))
        .limit(1)
        .scalar_subquery()
        for number in range(n)
    ]
    return select(*found)


@cache
def _count(n: int) -> ReturningInsert[str, int]:
    now = bindparam("now", type_=_counter.last_at.type)
    long_ago = bindparam("long_ago", _LONG_AGO, _counter.blocked_until.type)
    rows = [
        {"kind": _kind(number), "key": _key(number), "failures": bindparam("first", 1), "last_at": now, "blocked_until": long_ago}
        for number in range(n)
    ]
    ran_ahead = (and_(_counter.kind == _kind(number), _counter.blocked_until > bindparam(f"longest_{number}")) for number in range(n))
    return (
        upsert(_counter)
        .values(rows)
        .on_conflict_do_update(
            index_elements=[_counter.kind, _counter.key],
            set_={
                "failures": case((_counter.last_at < bindparam("forget_before"), 1), else_=_counter.failures + 1),
                "last_at": now,
                "blocked_until": long_ago,
            },
            where=or_(_counter.blocked_until <= now, *ran_ahead),
        )
        .returning(_counter.kind, _counter.failures)
    )


_block = (
    update(_counter)
    .where(_counter.kind == bindparam("of_kind"), _counter.key == bindparam("of_key"))
    .values(blocked_until=bindparam("until"))
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


def _any_of(n: int) -> ColumnElement[bool]:
    """Select some counters, each by both columns of its key."""
    return or_(*(and_(_counter.kind == _kind(number), _counter.key == _key(number)) for number in range(n)))


@cache
def _blocked(n: int) -> Select[Any]:
    return select(_counter.blocked_until).where(_any_of(n)).order_by(_counter.blocked_until.desc()).limit(1)


@cache
def _take_back(n: int) -> Update:
    left = case((_counter.kind.in_([bindparam(f"afresh_{number}") for number in range(n)]), 0), else_=_counter.failures - 1)
    return update(_counter).where(_any_of(n)).values(failures=left, blocked_until=_LONG_AGO)


_old_entries = select(_entry.id).where(_entry.at < bindparam("before")).limit(bindparam("limit"))
_delete_entries = delete(_entry).where(_entry.id.in_(bindparam("ids", expanding=True)))
_old_locks = select(_lock.kind, _lock.key).where(_lock.at < bindparam("before")).limit(bindparam("limit"))
_delete_locks = delete(_lock).where(tuple_(_lock.kind, _lock.key).in_(bindparam("pairs", expanding=True)))
_old_counters = select(_counter.kind, _counter.key).where(_counter.last_at < bindparam("before")).limit(bindparam("limit"))
_delete_counters = delete(_counter).where(tuple_(_counter.kind, _counter.key).in_(bindparam("pairs", expanding=True)))


@dataclass(frozen=True, slots=True)
class Counter:
    """What attempts count for, and until when it can refuse them at most."""

    kind: str
    key: str
    longest: datetime


@dataclass(frozen=True, slots=True)
class Looked:
    """A budget, how many fill it, and the instant after which they count."""

    kind: str
    key: str
    most: int
    after: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    """A window that is over, and how much was counted in it."""

    key: str
    count: int
    until: datetime


def lock_budget(db: Connection, kind: str, key: str, now: datetime) -> None:
    """Let others who count against the same budget wait until this transaction ends."""
    lock_budgets(db, [(kind, key)], now)


def lock_budgets(db: Connection, budgets: Sequence[tuple[str, str]], now: datetime) -> None:
    """Let others who count against the same budgets wait; all have to name kinds in one order, so that none waits in a circle."""
    db.execute(_lock_budgets(len(budgets)), _numbered(budgets) | {"now": now})


def add_entries(db: Connection, budgets: Sequence[tuple[str, str]], now: datetime) -> None:
    """Count one against each of these budgets."""
    write_later(db, _add_entries(len(budgets)), _numbered(budgets) | {"at": now})


def filled_at(db: Connection, looked: Sequence[Looked], *, not_after: datetime) -> tuple[datetime | None, ...]:
    """Tell of each budget when the newest entries that fill it began, none where it is not full; by ix_budget_entries_key."""
    bound = _numbered([(budget.kind, budget.key) for budget in looked]) | {"not_after": not_after}
    for number, budget in enumerate(looked):
        bound |= {f"skipped_{number}": budget.most - 1, f"after_{number}": budget.after}
    return tuple(db.execute(_nth_newest(len(looked)), bound).one())


def count_attempts(db: Connection, counters: Sequence[Counter], *, forget_before: datetime, now: datetime) -> dict[str, int]:
    """Count an attempt as failed before it is judged; give the failures by kind, without those that refuse attempts now.

    All have to name kinds in one order, so that none waits in a circle. Others wait until this transaction ends. A wait beyond the
    longest delay was written by a clock that ran ahead, and keeps nobody out.
    """
    bound = _numbered([(counter.kind, counter.key) for counter in counters]) | {"now": now, "forget_before": forget_before}
    bound |= {f"longest_{number}": counter.longest for number, counter in enumerate(counters)}
    return {row[0]: row[1] for row in db.execute(_count(len(counters)), bound)}


def block(db: Connection, until: Mapping[tuple[str, str], datetime]) -> None:
    """Refuse further attempts until an instant; only within the transaction that has counted one."""
    db.execute(_block, [{"of_kind": kind, "of_key": key, "until": at} for (kind, key), at in until.items()])


def blocked_until(db: Connection, pairs: Sequence[tuple[str, str]]) -> datetime | None:
    """Tell until when the strictest of several counters refuses attempts."""
    found: datetime | None = db.scalar(_blocked(len(pairs)), _numbered(pairs))
    return found


def take_back(db: Connection, pairs: Sequence[tuple[str, str]], *, afresh: Sequence[str]) -> None:
    """Uncount an attempt that succeeded; it was let in, so nothing was refused before it. `afresh`: kinds that begin anew."""
    begins = {f"afresh_{number}": kind if kind in afresh else None for number, (kind, _) in enumerate(pairs)}
    write_later(db, _take_back(len(pairs)), _numbered(pairs) | begins)


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


def _numbered(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Bind kinds and keys by their place."""
    return {name: value for number, (kind, key) in enumerate(pairs) for name, value in ((f"kind_{number}", kind), (f"key_{number}", key))}
