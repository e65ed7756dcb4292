"""SQL of device requests (RFC 8628)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from idp.database import upsert
from idp.identifiers import BrowserHash, ClientId, DeviceRequestId, SigninId
from idp.oidc.authorization.tables import DeviceRequest

_KEPT = timedelta(hours=1)
"""How long an expired device still hears that it has expired."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device that waits, or waited, as it is kept."""

    id: DeviceRequestId
    client_id: ClientId
    asked: dict[str, Any]
    created_at: datetime
    expires_at: datetime
    polled_at: datetime | None
    poll_seconds: int
    signin_id: SigninId | None
    decided_at: datetime | None
    granted: dict[str, Any] | None
    used_at: datetime | None


_columns = [DeviceRequest.__table__.c[name] for name in DeviceRow.__slots__]
_open = (DeviceRequest.decided_at.is_(None), DeviceRequest.expires_at > bindparam("now"))

_add = upsert(DeviceRequest).on_conflict_do_nothing()
_take = (
    update(DeviceRequest)
    .where(DeviceRequest.user_code_hash == bindparam("code"), *_open)
    .values(browser_hash=bindparam("browser"), signin_id=None)
    .returning(DeviceRequest.id)
)
_find = select(*_columns).where(DeviceRequest.id == bindparam("request_id"), DeviceRequest.browser_hash == bindparam("browser"))
_hold = select(*_columns).where(DeviceRequest.device_code_hash == bindparam("code")).with_for_update()
_note_signin = update(DeviceRequest).where(DeviceRequest.id == bindparam("request_id"), *_open).values(signin_id=bindparam("started"))
_refuse = (
    update(DeviceRequest)
    .where(DeviceRequest.id == bindparam("request_id"), DeviceRequest.browser_hash == bindparam("browser"), *_open)
    .values(decided_at=bindparam("now"))
    .returning(DeviceRequest.id)
)
_approve = _refuse.values(granted=bindparam("grant", type_=DeviceRequest.__table__.c.granted.type))
_claim = (
    update(DeviceRequest)
    .where(
        DeviceRequest.device_code_hash == bindparam("code"),
        DeviceRequest.client_id == bindparam("client"),
        DeviceRequest.granted.is_not(None),
        DeviceRequest.used_at.is_(None),
        DeviceRequest.expires_at > bindparam("now"),
    )
    .values(used_at=bindparam("now"))
    .returning(DeviceRequest.granted)
)
_note_poll = (
    update(DeviceRequest)
    .where(DeviceRequest.id == bindparam("request_id"))
    .values(polled_at=bindparam("now"), poll_seconds=bindparam("seconds"))
)


def add(db: Connection, row: dict[str, Any]) -> bool:
    """Keep a device's request; false when its user code belongs to another one."""
    return db.execute(_add, row).rowcount == 1


def take(db: Connection, user_code_hash: str, browser: BrowserHash, now: datetime) -> DeviceRequestId | None:
    """Give an undecided request to the browser in which its code was typed; an earlier one loses it."""
    found: str | None = db.scalar(_take, {"code": user_code_hash, "browser": browser, "now": now})
    return None if found is None else DeviceRequestId(found)


def find(db: Connection, request_id: str, browser: BrowserHash) -> DeviceRow | None:
    """Give a request of this browser, also a decided or expired one."""
    row = db.execute(_find, {"request_id": request_id, "browser": browser}).mappings().first()
    return DeviceRow(**row) if row else None


def hold(db: Connection, device_code_hash: str) -> DeviceRow | None:
    """Give a request by its device code and hold it until the end of the transaction."""
    row = db.execute(_hold, {"code": device_code_hash}).mappings().first()
    return DeviceRow(**row) if row else None


def note_signin(db: Connection, request_id: DeviceRequestId, signin_id: SigninId, now: datetime) -> None:
    """Note the sign-in that was started for a request."""
    db.execute(_note_signin, {"request_id": request_id, "started": signin_id, "now": now})


def approve(db: Connection, request_id: DeviceRequestId, browser: BrowserHash, grant: dict[str, Any], now: datetime) -> bool:
    """Decide a request of this browser by a grant; false when it is over, decided, or another browser's by now."""
    row = {"request_id": request_id, "browser": browser, "grant": grant, "now": now}
    return db.execute(_approve, row).first() is not None


def refuse(db: Connection, request_id: DeviceRequestId, browser: BrowserHash, now: datetime) -> bool:
    """Decide a request of this browser by a no; false when it is over, decided, or another browser's by now."""
    return db.execute(_refuse, {"request_id": request_id, "browser": browser, "now": now}).first() is not None


def claim(db: Connection, device_code_hash: str, client_id: ClientId, now: datetime) -> dict[str, Any] | None:
    """Use an approved device code up; of several tries one gets the grant."""
    row = db.execute(_claim, {"code": device_code_hash, "client": client_id, "now": now}).first()
    return None if row is None else row.granted


def note_poll(db: Connection, request_id: DeviceRequestId, seconds: int, now: datetime) -> None:
    """Note when a device asked, and how long it has to wait until it may ask again."""
    db.execute(_note_poll, {"request_id": request_id, "seconds": seconds, "now": now})


def delete_expired(db: Connection, now: datetime, limit: int) -> int:
    """Delete requests that expired a while ago; by ix_device_requests_expires_at."""
    over = select(DeviceRequest.id).where(DeviceRequest.expires_at <= now - _KEPT).limit(limit)
    return db.execute(delete(DeviceRequest).where(DeviceRequest.id.in_(over))).rowcount
