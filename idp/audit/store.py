"""SQL of the audit log."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from idp.audit.tables import AuditEvent

_events = AuditEvent.__table__
_add = insert(AuditEvent)


def add(db: Connection, row: Mapping[str, Any]) -> None:
    """Add one event."""
    db.execute(_add, row)


def events_of_account(db: Connection, account_id: str, *, before: int | None, limit: int) -> Sequence[RowMapping]:
    """List an account's events, newest first; by ix_audit_events_account."""
    query = select(_events).where(AuditEvent.account_id == account_id).order_by(AuditEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return db.execute(query).mappings().all()
