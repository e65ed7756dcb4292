"""SQL of access requests."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from idp.database import storable
from idp.directory.entries import AccessRequest, AccessRequestState
from idp.directory.tables import AccessRequest as Table
from idp.identifiers import AccessRequestId, AccountId, CustomerId, CustomerNumber, EmailAddress

_COLUMNS = (
    Table.id,
    Table.customer_number,
    Table.customer_id,
    Table.given_name,
    Table.family_name,
    Table.email,
    Table.username,
    Table.locale,
    Table.state,
    Table.created_at,
    Table.expires_at,
    Table.verified_at,
)
_waits = (Table.customer_id == bindparam("customer"), Table.state == AccessRequestState.WAITING.value, Table.expires_at > bindparam("now"))
_by_token = select(*_COLUMNS).where(Table.token_hash == bindparam("key"))
_waiting = select(*_COLUMNS).where(*_waits).order_by(Table.created_at, Table.id).limit(bindparam("limit"))
_own = select(*_COLUMNS).where(Table.id == bindparam("key"), Table.customer_id == bindparam("customer"), Table.verified_at.is_not(None))
_count = select(func.count()).select_from(Table).where(*_waits)
_verify = (
    update(Table)
    .where(Table.id == bindparam("key"), Table.state == AccessRequestState.UNVERIFIED.value, Table.expires_at > bindparam("at"))
    .values(state=AccessRequestState.WAITING.value, verified_at=bindparam("at"), expires_at=bindparam("until"))
    .returning(Table.id)
)
_decide = (
    update(Table)
    .where(Table.id == bindparam("key"), *_waits)
    .values(
        state=bindparam("decision"),
        decided_at=bindparam("now"),
        decided_by=bindparam("by"),
        account_id=bindparam("made"),
        expires_at=bindparam("until"),
    )
    .returning(Table.id)
)
_add = insert(Table)


def add(db: Connection, row: dict[str, Any]) -> None:
    """Add a request."""
    db.execute(_add, row)


def find_by_token(db: Connection, token_hash: str) -> AccessRequest | None:
    """Find the request of a link."""
    row = db.execute(_by_token, {"key": token_hash}).mappings().one_or_none()
    return _request(row) if row else None


def list_waiting(db: Connection, customer_id: CustomerId, now: datetime, limit: int) -> list[AccessRequest]:
    """List what waits for a customer's decision, the oldest first; by ix_access_requests_customer."""
    return [_request(row) for row in db.execute(_waiting, {"customer": customer_id, "now": now, "limit": limit}).mappings()]


def count_waiting(db: Connection, customer_id: CustomerId, now: datetime) -> int:
    """Count what waits for a customer's decision."""
    return db.execute(_count, {"customer": customer_id, "now": now}).scalar_one()


def find_own(db: Connection, customer_id: CustomerId, request_id: AccessRequestId) -> AccessRequest | None:
    """Find one request to this customer whose mail address is proven, decided ones too."""
    if not storable(request_id):
        return None
    row = db.execute(_own, {"key": request_id, "customer": customer_id}).mappings().one_or_none()
    return _request(row) if row else None


def verify(db: Connection, request_id: AccessRequestId, now: datetime, until: datetime) -> bool:
    """Note that the mail address is proven; False when it was before, or the link has expired."""
    return db.execute(_verify, {"key": request_id, "at": now, "until": until}).scalar_one_or_none() is not None


def decide(
    db: Connection,
    customer_id: CustomerId,
    request_id: AccessRequestId,
    decision: AccessRequestState,
    *,
    now: datetime,
    until: datetime,
    by: str | None,
    account_id: AccountId | None,
) -> bool:
    """Decide a request that waits; of several at once one succeeds."""
    values = {
        "key": request_id,
        "customer": customer_id,
        "decision": decision.value,
        "now": now,
        "until": until,
        "by": by,
        "made": account_id,
    }
    return db.execute(_decide, values).scalar_one_or_none() is not None


def _request(row: RowMapping) -> AccessRequest:
    return AccessRequest(
        id=AccessRequestId(row["id"]),
        customer_number=CustomerNumber(row["customer_number"]),
        customer_id=CustomerId(row["customer_id"]) if row["customer_id"] else None,
        given_name=row["given_name"],
        family_name=row["family_name"],
        email=EmailAddress(row["email"]),
        username=row["username"],
        locale=row["locale"],
        state=AccessRequestState(row["state"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        verified_at=row["verified_at"],
    )
