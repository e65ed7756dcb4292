"""SQL of activations (new passwords on their way) and of the links of »Passwort vergessen«."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from idp.authn import tables
from idp.identifiers import AccountId, ActivationId, BrowserHash, PasswordResetId

_row = tables.Activation
_reset = tables.PasswordReset


@dataclass(frozen=True, slots=True)
class Activation:
    """A new password whose hash waits for the PIN, bound to a browser and a link; `purpose` is `invitation` or `reset`."""

    id: ActivationId
    purpose: str
    link_id: str
    account_id: AccountId
    browser_hash: BrowserHash
    password_hash: str | None
    created_at: datetime
    expires_at: datetime
    completed_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """A link of »Passwort vergessen«."""

    id: PasswordResetId
    account_id: AccountId
    expires_at: datetime
    used_at: datetime | None
    ended_at: datetime | None


_COLUMNS = (
    _row.id,
    _row.purpose,
    _row.link_id,
    _row.account_id,
    _row.browser_hash,
    _row.password_hash,
    _row.created_at,
    _row.expires_at,
    _row.completed_at,
    _row.ended_at,
)
_RESET = (_reset.id, _reset.account_id, _reset.expires_at, _reset.used_at, _reset.ended_at)

_add = insert(_row)
_find = select(*_COLUMNS).where(_row.id == bindparam("activation_id"))
_lock = _find.with_for_update()
_complete = (
    update(_row)
    .where(_row.id == bindparam("activation_id"), _row.completed_at.is_(None), _row.ended_at.is_(None))
    .values(completed_at=bindparam("now"), password_hash=None)
    .returning(_row.id)
)
_running = update(_row).where(_row.completed_at.is_(None), _row.ended_at.is_(None)).values(ended_at=bindparam("now"), password_hash=None)
_end_of_account = _running.where(_row.account_id == bindparam("of_account"))
_end_of_link = _running.where(_row.link_id == bindparam("of_link"))
_old = select(_row.id).where(_row.expires_at < bindparam("before")).limit(bindparam("limit"))
_delete = delete(_row).where(_row.id.in_(bindparam("ids", expanding=True)))

_add_reset = insert(_reset)
_find_reset = select(*_RESET).where(_reset.token_hash == bindparam("token_hash"))
_use_up_reset = (
    update(_reset)
    .where(_reset.id == bindparam("reset_id"), _reset.used_at.is_(None), _reset.ended_at.is_(None), _reset.expires_at > bindparam("now"))
    .values(used_at=bindparam("now"))
    .returning(_reset.id)
)
_end_resets = (
    update(_reset)
    .where(_reset.account_id == bindparam("of_account"), _reset.used_at.is_(None), _reset.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)
_old_resets = select(_reset.id).where(_reset.expires_at < bindparam("before")).limit(bindparam("limit"))
_delete_resets = delete(_reset).where(_reset.id.in_(bindparam("ids", expanding=True)))


def add(db: Connection, activation: Activation) -> None:
    """Add an activation."""
    db.execute(
        _add,
        {
            "id": activation.id,
            "purpose": activation.purpose,
            "link_id": activation.link_id,
            "account_id": activation.account_id,
            "browser_hash": activation.browser_hash,
            "password_hash": activation.password_hash,
            "created_at": activation.created_at,
            "expires_at": activation.expires_at,
        },
    )


def find(db: Connection, activation_id: str) -> Activation | None:
    """Give an activation."""
    return _activation(db.execute(_find, {"activation_id": activation_id}).mappings().first())


def lock(db: Connection, activation_id: str) -> Activation | None:
    """Give an activation, and let others who would take a step of it wait for this transaction."""
    return _activation(db.execute(_lock, {"activation_id": activation_id}).mappings().first())


def complete(db: Connection, activation_id: ActivationId, now: datetime) -> bool:
    """Complete an activation and forget its hash; false when it is over."""
    return db.execute(_complete, {"activation_id": activation_id, "now": now}).first() is not None


def end_of_account(db: Connection, account_id: AccountId, now: datetime) -> None:
    """End an account's running activations; by ix_activations_account_id."""
    db.execute(_end_of_account, {"of_account": account_id, "now": now})


def end_of_link(db: Connection, link_id: str, now: datetime) -> None:
    """End a link's running activations; by ix_activations_link_id."""
    db.execute(_end_of_link, {"of_link": link_id, "now": now})


def add_reset(db: Connection, reset: Reset, token_hash: str, now: datetime) -> None:
    """Add a link of »Passwort vergessen«."""
    db.execute(
        _add_reset,
        {"id": reset.id, "account_id": reset.account_id, "token_hash": token_hash, "created_at": now, "expires_at": reset.expires_at},
    )


def find_reset(db: Connection, token_hash: str) -> Reset | None:
    """Give the link that a token belongs to."""
    row = db.execute(_find_reset, {"token_hash": token_hash}).mappings().first()
    return Reset(**row) if row else None


def use_up_reset(db: Connection, reset_id: str, now: datetime) -> bool:
    """Use a link up; of several at once one succeeds."""
    return db.execute(_use_up_reset, {"reset_id": reset_id, "now": now}).first() is not None


def end_resets(db: Connection, account_id: AccountId, now: datetime) -> None:
    """End an account's open links; by ix_password_resets_account_id."""
    db.execute(_end_resets, {"of_account": account_id, "now": now})


def delete_over(db: Connection, before: datetime, limit: int) -> int:
    """Delete activations and links that expired before an instant; by the indexes on expires_at."""
    deleted = 0
    for find_old, remove in ((_old, _delete), (_old_resets, _delete_resets)):
        ids = list(db.scalars(find_old, {"before": before, "limit": limit}))
        deleted += db.execute(remove, {"ids": ids}).rowcount if ids else 0
    return deleted


def _activation(row: RowMapping | None) -> Activation | None:
    return Activation(**row) if row else None
