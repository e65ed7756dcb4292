"""SQL of the list of a customer's accounts."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, false, func, or_, select, tuple_

from idp.database import storable
from idp.directory.contacts import folded
from idp.directory.entries import ListedAccount, Role, Status
from idp.directory.store import accounts, invitations
from idp.directory.store.statuses import OPEN_INVITATION, STATUS
from idp.directory.tables import Account, Customer, Invitation
from idp.identifiers import CustomerId

# each by the index that begins with the customer
_ORDERS: Mapping[str, tuple[Any, ...]] = {
    "number": (Account.number,),
    "username": (Account.username_key, Account.number),
    "name": (Account.name_key, Account.number),
    "email": (Account.email_key, Account.number),
    "role": (Account.role, Account.number),
}
_PREFIX = "invitation_"
_rows = (
    select(*accounts.COLUMNS, STATUS.label("status"), *(column.label(_PREFIX + column.key) for column in invitations.COLUMNS))
    .outerjoin(Customer, Customer.id == Account.customer_id)
    .outerjoin(Invitation, OPEN_INVITATION)
)
_total = select(func.count()).select_from(Account).outerjoin(Invitation, OPEN_INVITATION)
_FEWEST_DIGITS = 2
LARGEST_NUMBER = 2**31


@dataclass(frozen=True, slots=True)
class Asked:
    """Which accounts are asked for."""

    customer_id: CustomerId
    words: tuple[str, ...]
    statuses: tuple[Status, ...]
    role: Role | None
    now: datetime


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row with the values that it is sorted by."""

    entry: ListedAccount
    key: tuple[Any, ...]


def key_types(sort: str) -> list[type]:
    """Tell the types of the values that an order sorts by."""
    return [column.type.python_type for column in _ORDERS[sort]]


def rows(db: Connection, asked: Asked, sort: str, *, descending: bool, after: tuple[Any, ...] | None, limit: int) -> list[FoundRow]:
    """Give the next rows in an order, after the row with these values."""
    columns = _ORDERS[sort]
    keys = [column.label(f"key_{position}") for position, column in enumerate(columns)]
    query = _narrowed(_rows.add_columns(*keys), asked)
    if after is not None:
        query = query.where(tuple_(*columns) < tuple_(*after) if descending else tuple_(*columns) > tuple_(*after))
    query = query.order_by(*(column.desc() if descending else column for column in columns)).limit(limit)
    found = db.execute(query, {"now": asked.now}).mappings()
    return [FoundRow(_entry(row), tuple(row[key.name] for key in keys)) for row in found]


def all_of(db: Connection, customer_id: CustomerId, now: datetime) -> list[ListedAccount]:
    """Give all accounts of a customer by number, with their statuses."""
    query = _rows.where(Account.customer_id == customer_id).order_by(Account.number)
    return [_entry(row) for row in db.execute(query, {"now": now}).mappings()]


def all_after(db: Connection, username_key: str, limit: int, now: datetime) -> list[ListedAccount]:
    """Give accounts of all customers and of staff in the order of their user names, after one."""
    query = _rows.where(Account.username_key > username_key).order_by(Account.username_key).limit(limit)
    return [_entry(row) for row in db.execute(query, {"now": now}).mappings()]


def total(db: Connection, asked: Asked) -> int:
    """Count all hits."""
    counted: int = db.execute(_narrowed(_total, asked), {"now": asked.now}).scalar_one()
    return counted


def _narrowed(query: Select[Any], asked: Asked) -> Select[Any]:
    query = query.where(Account.customer_id == asked.customer_id, *(_holds(word) for word in asked.words))
    if asked.role:
        query = query.where(Account.role == asked.role.value)
    if asked.statuses:
        query = query.where(STATUS.in_([status.value for status in asked.statuses]))
    return query


def _holds(word: str) -> ColumnElement[bool]:
    """Say that an account's name, user name, address or a number holds the word."""
    if not storable(word):
        return false()
    plain = unicodedata.normalize("NFKC", word).casefold()
    tests: list[ColumnElement[bool]] = [
        Account.name_key.contains(folded(word), autoescape=True),
        Account.username_key.contains(plain, autoescape=True),
        Account.email_key.contains(plain, autoescape=True),
    ]
    digits = "".join(sign for sign in plain if sign.isascii() and sign.isdigit())
    if len(digits) >= _FEWEST_DIGITS and not set(plain) - set("0123456789+-/()."):
        national = digits.lstrip("0") or digits
        tests += [Account.mobile.contains(national, autoescape=True), Account.phone.contains(national, autoescape=True)]
        if int(digits) < LARGEST_NUMBER:
            tests.append(Account.number == int(digits))
    return or_(*tests)


def _entry(row: Any) -> ListedAccount:
    invitation = invitations.invitation_from(row, _PREFIX) if row[_PREFIX + "id"] else None
    return ListedAccount(accounts.account_from(row), Status(row["status"]), invitation)
