"""SQL of customers."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from idp.database import storable, upsert
from idp.directory.entries import Customer
from idp.directory.tables import Customer as Table
from idp.identifiers import AccountId, CustomerId, CustomerNumber

_COLUMNS = (Table.id, Table.number, Table.name, Table.deactivated_at, Table.pin_for_all, Table.main_contact_account_id)
_by_id = select(*_COLUMNS).where(Table.id == bindparam("key"))
_by_number = select(*_COLUMNS).where(Table.number == bindparam("key"))
_lock = select(*_COLUMNS).where(Table.id == bindparam("key")).with_for_update()
_document = select(Table.document).where(Table.id == bindparam("key"))
_add = upsert(Table).on_conflict_do_nothing(index_elements=[Table.number]).returning(Table.id)
_change = update(Table).where(Table.id == bindparam("key"))
_take_number = (
    update(Table)
    .where(Table.id == bindparam("key"))
    .values(next_account_number=Table.next_account_number + 1)
    .returning(Table.next_account_number - 1)
)
_list = select(*_COLUMNS).where(Table.number > bindparam("after")).order_by(Table.number).limit(bindparam("limit"))


def find(db: Connection, customer_id: CustomerId) -> Customer | None:
    """Find a customer by id."""
    return _customer(db.execute(_by_id, {"key": customer_id}).mappings().one_or_none())


def find_by_number(db: Connection, number: CustomerNumber) -> Customer | None:
    """Find a customer by number."""
    if not storable(number):
        return None
    return _customer(db.execute(_by_number, {"key": number}).mappings().one_or_none())


def lock(db: Connection, customer_id: CustomerId) -> Customer | None:
    """Lock a customer's row until the transaction ends, and give it as it is then."""
    return _customer(db.execute(_lock, {"key": customer_id}).mappings().one_or_none())


def list_after(db: Connection, after: str, limit: int) -> list[Customer]:
    """List customers by number as text, after one."""
    rows = db.execute(_list, {"after": after, "limit": limit}).mappings()
    return [found for row in rows if (found := _customer(row))]


def document(db: Connection, customer_id: CustomerId) -> dict[str, Any]:
    """Give the ordering system's last document."""
    found: dict[str, Any] = db.execute(_document, {"key": customer_id}).scalar_one()
    return found


def add(db: Connection, row: dict[str, Any]) -> bool:
    """Add a customer; False when the number is there already (a parallel writer is waited for)."""
    return db.execute(_add, row).scalar_one_or_none() is not None


def change(db: Connection, customer_id: CustomerId, now: datetime, **values: Any) -> None:
    """Set columns of a customer."""
    db.execute(_change.values(changed_at=now, **values), {"key": customer_id})


def take_account_number(db: Connection, customer_id: CustomerId) -> int:
    """Take the next account number; never given twice, whoever asks at the same time."""
    return db.execute(_take_number, {"key": customer_id}).scalar_one()


def _customer(row: RowMapping | None) -> Customer | None:
    if row is None:
        return None
    return Customer(
        id=CustomerId(row["id"]),
        number=CustomerNumber(row["number"]),
        name=row["name"],
        deactivated_at=row["deactivated_at"],
        pin_for_all=row["pin_for_all"],
        main_contact_account_id=AccountId(row["main_contact_account_id"]) if row["main_contact_account_id"] else None,
    )
