"""SQL of sign-ins."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from idp.authn import tables
from idp.authn.areas import Area
from idp.authn.requirements import Requirement, ShownFor
from idp.identifiers import AccountId, BrowserHash, SessionId, SigninId
from idp.statements import write_later

_row = tables.Signin


@dataclass(frozen=True, slots=True)
class Signin:
    """One run through the steps of a sign-in, as it was read."""

    id: SigninId
    browser_hash: BrowserHash
    requirement: Requirement
    continue_at: str
    shown_for: ShownFor
    created_at: datetime
    expires_at: datetime
    account_id: AccountId | None = None
    password_at: datetime | None = None
    from_session_id: SessionId | None = None
    pin_confirmed_at: datetime | None = None
    completed_at: datetime | None = None
    session_id: SessionId | None = None
    area: Area = Area.PUBLIC


_COLUMNS = (
    _row.id,
    _row.browser_hash,
    _row.requirement,
    _row.continue_at,
    _row.shown_for,
    _row.created_at,
    _row.expires_at,
    _row.account_id,
    _row.password_at,
    _row.from_session_id,
    _row.pin_confirmed_at,
    _row.completed_at,
    _row.session_id,
    _row.area,
)
_add = insert(_row)
_find = select(*_COLUMNS).where(_row.id == bindparam("signin_id"))
_find_locked = _find.with_for_update()
_session_of = select(_row.session_id).where(_row.id == bindparam("signin_id"), _row.completed_at.is_not(None))
_running = update(_row).where(_row.id == bindparam("signin_id"), _row.completed_at.is_(None), _row.expires_at > bindparam("now"))
_prove_password = (
    _running.where(_row.password_at.is_(None))
    .values(account_id=bindparam("of_account"), password_at=bindparam("proven_at"), from_session_id=bindparam("from_session"))
    .returning(_row.id)
)
_complete = _running.values(
    completed_at=bindparam("now"), session_id=bindparam("made_session"), pin_confirmed_at=bindparam("confirmed_at")
).returning(_row.id)
_over = select(_row.id).where(_row.expires_at < bindparam("before")).limit(bindparam("limit"))
_delete = delete(_row).where(_row.id.in_(bindparam("ids", expanding=True)))


def add(db: Connection, signin: Signin) -> None:
    """Add a sign-in that has just started."""
    write_later(
        db,
        _add,
        {
            "id": signin.id,
            "browser_hash": signin.browser_hash,
            "requirement": signin.requirement.as_json(),
            "continue_at": signin.continue_at,
            "shown_for": signin.shown_for.as_json(),
            "area": signin.area,
            "created_at": signin.created_at,
            "expires_at": signin.expires_at,
        },
    )


def find(db: Connection, signin_id: str) -> Signin | None:
    """Give a sign-in by its id."""
    return _signin(db.execute(_find, {"signin_id": signin_id}).mappings().first())


def lock(db: Connection, signin_id: str) -> Signin | None:
    """Give a sign-in, and let others who would take a step of it wait for this transaction."""
    return _signin(db.execute(_find_locked, {"signin_id": signin_id}).mappings().first())


def session_of(db: Connection, signin_id: SigninId) -> SessionId | None:
    """Name the session that a completed sign-in made."""
    found = db.scalar(_session_of, {"signin_id": signin_id})
    return SessionId(found) if found else None


def prove_password(
    db: Connection, signin_id: SigninId, account_id: AccountId, *, proven_at: datetime, from_session: SessionId | None, now: datetime
) -> bool:
    """Note whose password was proven; false when the sign-in is past that step or over."""
    bound = {"signin_id": signin_id, "of_account": account_id, "proven_at": proven_at, "from_session": from_session, "now": now}
    return db.execute(_prove_password, bound).first() is not None


def complete(db: Connection, signin_id: SigninId, session_id: SessionId, *, confirmed_at: datetime | None, now: datetime) -> bool:
    """Complete a running sign-in; false when it is completed or over already."""
    bound = {"signin_id": signin_id, "made_session": session_id, "confirmed_at": confirmed_at, "now": now}
    return db.execute(_complete, bound).first() is not None


def delete_over(db: Connection, before: datetime, limit: int) -> int:
    """Delete sign-ins that expired before an instant; by ix_signins_expires_at."""
    ids = list(db.scalars(_over, {"before": before, "limit": limit}))
    return db.execute(_delete, {"ids": ids}).rowcount if ids else 0


def _signin(row: RowMapping | None) -> Signin | None:
    if row is None:
        return None
    read = {
        "requirement": Requirement.from_json(row["requirement"]),
        "shown_for": ShownFor.from_json(row["shown_for"]),
        "area": Area(row["area"]),
    }
    return Signin(**(dict(row) | read))
