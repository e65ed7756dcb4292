"""SQL of accounts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, update

from idp.database import storable, upsert
from idp.directory.entries import Account, Role
from idp.directory.tables import Account as Table
from idp.directory.tables import Customer
from idp.identifiers import AccountId, CustomerId, CustomerNumber, EmailAddress, PhoneNumber, SubjectId

_NOT_SHOWN = {"username_key", "name_key", "email_key", "deactivated_with_customer", "created_at", "changed_at", "erased_at"}
COLUMNS = (
    *(column for column in Table.__table__.columns if column.name not in _NOT_SHOWN),
    Customer.number.label("customer_number"),
    Customer.pin_for_all.label("customer_pin_for_all"),
)
NAMES = tuple(column.name for column in COLUMNS)
_all = select(*COLUMNS).outerjoin(Customer, Customer.id == Table.customer_id)
_by_id = _all.where(Table.id == bindparam("key"))
_by_username = _all.where(Table.username_key == bindparam("key"))
_by_sub = _all.where(Table.sub == bindparam("key"))
_of_customer = _all.where(Table.customer_id == bindparam("key")).order_by(Table.number)
_lock = select(Table.id).where(Table.id == bindparam("key")).with_for_update()
_erased = select(Table.id).where(Table.id == bindparam("key"), Table.erased_at.is_not(None))
_taken = select(Table.username_key).where(Table.username_key.in_(bindparam("keys", expanding=True)))
_add = upsert(Table).on_conflict_do_nothing(index_elements=[Table.username_key]).returning(Table.id)
_change = update(Table).where(Table.id == bindparam("key"))
_USABLE = (Table.deactivated_at.is_(None), Table.locked_at.is_(None))
_activate = (
    update(Table)
    .where(
        Table.id == bindparam("key"),
        Table.activated_at.is_(None),
        *_USABLE,
        or_(bindparam("sent_to", type_=Table.mobile.type).is_(None), Table.mobile == bindparam("sent_to", type_=Table.mobile.type)),
    )
    .values(
        activated_at=bindparam("at"),
        email_verified_at=bindparam("email_at"),
        mobile_verified_at=bindparam("mobile_at"),
        changed_at=bindparam("at"),
    )
    .returning(Table.id)
)
_set_mobile_verified = (
    update(Table)
    .where(Table.id == bindparam("key"), Table.mobile == bindparam("sent_to"), Table.mobile_verified_at.is_(None))
    .values(mobile_verified_at=bindparam("at"))
)
_other_administrators = (
    select(func.count())
    .select_from(Table)
    .where(
        Table.customer_id == bindparam("customer_id"),
        Table.id != bindparam("key"),
        Table.role == Role.ADMINISTRATOR_KUNDENPORTAL.value,
        Table.activated_at.is_not(None),
        *_USABLE,
    )
)
_administrators = (
    _all.where(
        Table.customer_id == bindparam("key"),
        Table.role == Role.ADMINISTRATOR_KUNDENPORTAL.value,
        Table.activated_at.is_not(None),
        *_USABLE,
    )
    .order_by(Table.number)
    .limit(20)
)
_deactivate_with_customer = (
    update(Table)
    .where(Table.customer_id == bindparam("customer_key"), Table.deactivated_at.is_(None))
    .values(deactivated_at=bindparam("at"), deactivated_with_customer=True, changed_at=bindparam("at"))
    .returning(Table.id)
)
_reactivate_with_customer = (
    update(Table)
    .where(Table.customer_id == bindparam("customer_key"), Table.deactivated_with_customer)
    .values(deactivated_at=None, deactivated_with_customer=False, changed_at=bindparam("at"))
    .returning(Table.id)
)


def find(db: Connection, account_id: AccountId) -> Account | None:
    """Find an account by id."""
    return _one(db, _by_id, account_id)


def is_erased(db: Connection, account_id: AccountId) -> bool:
    """Tell whether the account's person was forgotten."""
    return db.execute(_erased, {"key": account_id}).scalar_one_or_none() is not None


def lock(db: Connection, account_id: AccountId) -> None:
    """Lock an account's row until the transaction ends."""
    db.execute(_lock, {"key": account_id})


def find_by_username_key(db: Connection, key: str) -> Account | None:
    """Find an account by the compared form of its user name."""
    return _one(db, _by_username, key)


def find_by_sub(db: Connection, sub: SubjectId) -> Account | None:
    """Find an account by its subject identifier."""
    return _one(db, _by_sub, sub)


def of_customer(db: Connection, customer_id: CustomerId) -> list[Account]:
    """List all accounts of a customer by number."""
    return [account_from(row) for row in db.execute(_of_customer, {"key": customer_id}).mappings()]


def active_administrators(db: Connection, customer_id: CustomerId) -> list[Account]:
    """List up to 20 active accounts with the role Administrator Kundenportal, the oldest first."""
    return [account_from(row) for row in db.execute(_administrators, {"key": customer_id}).mappings()]


def other_active_administrators(db: Connection, customer_id: CustomerId, account_id: AccountId) -> int:
    """Count the customer's active accounts with the role Administrator Kundenportal without this one."""
    return db.execute(_other_administrators, {"customer_id": customer_id, "key": account_id}).scalar_one()


def taken(db: Connection, keys: Sequence[str]) -> set[str]:
    """Tell which of these user names (compared form) somebody has."""
    return set(db.execute(_taken, {"keys": list(keys)}).scalars())


def add(db: Connection, row: dict[str, Any]) -> bool:
    """Add an account; False when the user name is taken meanwhile."""
    return db.execute(_add, row).scalar_one_or_none() is not None


def change(db: Connection, account_id: AccountId, now: datetime, **values: Any) -> None:
    """Set columns of an account."""
    db.execute(_change.values(changed_at=now, **values), {"key": account_id})


def change_if(db: Connection, account_id: AccountId, condition: Any, now: datetime, **values: Any) -> bool:
    """Set columns of an account if a condition holds at that moment."""
    statement = _change.where(condition).values(changed_at=now, **values).returning(Table.id)
    return db.execute(statement, {"key": account_id}).scalar_one_or_none() is not None


def set_locked(db: Connection, account_id: AccountId, locked: bool, now: datetime) -> bool:
    """Lock or unlock; False when it is so already."""
    condition = Table.locked_at.is_(None) if locked else Table.locked_at.is_not(None)
    return change_if(db, account_id, condition, now, locked_at=now if locked else None)


def set_deactivated(db: Connection, account_id: AccountId, deactivated: bool, now: datetime) -> bool:
    """Deactivate or reactivate one account; False when it is so already."""
    condition = Table.deactivated_at.is_(None) if deactivated else Table.deactivated_at.is_not(None)
    values = {"deactivated_at": now if deactivated else None, "deactivated_with_customer": False}
    return change_if(db, account_id, condition, now, **values)


def deactivate_with_customer(db: Connection, customer_id: CustomerId, now: datetime) -> tuple[AccountId, ...]:
    """Deactivate what is not, noting that the customer was the reason."""
    return _ids(db.execute(_deactivate_with_customer, {"customer_key": customer_id, "at": now}).scalars())


def reactivate_with_customer(db: Connection, customer_id: CustomerId, now: datetime) -> tuple[AccountId, ...]:
    """Lift exactly the deactivations whose reason was the customer."""
    return _ids(db.execute(_reactivate_with_customer, {"customer_key": customer_id, "at": now}).scalars())


def activate(db: Connection, account_id: AccountId, now: datetime, *, email_verified: bool, mobile: PhoneNumber | None) -> bool:
    """Make an account active for the first time; False when it is, may not be, or has another number by now."""
    values = {
        "key": account_id,
        "sent_to": mobile,
        "at": now,
        "email_at": now if email_verified else None,
        "mobile_at": now if mobile else None,
    }
    return db.execute(_activate, values).scalar_one_or_none() is not None


def set_mobile_verified(db: Connection, account_id: AccountId, mobile: PhoneNumber, now: datetime) -> None:
    """Note that a PIN sent to the account's number was typed."""
    db.execute(_set_mobile_verified, {"key": account_id, "sent_to": mobile, "at": now})


def account_from(row: Mapping[Any, Any]) -> Account:
    """Make the value of a row of COLUMNS."""
    return Account(
        id=AccountId(row["id"]),
        sub=SubjectId(row["sub"]),
        customer_id=CustomerId(row["customer_id"]) if row["customer_id"] else None,
        customer_number=CustomerNumber(row["customer_number"]) if row["customer_number"] else None,
        number=row["number"],
        username=row["username"],
        role=Role(row["role"]),
        salutation=row["salutation"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        email=EmailAddress(row["email"]),
        email_verified=row["email_verified_at"] is not None,
        mobile=PhoneNumber(row["mobile"]) if row["mobile"] else None,
        mobile_verified=row["mobile_verified_at"] is not None,
        phone=PhoneNumber(row["phone"]) if row["phone"] else None,
        locale=row["locale"],
        limited_to_contracts=row["limited_to_contracts"],
        customer_pin_for_all=bool(row["customer_pin_for_all"]),
        activated_at=row["activated_at"],
        locked_at=row["locked_at"],
        deactivated_at=row["deactivated_at"],
    )


def _one(db: Connection, statement: Any, key: str) -> Account | None:
    if not storable(key):
        return None
    row = db.execute(statement, {"key": key}).mappings().one_or_none()
    return account_from(row) if row else None


def _ids(found: Iterable[str]) -> tuple[AccountId, ...]:
    return tuple(AccountId(one) for one in sorted(found))
