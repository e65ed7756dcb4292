"""SQL of signing keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, text, update

from idp.database import upsert
from idp.oidc.keys.tables import SigningKey


class State(StrEnum):
    """A key's life: published, then used, then only published until what it signed has expired."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key's row."""

    kid: str
    alg: str
    state: State
    public_jwk: Mapping[str, Any]
    sealed: bytes | None
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None


_table = SigningKey.__table__
_all = select(_table).order_by(SigningKey.created_at, SigningKey.kid)
_add = {
    state: upsert(SigningKey).on_conflict_do_nothing(index_elements=["alg"], index_where=text(f"state = '{state.value}'"))
    for state in (State.NEXT, State.ACTIVE)
}
_retire = (
    update(SigningKey)
    .where(SigningKey.kid == bindparam("old"), SigningKey.state == State.ACTIVE)
    .values(state=State.RETIRED.value, retired_at=bindparam("now"), sealed=None)
)
_promote = (
    update(SigningKey)
    .where(SigningKey.kid == bindparam("new"), SigningKey.state == State.NEXT)
    .values(state=State.ACTIVE.value, activated_at=bindparam("now"))
)


def all_keys(db: Connection) -> Sequence[StoredKey]:
    """List every key, oldest first."""
    return [StoredKey(**{**row, "state": State(row["state"])}) for row in db.execute(_all).mappings()]


def add(db: Connection, row: Mapping[str, Any]) -> bool:
    """Add a key unless its algorithm already has one in this state; tell whether it was added."""
    return db.execute(_add[State(row["state"])], row).rowcount == 1


def promote(db: Connection, old: str, new: str, now: datetime) -> bool:
    """Retire one key (its private part is wiped) and make another active; False if somebody else has done so."""
    if db.execute(_retire, {"old": old, "now": now}).rowcount != 1:
        return False
    return db.execute(_promote, {"new": new, "now": now}).rowcount == 1


def delete_retired(db: Connection, before: datetime, limit: int) -> int:
    """Forget keys that retired before a time."""
    old = select(SigningKey.kid).where(SigningKey.state == State.RETIRED, SigningKey.retired_at < before).limit(limit)
    return db.execute(delete(SigningKey).where(SigningKey.kid.in_(old))).rowcount
