"""Changed contact data of active accounts: a new mail address or mobile number waits until its owner confirms it.

The address is confirmed by a link sent to it. The number is confirmed by a PIN, by the layer that proves people; here it waits.
"""

from datetime import timedelta

from idp import addresses, audit, crypto, messaging
from idp.audit import Event
from idp.directory import limits
from idp.directory.contacts import email_key
from idp.directory.entries import Account, ContactChange, ContactKind
from idp.directory.errors import LinkVoid
from idp.directory.store import accounts
from idp.directory.store import contact_changes as store
from idp.identifiers import AccountId, ContactChangeId, EmailAddress, new_id, new_token
from idp.unit_of_work import UnitOfWork

__all__ = ["ContactChange", "ContactKind", "confirm", "find_by_token", "start", "waiting", "withdraw"]

LIFE = timedelta(days=14)
TEMPLATE = "mail/contact_change_confirm"


def start(work: UnitOfWork, account: Account, kind: ContactKind, value: str) -> ContactChangeId:
    """Let a new address or number wait for confirmation, instead of the one that waited before. Raises: TooMany."""
    limits.check(work, limits.CONTACT_CHANGES, account.id)
    limits.count(work, limits.CONTACT_CHANGES, account.id)
    store.end(work.db, account.id, kind, work.now)
    change_id, token = ContactChangeId(new_id()), new_token()
    row = {"id": change_id, "account_id": account.id, "kind": kind.value, "value": value, "created_at": work.now}
    by_link = kind is ContactKind.EMAIL
    store.add(work.db, row | {"expires_at": work.now + LIFE, "token_hash": crypto.hash_token(token) if by_link else None})
    if by_link:
        _send(work, account, EmailAddress(value), token)
    audit.record(work, Event.CONTACT_CHANGE_WAITING, account=account.id, customer=account.customer_id, kind=kind.value)
    return change_id


def waiting(work: UnitOfWork, account_id: AccountId) -> list[ContactChange]:
    """List what waits for an account's confirmation."""
    return store.waiting(work.db, account_id, work.now)


def withdraw(work: UnitOfWork, account_id: AccountId, kind: ContactKind) -> None:
    """Take back what waits, if anything does."""
    store.end(work.db, account_id, kind, work.now)


def find_by_token(work: UnitOfWork, token: str) -> ContactChange | None:
    """Find what a link confirms, without using it up; None when it is unknown, used, replaced or expired."""
    found = store.find_by_token(work.db, crypto.hash_token(token))
    if found is None or found.ended_at is not None or found.expires_at <= work.now:
        return None
    return found


def confirm(work: UnitOfWork, token: str) -> AccountId:
    """Take over the mail address whose link was opened and confirmed. Raises: LinkVoid."""
    change = find_by_token(work, token)
    if change is None or change.kind is not ContactKind.EMAIL or not store.use_up(work.db, change.id, work.now):
        raise LinkVoid("contact change")
    address = EmailAddress(change.value)
    accounts.change(work.db, change.account_id, work.now, email=address, email_key=email_key(address), email_verified_at=work.now)
    audit.record(work, Event.CONTACT_CHANGE_CONFIRMED, account=change.account_id, kind=change.kind.value)
    return change.account_id


def _send(work: UnitOfWork, account: Account, to: EmailAddress, token: str) -> None:
    messaging.send_mail(
        work,
        TEMPLATE,
        to,
        account.locale,
        messaging.person(account),
        secret_values={"link": addresses.contact_change(work.settings, token)},
        account_id=account.id,
        useless_after=work.now + LIFE,
    )
