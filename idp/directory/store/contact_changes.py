"""SQL of contact changes."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from idp.directory.entries import ContactChange, ContactKind
from idp.directory.tables import ContactChange as Table
from idp.identifiers import AccountId, ContactChangeId

_COLUMNS = (Table.id, Table.account_id, Table.kind, Table.value, Table.created_at, Table.expires_at, Table.ended_at)
_OPEN = Table.ended_at.is_(None)
_by_token = select(*_COLUMNS).where(Table.token_hash == bindparam("key"))
_waiting = select(*_COLUMNS).where(Table.account_id == bindparam("key"), _OPEN, Table.expires_at > bindparam("now")).order_by(Table.kind)
_end = (
    update(Table)
    .where(Table.account_id == bindparam("key"), Table.kind == bindparam("which"), _OPEN)
    .values(ended_at=bindparam("at"))
    .returning(Table.id)
)
_use_up = (
    update(Table)
    .where(Table.id == bindparam("key"), _OPEN, Table.expires_at > bindparam("at"))
    .values(ended_at=bindparam("at"))
    .returning(Table.id)
)
_add = insert(Table)


def find_by_token(db: Connection, token_hash: str) -> ContactChange | None:
    """Find the change of a link."""
    row = db.execute(_by_token, {"key": token_hash}).mappings().one_or_none()
    return _change(row) if row else None


def waiting(db: Connection, account_id: AccountId, now: datetime) -> list[ContactChange]:
    """List what waits for an account's confirmation."""
    return [_change(row) for row in db.execute(_waiting, {"key": account_id, "now": now}).mappings()]


def end(db: Connection, account_id: AccountId, kind: ContactKind, now: datetime) -> bool:
    """End an account's open change of a kind; False when there is none."""
    return db.execute(_end, {"key": account_id, "which": kind.value, "at": now}).scalar_one_or_none() is not None


def use_up(db: Connection, change_id: ContactChangeId, now: datetime) -> bool:
    """Use a change up; of several callers one succeeds."""
    return db.execute(_use_up, {"key": change_id, "at": now}).scalar_one_or_none() is not None


def add(db: Connection, row: dict[str, Any]) -> None:
    """Add a change; the account has no open one of this kind."""
    db.execute(_add, row)


def _change(row: RowMapping) -> ContactChange:
    return ContactChange(
        id=ContactChangeId(row["id"]),
        account_id=AccountId(row["account_id"]),
        kind=ContactKind(row["kind"]),
        value=row["value"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
    )
