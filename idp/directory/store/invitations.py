"""SQL of invitations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, exists, insert, select, update

from idp.directory.entries import Invitation
from idp.directory.tables import Account
from idp.directory.tables import Invitation as Table
from idp.identifiers import AccountId, InvitationId, JobId

COLUMNS = (
    Table.id,
    Table.account_id,
    Table.job_id,
    Table.created_at,
    Table.send_at,
    Table.scheduled_local,
    Table.expires_at,
    Table.delivered_at,
    Table.delivery_failed_at,
    Table.ended_at,
    Table.end_reason,
)
_OPEN = Table.ended_at.is_(None)
_by_token = select(*COLUMNS).where(Table.token_hash == bindparam("key"))
_open_of = select(*COLUMNS).where(Table.account_id == bindparam("key"), _OPEN)
_open_of_many = select(*COLUMNS).where(Table.account_id.in_(bindparam("keys", expanding=True)), _OPEN)
_add = insert(Table)
_end = update(Table).where(Table.id == bindparam("key"), _OPEN).returning(Table.id)
_use_up = (
    update(Table)
    .where(
        Table.id == bindparam("key"),
        _OPEN,
        Table.send_at <= bindparam("at"),
        Table.expires_at > bindparam("at"),
        exists().where(Account.id == Table.account_id, Account.locked_at.is_(None), Account.deactivated_at.is_(None)),
    )
    .values(used_at=bindparam("at"), ended_at=bindparam("at"), end_reason="used")
    .returning(Table.id)
)
_end_unsent = (
    update(Table)
    .where(Table.account_id.in_(bindparam("keys", expanding=True)), _OPEN, Table.send_at > bindparam("at"))
    .values(ended_at=bindparam("at"), end_reason="cancelled")
    .returning(Table.id, Table.account_id, Table.job_id)
)
_move = (
    update(Table)
    .where(Table.id == bindparam("key"), _OPEN, Table.send_at > bindparam("now"))
    .values(send_at=bindparam("to"), scheduled_local=bindparam("local"), expires_at=bindparam("expiry"))
    .returning(Table.id)
)
_note = update(Table).where(Table.job_id == bindparam("key"))
_note_delivered = _note.values(delivered_at=bindparam("at"), delivery_failed_at=None)
_note_failed = _note.where(Table.delivered_at.is_(None)).values(delivery_failed_at=bindparam("at"))


def find_by_token(db: Connection, token_hash: str) -> Invitation | None:
    """Find the invitation of a link."""
    row = db.execute(_by_token, {"key": token_hash}).mappings().one_or_none()
    return invitation_from(row) if row else None


def open_of(db: Connection, account_id: AccountId) -> Invitation | None:
    """Find an account's open invitation (it may have expired); by uq_invitations_open."""
    row = db.execute(_open_of, {"key": account_id}).mappings().one_or_none()
    return invitation_from(row) if row else None


def open_of_many(db: Connection, account_ids: Sequence[AccountId]) -> dict[AccountId, Invitation]:
    """Find the open invitations of accounts."""
    rows = db.execute(_open_of_many, {"keys": list(account_ids)}).mappings()
    return {AccountId(row["account_id"]): invitation_from(row) for row in rows}


def add(db: Connection, row: dict[str, Any]) -> None:
    """Add an invitation; the account has no open one."""
    db.execute(_add, row)


def end(db: Connection, invitation_id: InvitationId, reason: str, now: datetime) -> bool:
    """End an open invitation; False when it has ended."""
    statement = _end.values(ended_at=now, end_reason=reason)
    return db.execute(statement, {"key": invitation_id}).scalar_one_or_none() is not None


def end_unsent(db: Connection, account_ids: Sequence[AccountId], now: datetime) -> list[tuple[InvitationId, AccountId, JobId]]:
    """Cancel the invitations of accounts that wait for their time."""
    rows = db.execute(_end_unsent, {"keys": list(account_ids), "at": now})
    return [(InvitationId(row.id), AccountId(row.account_id), JobId(row.job_id)) for row in rows]


def use_up(db: Connection, invitation_id: InvitationId, now: datetime) -> bool:
    """Use an invitation up; of several callers at the same time one succeeds."""
    return db.execute(_use_up, {"key": invitation_id, "at": now}).scalar_one_or_none() is not None


def move(db: Connection, invitation_id: InvitationId, *, now: datetime, to: datetime, local: str | None, expires_at: datetime) -> bool:
    """Set another time for an invitation that waits; False when it waits no more."""
    values = {"key": invitation_id, "now": now, "to": to, "local": local, "expiry": expires_at}
    return db.execute(_move, values).scalar_one_or_none() is not None


def note_delivery(db: Connection, job_id: JobId, now: datetime, *, delivered: bool) -> None:
    """Note what became of an invitation's mail; by ix_invitations_job_id."""
    db.execute(_note_delivered if delivered else _note_failed, {"key": job_id, "at": now})


def invitation_from(row: RowMapping, prefix: str = "") -> Invitation:
    """Make the value of a row of COLUMNS (with a prefix before the names, where they were joined)."""
    return Invitation(
        id=InvitationId(row[prefix + "id"]),
        account_id=AccountId(row[prefix + "account_id"]),
        job_id=JobId(row[prefix + "job_id"]),
        created_at=row[prefix + "created_at"],
        send_at=row[prefix + "send_at"],
        scheduled_local=row[prefix + "scheduled_local"],
        expires_at=row[prefix + "expires_at"],
        delivered_at=row[prefix + "delivered_at"],
        delivery_failed_at=row[prefix + "delivery_failed_at"],
        ended_at=row[prefix + "ended_at"],
        end_reason=row[prefix + "end_reason"],
    )
