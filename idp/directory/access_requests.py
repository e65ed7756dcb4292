"""»Benutzerkonto erstellen«: a wish for an account, proven by mail, decided by the customer's administrator.

Whether a customer number, mail address or user name exists is told to nobody: every well-formed wish is taken in the same way and gets the
same mail; one for a number that nobody has waits unseen until it expires.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from idp import addresses, audit, crypto, messaging
from idp.audit import Event
from idp.directory import contacts, limits, provisioning, usernames
from idp.directory.editing import NewAccount, create
from idp.directory.entries import AccessRequest, AccessRequestState, Account, Role
from idp.directory.errors import AlreadyDecided, LinkVoid, collect
from idp.directory.store import access_requests as store
from idp.directory.store import accounts, customers
from idp.errors import NotFound
from idp.identifiers import AccessRequestId, AccountId, CustomerId, new_id, new_token
from idp.unit_of_work import UnitOfWork

__all__ = [
    "AccessRequest",
    "AccessRequestState",
    "AccessWish",
    "approve",
    "count_waiting",
    "find_by_token",
    "find_waiting",
    "list_waiting",
    "receive",
    "reject",
    "verify",
]

LINK_LIFE = timedelta(days=1)
WAITS = timedelta(days=30)
KEPT_AFTER_DECISION = timedelta(days=30)
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessWish:
    """What a person types into the form."""

    customer_number: str
    given_name: str
    family_name: str
    email: str
    username: str
    locale: str = "de"


def receive(work: UnitOfWork, wish: AccessWish, *, network: str) -> None:
    """Take a wish and send the link that proves its mail address; `network` is where it comes from (an address or prefix).

    Raises: InvalidField(s) for what is malformed whoever exists, TooMany by network alone.
    """
    limits.check(work, limits.REQUESTS_BY_NETWORK, network)
    values = collect(
        {
            "customer_number": lambda: provisioning.check_number(wish.customer_number.strip()),
            "given_name": lambda: contacts.parse_name("given_name", wish.given_name),
            "family_name": lambda: contacts.parse_name("family_name", wish.family_name),
            "email": lambda: contacts.parse_email("email", wish.email),
            "username": lambda: usernames.check_choosable(wish.username) and usernames.shown(wish.username),
            "locale": lambda: contacts.parse_locale("locale", wish.locale),
        }
    )
    limits.count(work, limits.REQUESTS_BY_NETWORK, network)
    if _used_up(work, values["email"], values["customer_number"]):
        audit.record(work, Event.ACCESS_REQUESTED, taken=False)
        return
    customer = customers.find_by_number(work.db, values["customer_number"])
    token, request_id = new_token(), AccessRequestId(new_id())
    row = {
        "id": request_id,
        "customer_id": customer.id if customer else None,
        "state": AccessRequestState.UNVERIFIED.value,
        "token_hash": crypto.hash_token(token),
        "created_at": work.now,
        "expires_at": work.now + LINK_LIFE,
    }
    store.add(work.db, row | values)
    messaging.send_mail(
        work,
        "mail/access_request_verify",
        values["email"],
        values["locale"],
        {"salutation": "", "given_name": values["given_name"], "family_name": values["family_name"]},
        secret_values={"link": addresses.access_request(work.settings, token)},
        useless_after=work.now + LINK_LIFE,
    )
    audit.record(work, Event.ACCESS_REQUESTED, customer=customer.id if customer else None, taken=True)


def find_by_token(work: UnitOfWork, token: str) -> AccessRequest | None:
    """Find the request of a link without using the link up; None when it is unknown or has expired."""
    found = store.find_by_token(work.db, crypto.hash_token(token))
    return found if found and found.expires_at > work.now else None


def verify(work: UnitOfWork, token: str) -> None:
    """Take the mail address as proven and lay the request before the customer's administrator; again: nothing more.

    Raises: LinkVoid when the link is unknown or has expired.
    """
    request = find_by_token(work, token)
    if request is None:
        raise LinkVoid("access request")
    if not store.verify(work.db, request.id, work.now, work.now + WAITS):
        return
    audit.record(work, Event.ACCESS_REQUEST_VERIFIED, customer=request.customer_id)
    if request.customer_id:
        _tell_administrator(work, request, request.customer_id)


def list_waiting(work: UnitOfWork, customer_id: CustomerId) -> list[AccessRequest]:
    """List what waits for the decision of this customer's administrators, the oldest first (at most 200)."""
    return store.list_waiting(work.db, customer_id, work.now, MOST_SHOWN)


def find_waiting(work: UnitOfWork, customer_id: CustomerId, request_id: AccessRequestId) -> AccessRequest:
    """Give one that waits for this customer's decision. Raises: NotFound, AlreadyDecided."""
    return _waiting(work, customer_id, request_id)


def count_waiting(work: UnitOfWork, customer_id: CustomerId) -> int:
    """Count what waits for the decision of this customer's administrators."""
    return store.count_waiting(work.db, customer_id, work.now)


def approve(
    work: UnitOfWork,
    customer_id: CustomerId,
    request_id: AccessRequestId,
    *,
    username: str = "",
    mobile: str = "",
    send_at: datetime | None = None,
) -> Account:
    """Create the wished account with the role Administrator Telefonanlage and invite it; `username` corrects the wished one.

    Raises: NotFound, AlreadyDecided, and what creating an account raises.
    """
    customers.lock(work.db, customer_id)
    request = _waiting(work, customer_id, request_id)
    new = NewAccount(
        username=username or request.username,
        role=Role.ADMINISTRATOR_TELEFONANLAGE,
        given_name=request.given_name,
        family_name=request.family_name,
        email=request.email,
        mobile=mobile,
        locale=request.locale,
    )
    account = create(work, customer_id, new, send_at=send_at)
    _decide(work, request, customer_id, AccessRequestState.APPROVED, account.id)
    audit.record(work, Event.ACCESS_REQUEST_APPROVED, account=account.id, customer=customer_id)
    return account


def reject(work: UnitOfWork, customer_id: CustomerId, request_id: AccessRequestId) -> None:
    """Turn a request down and tell the person by mail. Raises: NotFound, AlreadyDecided."""
    customers.lock(work.db, customer_id)
    request = _waiting(work, customer_id, request_id)
    _decide(work, request, customer_id, AccessRequestState.REJECTED, None)
    messaging.send_mail(work, "mail/access_request_decided", request.email, request.locale, _greeted(request) | {"approved": False})
    audit.record(work, Event.ACCESS_REQUEST_REJECTED, customer=customer_id)


def _used_up(work: UnitOfWork, email: str, customer_number: str) -> bool:
    """Count the wish; tell whether its address or customer has had enough, which nobody is told."""
    by_email = limits.REQUESTS_BY_EMAIL, contacts.folded(email)
    by_customer = limits.REQUESTS_BY_CUSTOMER, customer_number
    if limits.reached(work, *by_email) or limits.reached(work, *by_customer):
        return True
    limits.count(work, *by_email)
    limits.count(work, *by_customer)
    return False


def _tell_administrator(work: UnitOfWork, request: AccessRequest, customer_id: CustomerId) -> None:
    """Write to the main contact, or else to the customer's oldest active Administrator Kundenportal."""
    customer = customers.find(work.db, customer_id)
    administrators = accounts.active_administrators(work.db, customer_id)
    if customer is None or not administrators:
        return
    main = [account for account in administrators if account.id == customer.main_contact_account_id]
    addressee = (main or administrators)[0]
    shown = {"requester_name": request.name, "requester_username": request.username}
    messaging.send_mail(
        work,
        "mail/access_request_waiting",
        addressee.email,
        addressee.locale,
        messaging.person(addressee) | shown,
        account_id=addressee.id,
        useless_after=request.expires_at + WAITS,
    )


def _waiting(work: UnitOfWork, customer_id: CustomerId, request_id: AccessRequestId) -> AccessRequest:
    request = store.find_own(work.db, customer_id, request_id)
    if request is None:
        raise NotFound(f"access request {request_id}")
    if request.state is not AccessRequestState.WAITING or request.expires_at <= work.now:
        raise AlreadyDecided(request_id)
    return request


def _decide(
    work: UnitOfWork, request: AccessRequest, customer_id: CustomerId, decision: AccessRequestState, account_id: AccountId | None
) -> None:
    until = work.now + KEPT_AFTER_DECISION
    if not store.decide(work.db, customer_id, request.id, decision, now=work.now, until=until, by=work.actor.id, account_id=account_id):
        raise AlreadyDecided(request.id)


def _greeted(request: AccessRequest) -> dict[str, str]:
    return {"salutation": "", "given_name": request.given_name, "family_name": request.family_name}
