"""SQL of initial access tokens; each use is one atomic statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, or_, select, update

from idp.oidc.clients.tables import InitialAccessToken

_initial_tokens = InitialAccessToken.__table__
_add_initial_token = insert(InitialAccessToken)
_living_initial_tokens = (
    select(_initial_tokens)
    .where(InitialAccessToken.expires_at > bindparam("now"))
    .order_by(InitialAccessToken.created_at.desc(), InitialAccessToken.id)
)
_is_usable = (
    InitialAccessToken.token_hash == bindparam("hash"),
    InitialAccessToken.expires_at > bindparam("now"),
    InitialAccessToken.ended_at.is_(None),
    or_(InitialAccessToken.uses_left.is_(None), InitialAccessToken.uses_left > 0),
)
_usable_initial_token = select(InitialAccessToken.id).where(*_is_usable)
_spend_initial_token = (
    update(InitialAccessToken).where(*_is_usable).values(uses_left=InitialAccessToken.uses_left - 1).returning(InitialAccessToken.id)
)
_end_initial_token = (
    update(InitialAccessToken)
    .where(InitialAccessToken.id == bindparam("key"), InitialAccessToken.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)


def add(db: Connection, row: Mapping[str, Any]) -> None:
    """Add an initial access token."""
    db.execute(_add_initial_token, row)


def list_living(db: Connection, now: datetime) -> Sequence[RowMapping]:
    """List the initial access tokens that have not expired, the newest first."""
    return db.execute(_living_initial_tokens, {"now": now}).mappings().all()


def find_usable(db: Connection, token_hash: str, now: datetime) -> str | None:
    """Give the id of an initial access token that may be used."""
    return db.scalar(_usable_initial_token, {"hash": token_hash, "now": now})


def spend(db: Connection, token_hash: str, now: datetime) -> str | None:
    """Use an initial access token once; give its id, or none if it may not be used."""
    return db.scalar(_spend_initial_token, {"hash": token_hash, "now": now})


def end(db: Connection, token_id: str, now: datetime) -> bool:
    """End an initial access token; False if there is none, or it had ended."""
    return db.execute(_end_initial_token, {"key": token_id, "now": now}).rowcount == 1


def delete_expired(db: Connection, now: datetime, limit: int) -> int:
    """Forget initial access tokens that have expired."""
    old = select(InitialAccessToken.id).where(InitialAccessToken.expires_at <= now).limit(limit)
    return db.execute(delete(InitialAccessToken).where(InitialAccessToken.id.in_(old))).rowcount
