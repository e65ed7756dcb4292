"""SQL of known browsers."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, tuple_

from idp.authn import tables
from idp.database import upsert
from idp.identifiers import AccountId, BrowserHash
from idp.statements import write_later

_row = tables.KnownDevice
_remember = (
    upsert(_row)
    .values(account_id=bindparam("account_id"), browser_hash=bindparam("browser"), completed_at=bindparam("now"))
    .on_conflict_do_update(index_elements=[_row.account_id, _row.browser_hash], set_={"completed_at": bindparam("now")})
)
_old = select(_row.account_id, _row.browser_hash).where(_row.completed_at < bindparam("before")).limit(bindparam("limit"))
_delete = delete(_row).where(tuple_(_row.account_id, _row.browser_hash).in_(bindparam("pairs", expanding=True)))


def remember(db: Connection, account_id: AccountId, browser: BrowserHash, now: datetime) -> None:
    """Note a completed sign-in."""
    write_later(db, _remember, {"account_id": account_id, "browser": browser, "now": now})


def delete_older(db: Connection, before: datetime, limit: int) -> int:
    """Delete what is older; by ix_known_devices_completed_at."""
    pairs = [tuple(row) for row in db.execute(_old, {"before": before, "limit": limit})]
    return db.execute(_delete, {"pairs": pairs}).rowcount if pairs else 0
