"""SQL of the audit log and its seals."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, delete, func, insert, select, update

from idp.audit.entries import FIELDS, Entry, Wanted
from idp.audit.tables import AuditCut, AuditEvent, AuditSeal
from idp.database import upsert
from idp.statements import write_later

_events = AuditEvent.__table__
_add = insert(AuditEvent).inline()  # nobody asks for the new id
_entries = select(*(_events.c[name] for name in FIELDS))
_sealable = select(*(_events.c[name] for name in FIELDS), _events.c.sealed_as)
_span = (
    _sealable.where(AuditEvent.id > bindparam("after"), AuditEvent.id <= bindparam("last"))
    .order_by(AuditEvent.id)
    .limit(bindparam("at_most"))
)
_of_account = (
    _sealable.where(AuditEvent.account_id == bindparam("account"), AuditEvent.id > bindparam("after"))
    .order_by(AuditEvent.id)
    .limit(bindparam("at_most"))
)
_erase_details = (
    update(AuditEvent)
    .where(AuditEvent.id == bindparam("event_id"), AuditEvent.sealed_as.is_(None))
    .values(detail=bindparam("kept", type_=_events.c.detail.type), sealed_as=bindparam("was"))
)
_last_id = select(func.max(AuditEvent.id))
_count_after = select(func.count()).select_from(AuditEvent).where(AuditEvent.id > bindparam("after"))

_seals = select(AuditSeal.first_event_id, AuditSeal.last_event_id, AuditSeal.sealed_at, AuditSeal.mac, AuditSeal.format)
_last_of_first_format = select(func.max(AuditSeal.last_event_id)).where(AuditSeal.format == 1)
_last_seal = _seals.order_by(AuditSeal.last_event_id.desc()).limit(1)
_next_seals = _seals.where(AuditSeal.last_event_id > bindparam("after")).order_by(AuditSeal.last_event_id).limit(bindparam("at_most"))
_add_seal = upsert(AuditSeal).on_conflict_do_nothing().returning(AuditSeal.last_event_id)

_cut = select(AuditCut.last_event_id, AuditCut.seal, AuditCut.events, AuditCut.sealed_before, AuditCut.cut_at, AuditCut.mac)
_last_cut = _cut.order_by(AuditCut.last_event_id.desc()).limit(1)
_add_cut = upsert(AuditCut).on_conflict_do_nothing().returning(AuditCut.last_event_id)
_delete_cuts = delete(AuditCut).where(AuditCut.last_event_id < bindparam("last"))
_delete_events = delete(AuditEvent).where(AuditEvent.id <= bindparam("last"))
_delete_seals = delete(AuditSeal).where(AuditSeal.last_event_id <= bindparam("last"))
_count_until = select(func.count()).select_from(AuditEvent).where(AuditEvent.id <= bindparam("last"))


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the log begins: all events up to the last one were deleted, `events` in number; `seal` was the seal over it."""

    last_event_id: int
    seal: str
    events: int
    sealed_before: datetime
    cut_at: datetime
    mac: str


@dataclass(frozen=True, slots=True)
class Seal:
    """A keyed hash over the events from first to last and the seal before it."""

    first_event_id: int
    last_event_id: int
    sealed_at: datetime
    mac: str
    format: int = 2


@dataclass(frozen=True, slots=True)
class Sealable:
    """An event as it is sealed; `sealed_as` where its details were erased since it was written."""

    entry: Entry
    sealed_as: str | None


def add(db: Connection, row: Mapping[str, Any]) -> None:
    """Add one event."""
    write_later(db, _add, row)


def events_of_account(db: Connection, account_id: str, *, before: int | None, limit: int) -> Sequence[RowMapping]:
    """List an account's events, newest first; by ix_audit_events_account."""
    query = select(_events).where(AuditEvent.account_id == account_id).order_by(AuditEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return db.execute(query).mappings().all()


def newest(db: Connection, wanted: Wanted, *, before: int | None, limit: int) -> list[Entry]:
    """List entries, newest first; by the index of the account, customer or event that is asked for."""
    query = _filtered(_entries, wanted).order_by(AuditEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return [Entry(*row) for row in db.execute(query)]


def oldest(db: Connection, wanted: Wanted, *, after: int, limit: int) -> list[Entry]:
    """List entries in the order in which they were written."""
    query = _filtered(_entries, wanted).where(AuditEvent.id > after).order_by(AuditEvent.id).limit(limit)
    return [Entry(*row) for row in db.execute(query)]


def span(db: Connection, after: int, last: int, limit: int) -> list[Sealable]:
    """List the events after one id up to another, by the primary key."""
    return [_sealable_from(row) for row in db.execute(_span, {"after": after, "last": last, "at_most": limit})]


def of_account(db: Connection, account_id: str, *, after: int, limit: int) -> list[Sealable]:
    """List the events about an account in the order in which they were written; by ix_audit_events_account."""
    return [_sealable_from(row) for row in db.execute(_of_account, {"account": account_id, "after": after, "at_most": limit})]


def erase_details(db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep a part of events' details (`event_id`, `kept`), and what proves them all the same (`was`)."""
    if rows:
        db.execute(_erase_details, list(rows))


def last_of_first_format(db: Connection) -> int:
    """Tell up to which event seals are over the events themselves; 0 when none is."""
    return db.execute(_last_of_first_format).scalar() or 0


def last_id(db: Connection) -> int:
    """Tell the id of the newest event, 0 when there is none."""
    return db.execute(_last_id).scalar() or 0


def count_after(db: Connection, event_id: int) -> int:
    """Count the events after one."""
    return db.execute(_count_after, {"after": event_id}).scalar_one()


def last_seal(db: Connection) -> Seal | None:
    """Give the end of the chain."""
    row = db.execute(_last_seal).one_or_none()
    return Seal(*row) if row else None


def next_seals(db: Connection, after: int, limit: int) -> list[Seal]:
    """List seals along the chain."""
    return [Seal(*row) for row in db.execute(_next_seals, {"after": after, "at_most": limit})]


def add_seal(db: Connection, seal: Seal) -> bool:
    """Lengthen the chain; False when another worker has done so from the same place."""
    row = {
        "first_event_id": seal.first_event_id,
        "last_event_id": seal.last_event_id,
        "sealed_at": seal.sealed_at,
        "mac": seal.mac,
        "format": seal.format,
    }
    return db.execute(_add_seal, row).one_or_none() is not None


def last_cut(db: Connection) -> Cut | None:
    """Tell where the log begins; none when nothing was ever deleted."""
    row = db.execute(_last_cut).one_or_none()
    return Cut(*row) if row else None


def replace_cut(db: Connection, before: Cut | None, cut: Cut) -> bool:
    """Note a new beginning in place of the one that was read; False when another worker has moved it meanwhile."""
    if db.execute(_add_cut, asdict(cut)).one_or_none() is None:
        return False
    return db.execute(_delete_cuts, {"last": cut.last_event_id}).rowcount == (1 if before else 0)


def delete_until(db: Connection, event_id: int) -> tuple[int, int]:
    """Delete events and their seals up to one, by the primary keys; give both numbers."""
    last = {"last": event_id}
    return db.execute(_delete_events, last).rowcount, db.execute(_delete_seals, last).rowcount


def count_until(db: Connection, event_id: int) -> int:
    """Count the events up to one."""
    return db.execute(_count_until, {"last": event_id}).scalar_one()


def _sealable_from(row: Any) -> Sealable:
    return Sealable(Entry(*row[:-1]), row[-1])


def _filtered(query: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.account_id is not None:
        query = query.where(AuditEvent.account_id == wanted.account_id)
    if wanted.customer_id is not None:
        query = query.where(AuditEvent.customer_id == wanted.customer_id)
    if wanted.event is not None:
        query = query.where(AuditEvent.event == wanted.event)
    if wanted.since is not None:
        query = query.where(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEvent.at < wanted.until)
    return query
