"""SQL of what stands about one person in the directory."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from idp.database import Rows
from idp.directory.tables import AccessRequest, Account, Attempt, ContactChange, ContractGrant, Customer, Invitation
from idp.identifiers import AccountId, PhoneNumber, SubjectId, Traces

_changes = select(ContactChange.kind, ContactChange.value).where(ContactChange.account_id == bindparam("key"))
_requests = select(AccessRequest.username, AccessRequest.email, AccessRequest.given_name, AccessRequest.family_name).where(
    AccessRequest.account_id == bindparam("key")
)
_anonymise = (
    update(Account)
    .where(Account.id == bindparam("key"), Account.deactivated_at.is_not(None), Account.erased_at.is_(None))
    .returning(Account.id)
)
_forget_main_contact = (
    update(Customer)
    .where(Customer.main_contact_account_id == bindparam("key"))
    .values(document={}, main_contact_account_id=None, changed_at=bindparam("at"))
)


def traces_of(db: Connection, account_id: AccountId) -> Traces:
    """Read all that an account's person is known by, also what waits for its confirmation. Raises: NoResultFound."""
    key = {"key": account_id}
    row = db.execute(select(*Account.__table__.columns).where(Account.id == bindparam("key")), key).mappings().one()
    wished = db.execute(_requests, key).all()
    changes = db.execute(_changes, key).all()
    usernames = [row["username"], row["username_key"], *(one.username for one in wished)]
    addresses = [row["email"], row["email_key"], *(one.email for one in wished), *(one.value for one in changes if one.kind == "email")]
    numbers = [row["mobile"], row["phone"], *(one.value for one in changes if one.kind == "mobile")]
    names = [f"{row['given_name']} {row['family_name']}", *(f"{one.given_name} {one.family_name}" for one in wished)]
    return Traces(
        account_id=account_id,
        sub=SubjectId(row["sub"]),
        usernames=_forms(usernames),
        addresses=_forms(addresses),
        numbers=tuple(PhoneNumber(number) for number in dict.fromkeys(numbers) if number),
        names=tuple(dict.fromkeys(names)),
    )


def rows_of(traces: Traces, counted: list[str]) -> Rows:
    """Tell which rows are about a person; `counted`: the keys of limits that count for them."""
    mine = traces.account_id
    return {
        ContractGrant: ContractGrant.account_id == mine,
        Invitation: Invitation.account_id == mine,
        ContactChange: ContactChange.account_id == mine,
        AccessRequest: or_(
            AccessRequest.account_id == mine,
            and_(AccessRequest.account_id.is_(None), func.lower(AccessRequest.email).in_(traces.addresses)),
        ),
        Attempt: Attempt.key.in_(counted),
    }


def kept_rows_of(traces: Traces) -> Rows:
    """Tell which rows stay, without what they say of a person."""
    return {Account: Account.id == traces.account_id, Customer: Customer.main_contact_account_id == traces.account_id}


def anonymise(db: Connection, account_id: AccountId, now: datetime, values: dict[str, Any]) -> bool:
    """Write over what an account's row says of its person; False when the account is in use, or its person was forgotten before."""
    changed = _anonymise.values(erased_at=now, changed_at=now, deactivated_with_customer=False, **values)
    return db.execute(changed, {"key": account_id}).scalar_one_or_none() is not None


def forget_main_contact(db: Connection, account_id: AccountId, now: datetime) -> None:
    """Let a customer have no main contact, and forget the document that names this one."""
    db.execute(_forget_main_contact, {"key": account_id, "at": now})


def _forms(values: list[str]) -> tuple[str, ...]:
    """Give values as typed, and as databases and the product compare them."""
    forms = [form for value in values if value for form in (value, value.lower(), value.casefold(), _ascii_lower(value))]
    return tuple(dict.fromkeys(forms))


def _ascii_lower(value: str) -> str:
    """Write as SQLite's `lower` does."""
    return "".join(sign.lower() if sign.isascii() else sign for sign in value)
