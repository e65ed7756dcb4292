"""SQL of passwords."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from idp.authn import tables
from idp.database import upsert
from idp.directory.entries import Account
from idp.directory.store import accounts
from idp.directory.tables import Account as AccountRow
from idp.directory.tables import Customer
from idp.identifiers import AccountId, BrowserHash
from idp.statements import write_later

_present = tables.Password
_former = tables.FormerPassword
_device = tables.KnownDevice


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account's password hashes; `former` begins with the latest."""

    hash: str | None
    changed_at: datetime | None
    former: tuple[str, ...]

    @property
    def not_again(self) -> tuple[str, ...]:
        """The hashes of passwords that may not come again."""
        return ((self.hash,) if self.hash else ()) + self.former


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that somebody signs in with, its present hash, and whether it has signed in with this browser of late."""

    account: Account
    hash: str | None
    changed_at: datetime | None
    device_is_known: bool


_candidate = (
    select(*accounts.COLUMNS, _present.hash, _present.changed_at, _device.completed_at)
    .select_from(AccountRow)
    .outerjoin(Customer, Customer.id == AccountRow.customer_id)
    .outerjoin(_present, _present.account_id == AccountRow.id)
    .outerjoin(
        _device,
        and_(
            _device.account_id == AccountRow.id,
            _device.browser_hash == bindparam("browser"),
            _device.completed_at > bindparam("since"),
        ),
    )
)
_candidate_by_id = _candidate.where(AccountRow.id == bindparam("account_id"))
_candidate_by_username = _candidate.where(AccountRow.username_key == bindparam("username_key"))
_find = select(_present.hash, _present.changed_at).where(_present.account_id == bindparam("account_id"))
_find_locked = _find.with_for_update()
_find_former = select(_former.id, _former.hash).where(_former.account_id == bindparam("account_id")).order_by(_former.id.desc())
_put = (
    upsert(_present)
    .values(account_id=bindparam("account_id"), hash=bindparam("hash"), changed_at=bindparam("now"))
    .on_conflict_do_update(index_elements=[_present.account_id], set_={"hash": bindparam("hash"), "changed_at": bindparam("now")})
)
_add_former = insert(_former)
_drop_former = delete(_former).where(_former.id.in_(bindparam("ids", expanding=True)))
_exchange = (
    update(_present).where(_present.account_id == bindparam("of_account"), _present.hash == bindparam("old")).values(hash=bindparam("new"))
)


def candidate(db: Connection, account_id: AccountId, browser: BrowserHash, since: datetime) -> Candidate | None:
    """Give an account with its present hash; its browser is known by a sign-in after an instant. By the keys."""
    return _one(db.execute(_candidate_by_id, {"account_id": account_id, "browser": browser, "since": since}).first())


def candidate_named(db: Connection, username_key: str, browser: BrowserHash, since: datetime) -> Candidate | None:
    """Give the same by the compared form of a user name."""
    return _one(db.execute(_candidate_by_username, {"username_key": username_key, "browser": browser, "since": since}).first())


def find(db: Connection, account_id: AccountId) -> Credentials:
    """Give an account's hashes; all empty for one without password."""
    present = db.execute(_find, {"account_id": account_id}).first()
    former = tuple(row.hash for row in db.execute(_find_former, {"account_id": account_id}))
    return Credentials(present.hash if present else None, present.changed_at if present else None, former)


def put(db: Connection, account_id: AccountId, password_hash: str, *, keep: int, now: datetime) -> None:
    """Put a hash in place; the one before becomes a former one, of which the latest `keep` stay."""
    present = db.execute(_find_locked, {"account_id": account_id}).first()
    if present:
        write_later(db, _add_former, {"account_id": account_id, "hash": present.hash, "replaced_at": now})
        former = [row.id for row in db.execute(_find_former, {"account_id": account_id})]
        if former[keep:]:
            db.execute(_drop_former, {"ids": former[keep:]})
    db.execute(_put, {"account_id": account_id, "hash": password_hash, "now": now})


def exchange(db: Connection, account_id: AccountId, *, old: str, new: str) -> None:
    """Put another hash of the same password in place."""
    db.execute(_exchange, {"of_account": account_id, "old": old, "new": new})


def _one(row: Any) -> Candidate | None:
    if row is None:
        return None
    *columns, present_hash, changed_at, completed_at = row
    account = accounts.account_from(dict(zip(accounts.NAMES, columns, strict=True)))
    return Candidate(account, present_hash, changed_at, device_is_known=completed_at is not None)
