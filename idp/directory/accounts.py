"""Accounts: finding them, making them active, locking and deactivating them; creating and editing stand in `editing.py`."""

from idp import audit
from idp.audit import Event
from idp.directory import invitations, usernames
from idp.directory.editing import AccountChange, NewAccount, create, create_staff, edit, set_grants
from idp.directory.entries import CUSTOMER_ROLES, STAFF_ROLES, Account, ListedAccount, Role, Status
from idp.directory.errors import AccountUnavailable, CustomerDeactivated, PersonErased
from idp.directory.events import AccountsDeactivated, AccountsLocked
from idp.directory.listing import Direction, Page, Sort, list_all, list_matching, list_page
from idp.directory.removal import check_removable
from idp.directory.states import status_of
from idp.directory.store import accounts as store
from idp.directory.store import customers
from idp.directory.store import invitations as invitation_store
from idp.errors import InvalidField, NotFound
from idp.identifiers import AccountId, CustomerId, PhoneNumber, SubjectId
from idp.unit_of_work import UnitOfWork

__all__ = [
    "CUSTOMER_ROLES",
    "STAFF_ROLES",
    "Account",
    "AccountChange",
    "Direction",
    "ListedAccount",
    "NewAccount",
    "Page",
    "Role",
    "Sort",
    "Status",
    "activate",
    "create",
    "create_staff",
    "deactivate",
    "edit",
    "find",
    "find_by_sub",
    "find_by_username",
    "list_all",
    "list_matching",
    "list_page",
    "lock",
    "note_mobile_verified",
    "own",
    "reactivate",
    "set_grants",
    "show",
    "unlock",
]


def find(work: UnitOfWork, account_id: AccountId) -> Account | None:
    """Find an account by id."""
    return store.find(work.db, account_id)


def find_by_sub(work: UnitOfWork, sub: SubjectId) -> Account | None:
    """Find an account by its subject identifier."""
    return store.find_by_sub(work.db, sub)


def find_by_username(work: UnitOfWork, typed: str) -> Account | None:
    """Find an account by a user name as somebody typed it; None also for what can't be a user name."""
    try:
        key = usernames.canonical(typed)
    except InvalidField:
        return None
    return store.find_by_username_key(work.db, key)


def own(work: UnitOfWork, customer_id: CustomerId | None, account_id: AccountId) -> Account:
    """Give an account of this customer (None: of staff). Raises: NotFound, for those of others too."""
    account = store.find(work.db, account_id)
    if account is None or account.customer_id != customer_id:
        raise NotFound(f"account {account_id}")
    return account


def show(work: UnitOfWork, customer_id: CustomerId | None, account_id: AccountId) -> ListedAccount:
    """Give an account of this customer with its status and open invitation. Raises: NotFound."""
    account = own(work, customer_id, account_id)
    invitation = invitation_store.open_of(work.db, account_id)
    return ListedAccount(account, status_of(account, invitation, work.now), invitation)


def activate(work: UnitOfWork, account_id: AccountId, *, email_verified: bool, mobile_verified: PhoneNumber | None) -> None:
    """Make an invited account active; `mobile_verified` is the number whose PIN was typed.

    Raises: AccountUnavailable when it is active, locked or deactivated, or has another number by now.
    """
    if not store.activate(work.db, account_id, work.now, email_verified=email_verified, mobile=mobile_verified):
        raise AccountUnavailable(account_id)
    audit.record(work, Event.ACCOUNT_ACTIVATED, account=account_id)


def note_mobile_verified(work: UnitOfWork, account_id: AccountId, mobile: PhoneNumber) -> None:
    """Note that the PIN sent to the account's number came back, if it is still that number."""
    store.set_mobile_verified(work.db, account_id, mobile, work.now)


def deactivate(work: UnitOfWork, customer_id: CustomerId | None, account_id: AccountId, *, even_the_last: bool = False) -> None:
    """Deactivate an account: sessions and tokens end, a waiting invitation is taken back; nothing if it is so already.

    `even_the_last`: the customer may stay without an administrator. Raises: NotFound, NotYourself, LastAdministrator.
    """
    if customer_id:
        customers.lock(work.db, customer_id)
    account = own(work, customer_id, account_id)
    if not even_the_last:
        check_removable(work, account)
    if store.set_deactivated(work.db, account_id, True, work.now):
        invitations.withdraw_unsent(work, (account_id,))
        work.emit(AccountsDeactivated((account_id,)))
        audit.record(work, Event.ACCOUNT_DEACTIVATED, account=account_id, customer=customer_id)


def reactivate(work: UnitOfWork, customer_id: CustomerId | None, account_id: AccountId) -> None:
    """Lift a deactivation; nothing if there is none. Raises: NotFound, CustomerDeactivated, PersonErased."""
    customer = customers.lock(work.db, customer_id) if customer_id else None
    own(work, customer_id, account_id)
    if store.is_erased(work.db, account_id):
        raise PersonErased(account_id)
    if customer and not customer.is_active:
        raise CustomerDeactivated(customer.number)
    if store.set_deactivated(work.db, account_id, False, work.now):
        audit.record(work, Event.ACCOUNT_REACTIVATED, account=account_id, customer=customer_id)


def lock(work: UnitOfWork, account_id: AccountId) -> None:
    """Lock any account, as staff or operator; nothing if it is locked. Raises: NotFound."""
    account = _any(work, account_id)
    if store.set_locked(work.db, account_id, True, work.now):
        invitations.withdraw_unsent(work, (account_id,))
        work.emit(AccountsLocked((account_id,)))
        audit.record(work, Event.ACCOUNT_LOCKED, account=account_id, customer=account.customer_id)


def unlock(work: UnitOfWork, account_id: AccountId) -> None:
    """Lift a lock; nothing if there is none. Raises: NotFound."""
    account = _any(work, account_id)
    if store.set_locked(work.db, account_id, False, work.now):
        audit.record(work, Event.ACCOUNT_UNLOCKED, account=account_id, customer=account.customer_id)


def _any(work: UnitOfWork, account_id: AccountId) -> Account:
    account = store.find(work.db, account_id)
    if account is None:
        raise NotFound(f"account {account_id}")
    return account
