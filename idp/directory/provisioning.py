"""The ordering system's document: what it says of a customer is what then holds (`PUT` replaces)."""

import re
from dataclasses import asdict, dataclass
from typing import Any

from idp import audit
from idp.audit import Event
from idp.directory import contact_changes, contacts, editing, invitations, usernames
from idp.directory.entries import Account, Customer, Role
from idp.directory.errors import ContractElsewhere, collect
from idp.directory.events import AccountsDeactivated, ContractsEnded
from idp.directory.store import account_lists, accounts, customers
from idp.directory.store import contracts as contract_store
from idp.directory.store import invitations as invitation_store
from idp.errors import InvalidField, NotFound
from idp.identifiers import CustomerId, CustomerNumber, new_id
from idp.texts import text
from idp.unit_of_work import UnitOfWork

FIRST_ACCOUNT_NUMBER = 1101
_LONGEST_LABEL = 200
_NUMBER = re.compile(r"[1-9][0-9]{0,19}", re.ASCII)
_CONTRACT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)
_PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)

_NO_NUMBER = text("A customer number has 1 to 20 digits and does not begin with a zero.")
_NO_CONTRACT_ID = text("A contract id has 1 to 64 letters, digits, dots, hyphens, colons or underscores.")
_NO_PRODUCT = text("A product has 1 to 64 letters, digits, dots, hyphens or underscores.")
_TWICE = text("This contract stands in the document twice.")


@dataclass(frozen=True, slots=True)
class ContractEntry:
    """A contract as the document says it."""

    id: str
    product: str
    label: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class MainContact:
    """The customer's main contact, who becomes its first Administrator Kundenportal."""

    given_name: str
    family_name: str
    email: str
    mobile: str
    salutation: str = ""
    phone: str | None = None
    locale: str = "de"


@dataclass(frozen=True, slots=True)
class CustomerDocument:
    """The whole document."""

    name: str
    contracts: tuple[ContractEntry, ...]
    main_contact: MainContact
    active: bool = True


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What the ordering system is told."""

    created: bool
    document: dict[str, Any]


def provision(work: UnitOfWork, customer_number: str, document: CustomerDocument) -> Provisioned:
    """Make a customer what the document says; an equal one changes nothing and sends nothing.

    Raises: InvalidField(s) with paths into the document, ContractElsewhere, TooMany.
    """
    number = check_number(customer_number)
    wanted = checked(document)
    created = customers.add(work.db, _new_customer(work, number, wanted))
    known = customers.find_by_number(work.db, number)
    customer = customers.lock(work.db, known.id) if known else None
    if customer is None:
        raise NotFound(f"customer {number}")
    before = {} if created else customers.document(work.db, customer.id)
    if before != wanted:
        _put_contracts(work, customer, wanted["contracts"])
        contact_changed = _put_main_contact(work, customer, wanted["main_contact"], before.get("main_contact", {}))
        _put_activity(work, customer, wanted["active"])
        _invite_main_contact(work, customer.id, anew=contact_changed)
        customers.change(work.db, customer.id, work.now, name=wanted["name"], document=wanted)
        audit.record(work, Event.CUSTOMER_PROVISIONED, customer=customer.id, created=created)
    return Provisioned(created, describe(work, number))


def describe(work: UnitOfWork, customer_number: str) -> dict[str, Any]:
    """Repeat the last document, with the customer's accounts and what waits for the main contact's confirmation.

    Raises: NotFound.
    """
    customer = customers.find_by_number(work.db, CustomerNumber(customer_number))
    if customer is None:
        raise NotFound(f"customer {customer_number}")
    rows = account_lists.all_of(work.db, customer.id, work.now)
    shown = [
        {
            "id": row.account.id,
            "number": row.account.number,
            "username": row.account.username,
            "role": row.account.role.value,
            "status": row.status.value,
        }
        for row in rows
    ]
    answer = customers.document(work.db, customer.id) | {"accounts": shown}
    waiting = contact_changes.waiting(work, customer.main_contact_account_id) if customer.main_contact_account_id else []
    if waiting:
        answer["awaiting_confirmation"] = [change.kind.value for change in waiting]
    return answer


def check_number(customer_number: str) -> CustomerNumber:
    """Give a customer number. Raises: InvalidField."""
    if not _NUMBER.fullmatch(customer_number):
        raise InvalidField("customer_number", _NO_NUMBER)
    return CustomerNumber(customer_number)


def checked(document: CustomerDocument) -> dict[str, Any]:
    """Give the document as it is kept: every value in its one form. Raises: InvalidField(s) with all problems."""
    contact, label = document.main_contact, _LONGEST_LABEL
    checks: dict[str, Any] = {
        "name": lambda: contacts.parse_name("name", document.name, longest=label),
        "main_contact.salutation": lambda: contacts.parse_name(
            "main_contact.salutation", contact.salutation, longest=contacts.LONGEST_SALUTATION, required=False
        ),
        "main_contact.given_name": lambda: contacts.parse_name("main_contact.given_name", contact.given_name),
        "main_contact.family_name": lambda: contacts.parse_name("main_contact.family_name", contact.family_name),
        "main_contact.email": lambda: contacts.parse_email("main_contact.email", contact.email),
        "main_contact.mobile": lambda: contacts.parse_mobile("main_contact.mobile", contact.mobile),
        "main_contact.phone": lambda: contacts.parse_phone("main_contact.phone", contact.phone) if contact.phone else None,
        "main_contact.locale": lambda: contacts.parse_locale("main_contact.locale", contact.locale),
    }
    seen: set[str] = set()
    for position, entry in enumerate(document.contracts):
        checks |= _contract_checks(f"contracts.{position}", entry, seen)
    values = collect(checks)
    return {
        "name": values["name"],
        "active": document.active,
        "contracts": [asdict(entry) | {"label": values[f"contracts.{n}.label"]} for n, entry in enumerate(document.contracts)],
        "main_contact": {name: values[f"main_contact.{name}"] for name in MainContact.__dataclass_fields__},
    }


def _contract_checks(path: str, entry: ContractEntry, seen: set[str]) -> dict[str, Any]:
    def check_id() -> str:
        if not _CONTRACT_ID.fullmatch(entry.id):
            raise InvalidField(f"{path}.id", _NO_CONTRACT_ID)
        if entry.id in seen:
            raise InvalidField(f"{path}.id", _TWICE)
        seen.add(entry.id)
        return entry.id

    def check_product() -> str:
        if not _PRODUCT.fullmatch(entry.product):
            raise InvalidField(f"{path}.product", _NO_PRODUCT)
        return entry.product

    return {
        f"{path}.id": check_id,
        f"{path}.product": check_product,
        f"{path}.label": lambda: contacts.parse_name(f"{path}.label", entry.label, longest=_LONGEST_LABEL),
    }


def _new_customer(work: UnitOfWork, number: CustomerNumber, wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id(),
        "number": number,
        "name": wanted["name"],
        "pin_for_all": False,
        "next_account_number": FIRST_ACCOUNT_NUMBER,
        "document": {},
        "created_at": work.now,
        "changed_at": work.now,
    }


def _put_contracts(work: UnitOfWork, customer: Customer, entries: list[dict[str, Any]]) -> None:
    """Write the contracts, end those not named, and tell which active ones ended."""
    active_before = {contract.id for contract in contract_store.of_customer(work.db, customer.id) if contract.active}
    rows = [entry | {"customer_id": customer.id, "changed_at": work.now} for entry in sorted(entries, key=lambda entry: entry["id"])]
    written = contract_store.put(work.db, rows)
    elsewhere = sorted({entry["id"] for entry in entries} - written)
    if elsewhere:
        audit.refused(work, Event.PROVISIONING_REFUSED, customer=customer.id, contracts=elsewhere)
        raise ContractElsewhere(elsewhere)
    contract_store.end_all_but(work.db, customer.id, written, work.now)
    ended = active_before - {entry["id"] for entry in entries if entry["active"]}
    if ended:
        work.emit(ContractsEnded(tuple(sorted(ended))))


def _put_main_contact(work: UnitOfWork, customer: Customer, wanted: dict[str, Any], before: dict[str, Any]) -> bool:
    """Create the main contact's account, or change what the document changed; tells whether the account is another now.

    What the console changed since stays, where the document says the same as before.
    """
    account = accounts.find(work.db, customer.main_contact_account_id) if customer.main_contact_account_id else None
    if account is None:
        _create_main_contact(work, customer, wanted)
        return True
    columns = {name: value for name, value in wanted.items() if name not in before or before[name] != value}
    return editing.apply(work, account, columns).changed


def _create_main_contact(work: UnitOfWork, customer: Customer, wanted: dict[str, Any]) -> Account:
    username = usernames.for_provisioning(work, customer.number)
    columns = wanted | {"username": username, "username_key": username}
    account = editing.write(work, customer, Role.ADMINISTRATOR_KUNDENPORTAL, columns)
    customers.change(work.db, customer.id, work.now, main_contact_account_id=account.id)
    return account


def _put_activity(work: UnitOfWork, customer: Customer, active: bool) -> None:
    if active == customer.is_active:
        return
    customers.change(work.db, customer.id, work.now, deactivated_at=None if active else work.now)
    if active:
        accounts.reactivate_with_customer(work.db, customer.id, work.now)
        audit.record(work, Event.CUSTOMER_REACTIVATED, customer=customer.id)
        return
    ended = accounts.deactivate_with_customer(work.db, customer.id, work.now)
    invitations.withdraw_unsent(work, ended)
    if ended:
        work.emit(AccountsDeactivated(ended))
    audit.record(work, Event.CUSTOMER_DEACTIVATED, customer=customer.id, accounts=len(ended))


def _invite_main_contact(work: UnitOfWork, customer_id: CustomerId, *, anew: bool) -> None:
    """Invite the main contact who is not active yet: anew after a change, else only if no invitation is there."""
    customer = customers.find(work.db, customer_id)
    account_id = customer.main_contact_account_id if customer else None
    account = accounts.find(work.db, account_id) if account_id else None
    if account is None or account.activated_at is not None:
        return
    if not account.is_usable:
        if anew:
            invitations.end(work, account.id)
        return
    if anew or invitation_store.open_of(work.db, account.id) is None:
        invitations.invite(work, account.id)
