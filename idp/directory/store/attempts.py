"""SQL of what counts against a limit; all by ix_directory_attempts_key."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select

from idp.directory.tables import Attempt

_IN_WINDOW = (
    Attempt.kind == bindparam("kind"),
    Attempt.key == bindparam("key"),
    Attempt.at > bindparam("since"),
    Attempt.at <= bindparam("until"),
)
_add = insert(Attempt)
_count = select(func.count()).select_from(Attempt).where(*_IN_WINDOW)
_oldest = select(func.min(Attempt.at)).where(*_IN_WINDOW)


def add(db: Connection, kind: str, key: str, at: datetime) -> None:
    """Count one."""
    db.execute(_add, {"kind": kind, "key": key, "at": at})


def count(db: Connection, kind: str, key: str, *, since: datetime, until: datetime) -> int:
    """Tell how many count within a window."""
    return db.execute(_count, {"kind": kind, "key": key, "since": since, "until": until}).scalar_one()


def oldest(db: Connection, kind: str, key: str, *, since: datetime, until: datetime) -> datetime | None:
    """Tell when the oldest that still counts was."""
    return db.execute(_oldest, {"kind": kind, "key": key, "since": since, "until": until}).scalar_one_or_none()
