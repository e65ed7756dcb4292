"""SQL of sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, exists, insert, or_, select, update

from idp.authn import tables
from idp.authn.areas import Area
from idp.directory.entries import Account
from idp.directory.store import accounts
from idp.directory.tables import Account as AccountRow
from idp.directory.tables import Customer
from idp.identifiers import AccountId, BrowserHash, SessionId, SigninId
from idp.statements import write_later

_row = tables.Session
COLUMNS = (
    _row.id,
    _row.account_id,
    _row.browser_hash,
    _row.acr,
    _row.amr,
    _row.auth_time,
    _row.signin_id,
    _row.device_label,
    _row.area,
    _row.created_at,
    _row.active_at,
    _row.expires_at,
)

NAMES = tuple(column.key for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser, as it was read; `auth_time` is when the password (or more) was last proven."""

    id: SessionId
    account_id: AccountId
    browser_hash: BrowserHash
    acr: str
    amr: tuple[str, ...]
    auth_time: datetime
    signin_id: SigninId | None
    device_label: str
    created_at: datetime
    active_at: datetime
    expires_at: datetime
    area: Area = Area.PUBLIC


LIVE = (
    _row.ended_at.is_(None),
    _row.expires_at > bindparam("now"),
    _row.active_at > bindparam("idle_since"),
    _row.area == bindparam("area"),
)
"""What a session is that counts; to be bound: now, idle_since, area."""
_live = select(*COLUMNS).where(*LIVE)
_live_by_token = _live.where(_row.token_hash == bindparam("token_hash"))
_usable = exists().where(AccountRow.id == _row.account_id, AccountRow.locked_at.is_(None), AccountRow.deactivated_at.is_(None))
_usable_by_token = _live_by_token.where(_usable)
_live_by_id = _live.where(_row.id == bindparam("session_id"))
_live_by_id_held = _live_by_id.with_for_update(read=True)
_with_account = (
    select(*COLUMNS, *accounts.COLUMNS)
    .join_from(_row, AccountRow, AccountRow.id == _row.account_id)
    .outerjoin(Customer, Customer.id == AccountRow.customer_id)
    .where(*LIVE)
)
_with_account_by_token = _with_account.where(_row.token_hash == bindparam("token_hash"))
_with_account_by_id = _with_account.where(_row.id == bindparam("session_id"))
_with_account_by_id_held = _with_account_by_id.with_for_update(read=True, of=_row)
_live_of_account = _live.where(_row.account_id == bindparam("account_id")).order_by(_row.active_at.desc())
_owners = select(_row.id, _row.account_id).where(_row.id.in_(bindparam("ids", expanding=True)))
_add = insert(_row)
_renew = (
    update(_row)
    .where(_row.id == bindparam("session_id"), _row.account_id == bindparam("of_account"), _row.ended_at.is_(None))
    .returning(*COLUMNS)
)
_touch = (
    update(_row)
    .where(_row.id == bindparam("session_id"), _row.ended_at.is_(None), _row.active_at < bindparam("before"))
    .values(active_at=bindparam("seen_at"))
)
_end = update(_row).where(_row.ended_at.is_(None)).values(ended_at=bindparam("now"), end_reason=bindparam("reason")).returning(_row.id)
_end_some = _end.where(_row.id.in_(bindparam("ids", expanding=True)))
_end_of_accounts = _end.where(_row.account_id.in_(bindparam("ids", expanding=True)))
_over = select(_row.id).where(or_(_row.expires_at < bindparam("before"), _row.ended_at < bindparam("before"))).limit(bindparam("limit"))
_delete = delete(_row).where(_row.id.in_(bindparam("ids", expanding=True)))


def find_live(
    db: Connection, token_hash: str, *, area: Area, now: datetime, idle_since: datetime, whosever: bool = False
) -> Session | None:
    """Give the live session of a token; by uq_sessions_token_hash. `whosever`: also of an account that is locked or deactivated."""
    bound = {"token_hash": token_hash, "area": area, "now": now, "idle_since": idle_since}
    return _session(db.execute(_live_by_token if whosever else _usable_by_token, bound).mappings().first())


def find_live_by_id(db: Connection, session_id: SessionId, *, area: Area, now: datetime, idle_since: datetime) -> Session | None:
    """Give a session if it is live; by its key."""
    return _session(
        db.execute(_live_by_id, {"session_id": session_id, "area": area, "now": now, "idle_since": idle_since}).mappings().first()
    )


def hold_live(db: Connection, session_id: SessionId, *, area: Area, now: datetime, idle_since: datetime) -> Session | None:
    """Give a session if it is live, and let nobody change it until the end of the transaction; by its key."""
    return _session(
        db.execute(_live_by_id_held, {"session_id": session_id, "area": area, "now": now, "idle_since": idle_since}).mappings().first()
    )


def find_with_account(
    db: Connection, token_hash: str, *, area: Area, now: datetime, idle_since: datetime
) -> tuple[Session, Account] | None:
    """Give the live session of a token with its account; by uq_sessions_token_hash."""
    bound = {"token_hash": token_hash, "area": area, "now": now, "idle_since": idle_since}
    return _pair(db.execute(_with_account_by_token, bound).first())


def with_account(
    db: Connection, session_id: SessionId, *, held: bool, area: Area, now: datetime, idle_since: datetime
) -> tuple[Session, Account] | None:
    """Give a session with its account if it is live; by its key. `held`: nobody changes the session until the end of the transaction."""
    bound = {"session_id": session_id, "area": area, "now": now, "idle_since": idle_since}
    return _pair(db.execute(_with_account_by_id_held if held else _with_account_by_id, bound).first())


def live_of_account(db: Connection, account_id: AccountId, *, area: Area, now: datetime, idle_since: datetime) -> list[Session]:
    """List an account's live sessions, the latest used first; by ix_sessions_account."""
    rows = db.execute(_live_of_account, {"account_id": account_id, "area": area, "now": now, "idle_since": idle_since}).mappings()
    return [found for row in rows if (found := _session(row))]


def owners(db: Connection, session_ids: Sequence[SessionId]) -> dict[SessionId, AccountId]:
    """Tell whose sessions these are, ended ones too; by their keys."""
    return {SessionId(row.id): AccountId(row.account_id) for row in db.execute(_owners, {"ids": list(session_ids)})}


def add(db: Connection, session: Session, token_hash: str) -> None:
    """Add a session."""
    write_later(db, _add, _values(session) | {"id": session.id, "account_id": session.account_id, "token_hash": token_hash})


def renew(db: Connection, session: Session, token_hash: str) -> Session | None:
    """Give a session that has not ended a new token and proof; none if it ended meanwhile."""
    values = _values(session) | {"token_hash": token_hash}
    values.pop("created_at")
    bound = {"session_id": session.id, "of_account": session.account_id}
    return _session(db.execute(_renew.values(**values), bound).mappings().first())


def touch(db: Connection, session_id: SessionId, *, now: datetime, before: datetime) -> None:
    """Note activity unless that was done since `before`."""
    write_later(db, _touch, {"session_id": session_id, "seen_at": now, "before": before})


def end(db: Connection, session_ids: Sequence[SessionId], reason: str, now: datetime) -> tuple[SessionId, ...]:
    """End sessions; give those that had not ended yet."""
    return tuple(db.scalars(_end_some, {"ids": list(session_ids), "reason": reason, "now": now}))


def end_of_accounts(db: Connection, account_ids: Sequence[AccountId], reason: str, now: datetime) -> tuple[SessionId, ...]:
    """End all sessions of accounts; give those that had not ended yet."""
    return tuple(db.scalars(_end_of_accounts, {"ids": list(account_ids), "reason": reason, "now": now}))


def delete_over(db: Connection, before: datetime, limit: int) -> int:
    """Delete sessions that were over before an instant; by ix_sessions_expires_at."""
    ids = list(db.scalars(_over, {"before": before, "limit": limit}))
    return db.execute(_delete, {"ids": ids}).rowcount if ids else 0


def _values(session: Session) -> dict[str, Any]:
    return {
        "browser_hash": session.browser_hash,
        "acr": session.acr,
        "amr": list(session.amr),
        "auth_time": session.auth_time,
        "signin_id": session.signin_id,
        "device_label": session.device_label,
        "area": session.area,
        "created_at": session.created_at,
        "active_at": session.active_at,
        "expires_at": session.expires_at,
    }


def session_from(row: Mapping[Any, Any]) -> Session:
    """Make the value of a row of COLUMNS."""
    return Session(**(dict(row) | {"amr": tuple(row["amr"]), "area": Area(row["area"])}))


def _session(row: RowMapping | None) -> Session | None:
    return session_from(row) if row else None


def _pair(row: Any) -> tuple[Session, Account] | None:
    if row is None:
        return None
    session = session_from(dict(zip(NAMES, row, strict=False)))
    return session, accounts.account_from(dict(zip(accounts.NAMES, row[len(NAMES) :], strict=True)))
