"""Creating and editing accounts."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from idp import audit
from idp.audit import Event
from idp.crypto import hash_token
from idp.directory import contact_changes, contacts, contracts, invitations, schedules, usernames
from idp.directory.entries import CUSTOMER_ROLES, STAFF_ROLES, Account, ContactKind, Customer, Role
from idp.directory.errors import AccountChangedMeanwhile, CustomerDeactivated, PersonErased, collect
from idp.directory.events import ContractGrantsNarrowed, RolesChanged
from idp.directory.removal import check_removable
from idp.directory.store import accounts as store
from idp.directory.store import contracts as contract_store
from idp.directory.store import customers
from idp.errors import InvalidField, NotFound
from idp.identifiers import AccountId, CustomerId, new_id
from idp.texts import text
from idp.unit_of_work import UnitOfWork

_CHANGEABLE = ("salutation", "given_name", "family_name", "email", "mobile", "phone", "locale")
_NO_ROLE = text("Please choose one of the roles.")
_FOREIGN_CONTRACT = text("Please choose from the listed contracts.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What an administrator may say of an account, as typed; `contracts` limits it to these, None to none."""

    role: Role
    given_name: str
    family_name: str
    email: str
    salutation: str = ""
    mobile: str = ""
    phone: str = ""
    locale: str = "de"
    contracts: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount(AccountChange):
    """What is said of a new account."""

    username: str


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of a change: what waits for the owner, whether an invitation went out anew, whether anything changed at once."""

    waiting: tuple[ContactKind, ...]
    invited: bool
    changed: bool


def create(work: UnitOfWork, customer_id: CustomerId, new: NewAccount, *, send_at: datetime | None = None) -> Account:
    """Create an account with the next number of the customer and invite it, now or at a local time.

    Raises: InvalidField (InvalidFields, UsernameTaken), TooMany, CustomerDeactivated, NotFound.
    """
    customer = customers.lock(work.db, customer_id)
    if customer is None:
        raise NotFound(f"customer {customer_id}")
    if not customer.is_active:
        raise CustomerDeactivated(customer.number)
    if new.role not in CUSTOMER_ROLES:
        raise InvalidField("role", _NO_ROLE)
    checks: dict[str, Any] = _checks(new, mobile_required=_needs_mobile(new.role, customer))
    checks["username_key"] = lambda: usernames.check_choosable(new.username)
    if send_at:
        checks["schedule"] = lambda: schedules.resolve(work, invitations.SEND_AT, send_at)
    columns = collect(checks)
    columns.pop("schedule", None)
    _check_contracts(work, customer_id, new)
    usernames.check_available(work, new.username, given_name=columns["given_name"], family_name=columns["family_name"])
    account = write(work, customer, new.role, columns | {"username": usernames.shown(new.username)})
    _limit(work, account, new)
    invitations.invite(work, account.id, send_at=send_at)
    return account


def create_staff(work: UnitOfWork, new: NewAccount, *, invite: bool = True) -> Account:
    """Create an account of the carrier's own people; it belongs to no customer. Raises: as `create`."""
    if new.role not in STAFF_ROLES:
        raise InvalidField("role", _NO_ROLE)
    columns = collect(_checks(new, mobile_required=True) | {"username_key": lambda: usernames.check_choosable(new.username)})
    usernames.check_available(work, new.username, given_name=columns["given_name"], family_name=columns["family_name"])
    account = write(work, None, new.role, columns | {"username": usernames.shown(new.username)})
    if invite:
        invitations.invite(work, account.id)
    return account


def state_of(work: UnitOfWork, account: Account) -> str:
    """Give a sign of everything of an account that an administrator may change; who changes it says by this what they have seen."""
    known = [account.role.value, *(getattr(account, name) for name in _CHANGEABLE), account.limited_to_contracts]
    return hash_token(json.dumps([*known, *sorted(contract_store.grants(work.db, account.id))]))


def edit(work: UnitOfWork, customer_id: CustomerId, account_id: AccountId, change: AccountChange, *, seen: str | None = None) -> Edited:
    """Change an account of the customer; an active one's new address or number waits for its owner's confirmation.

    `seen`: only if that is still its state. Raises: NotFound, InvalidField(s), NotYourself, LastAdministrator, TooMany, PersonErased,
    AccountChangedMeanwhile.
    """
    customer = customers.lock(work.db, customer_id)
    account = store.find(work.db, account_id)
    if customer is None or account is None or account.customer_id != customer_id:
        raise NotFound(f"account {account_id}")
    if store.is_erased(work.db, account_id):
        raise PersonErased(account_id)
    if seen is not None and seen != state_of(work, account):
        raise AccountChangedMeanwhile(account_id)
    if change.role not in CUSTOMER_ROLES:
        raise InvalidField("role", _NO_ROLE)
    columns = collect(_checks(change, mobile_required=_needs_mobile(change.role, customer)))
    _check_contracts(work, customer_id, change)
    if change.role is not account.role:
        check_removable(work, account)
        work.emit(RolesChanged((account_id,)))
        columns["role"] = change.role.value
    edited = apply(work, account, columns)
    _limit(work, account, change)
    invited = edited.changed and invitations.renew(work, account)
    return replace(edited, invited=invited)


def apply(work: UnitOfWork, account: Account, columns: dict[str, Any]) -> Edited:
    """Write checked columns of an account; needs the customer's row locked.

    Before activation all is simply used. After it, a new address and a new number wait for the owner.
    """
    changed = {name: value for name, value in columns.items() if value != getattr(account, name)}
    waiting = _wait(work, account, columns, changed) if account.activated_at else ()
    if not changed:
        return Edited(waiting, invited=False, changed=False)
    after = {"given_name": account.given_name, "family_name": account.family_name} | changed
    keys = {"name_key": contacts.name_key(after["given_name"], after["family_name"])}
    if "email" in changed:
        keys["email_key"] = contacts.email_key(changed["email"])
    store.change(work.db, account.id, work.now, **changed, **keys)
    audit.record(work, Event.ACCOUNT_CHANGED, account=account.id, customer=account.customer_id, fields=sorted(changed))
    return Edited(waiting, invited=False, changed=True)


def set_grants(work: UnitOfWork, account: Account, contract_ids: tuple[str, ...] | None) -> None:
    """Limit an account to some of its customer's contracts, or (None) to none of them in particular."""
    before = set(contract_store.grants(work.db, account.id)) if account.limited_to_contracts else None
    after = set(contract_ids) if contract_ids is not None else None
    if before == after:
        return
    store.change(work.db, account.id, work.now, limited_to_contracts=after is not None)
    contract_store.set_grants(work.db, account.id, sorted(after or ()))
    if after is not None and (before is None or before - after):
        work.emit(ContractGrantsNarrowed((account.id,)))
    limits = sorted(after) if after is not None else None
    audit.record(work, Event.ACCOUNT_CHANGED, account=account.id, customer=account.customer_id, contracts=limits)


def write(work: UnitOfWork, customer: Customer | None, role: Role, columns: dict[str, Any], **more: Any) -> Account:
    """Add an account of checked columns. Raises: UsernameTaken when somebody else was quicker."""
    account_id = AccountId(new_id())
    row = columns | {
        "id": account_id,
        "sub": new_id(),
        "customer_id": customer.id if customer else None,
        "number": customers.take_account_number(work.db, customer.id) if customer else 0,
        "role": role.value,
        "name_key": contacts.name_key(columns["given_name"], columns["family_name"]),
        "email_key": contacts.email_key(columns["email"]),
        "limited_to_contracts": False,
        "deactivated_with_customer": False,
        "created_at": work.now,
        "changed_at": work.now,
    }
    if not store.add(work.db, row | more):
        raise usernames.taken(work, columns["username"], given_name=columns["given_name"], family_name=columns["family_name"])
    account = store.find(work.db, account_id)
    if account is None:
        raise NotFound(f"account {account_id}")
    audit.record(work, Event.ACCOUNT_CREATED, account=account_id, customer=account.customer_id, role=role.value, number=account.number)
    return account


def _checks(said: AccountChange, *, mobile_required: bool) -> dict[str, Any]:
    """Give the checks of what is said, by column."""
    without_mobile = not said.mobile.strip() and not mobile_required
    return {
        "salutation": lambda: contacts.parse_name("salutation", said.salutation, longest=contacts.LONGEST_SALUTATION, required=False),
        "given_name": lambda: contacts.parse_name("given_name", said.given_name),
        "family_name": lambda: contacts.parse_name("family_name", said.family_name),
        "email": lambda: contacts.parse_email("email", said.email),
        "mobile": lambda: None if without_mobile else contacts.parse_mobile("mobile", said.mobile),
        "phone": lambda: contacts.parse_phone("phone", said.phone) if said.phone.strip() else None,
        "locale": lambda: contacts.parse_locale("locale", said.locale),
    }


def _needs_mobile(role: Role, customer: Customer) -> bool:
    return role is Role.ADMINISTRATOR_KUNDENPORTAL or customer.pin_for_all


def _wait(work: UnitOfWork, account: Account, columns: dict[str, Any], changed: dict[str, Any]) -> tuple[ContactKind, ...]:
    """Take from the changes of an active account what only its owner can confirm, and let it wait.

    A first number, where there was none, is used at once: it weakens no proof, and the first PIN verifies it.
    """
    for kind in ContactKind:
        wanted, current = columns.get(kind.value, getattr(account, kind.value)), getattr(account, kind.value)
        known = {change.value for change in contact_changes.waiting(work, account.id) if change.kind is kind}
        if wanted == current:
            if kind.value in columns and known:
                contact_changes.withdraw(work, account.id, kind)
        elif wanted is None or current is None:
            contact_changes.withdraw(work, account.id, kind)
            changed["mobile_verified_at"] = None
        else:
            del changed[kind.value]
            if wanted not in known:
                contact_changes.start(work, account, kind, wanted)
    return tuple(change.kind for change in contact_changes.waiting(work, account.id))


def _check_contracts(work: UnitOfWork, customer_id: CustomerId, said: AccountChange) -> None:
    if said.contracts and contracts.foreign(work, customer_id, said.contracts):
        raise InvalidField("contracts", _FOREIGN_CONTRACT)


def _limit(work: UnitOfWork, account: Account, said: AccountChange) -> None:
    """Grants are for phone administrators; an Administrator Kundenportal uses all contracts."""
    set_grants(work, account, said.contracts if said.role is Role.ADMINISTRATOR_TELEFONANLAGE else None)
