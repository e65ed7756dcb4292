"""SQL of the ids of assertions and proofs that were used; one atomic statement decides."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, tuple_

from idp.database import upsert
from idp.oidc.clients.tables import UsedJti

_new_jti = upsert(UsedJti)
_spend_jti = _new_jti.on_conflict_do_update(
    index_elements=["purpose", "jti_hash"],
    set_={"expires_at": _new_jti.excluded.expires_at},
    where=UsedJti.expires_at <= bindparam("now"),
)


def spend(db: Connection, purpose: str, jti_hash: str, expires_at: datetime, now: datetime) -> bool:
    """Note an assertion's or proof's id as used; False if it has been used and has not expired."""
    row = {"purpose": purpose, "jti_hash": jti_hash, "expires_at": expires_at, "now": now}
    return db.execute(_spend_jti, row).rowcount == 1


def delete_expired(db: Connection, now: datetime, limit: int) -> int:
    """Forget used ids that have expired."""
    old = select(UsedJti.purpose, UsedJti.jti_hash).where(UsedJti.expires_at <= now).limit(limit)
    return db.execute(delete(UsedJti).where(tuple_(UsedJti.purpose, UsedJti.jti_hash).in_(old))).rowcount
