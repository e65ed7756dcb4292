"""Invitations: one open per account, sent now or at a time, with a link that ends by use, by a newer one, or by time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from idp import addresses, audit, crypto, messaging, outbox
from idp.audit import Event
from idp.directory import limits, schedules
from idp.directory.entries import Account, Invitation
from idp.directory.errors import AlreadyActive, InvitationGone, InvitedMeanwhile, LinkVoid, NotInvitable
from idp.directory.events import InvitationEnded
from idp.directory.store import accounts, customers
from idp.directory.store import invitations as store
from idp.errors import NotFound
from idp.identifiers import AccountId, CustomerId, InvitationId, new_id, new_token
from idp.outbox.events import JobFinished
from idp.outbox.states import JobState
from idp.unit_of_work import UnitOfWork

TEMPLATE = "mail/invitation"
SEND_AT = "send_at"


class LinkState(StrEnum):
    """What a link is good for."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    REPLACED = "replaced"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class InvitationLink:
    """A link of an invitation mail, as the page behind it needs it."""

    invitation_id: InvitationId
    account: Account
    state: LinkState
    expires_at: datetime


def find_by_token(work: UnitOfWork, token: str) -> InvitationLink | None:
    """Find what a link belongs to, without using it up; a locked or deactivated account's link counts as cancelled."""
    found = store.find_by_token(work.db, crypto.hash_token(token))
    account = accounts.find(work.db, found.account_id) if found else None
    if found is None or account is None:
        return None
    return InvitationLink(found.id, account, _state(found, account, work.now), found.expires_at)


def use_up(work: UnitOfWork, invitation_id: InvitationId) -> bool:
    """Use a link up; False when it is not open any more or the account may not be activated. Of several at once one succeeds."""
    return store.use_up(work.db, invitation_id, work.now)


def invite(work: UnitOfWork, account_id: AccountId, *, send_at: datetime | None = None) -> InvitationId:
    """Send an invitation by mail, ending the one before; `send_at` is a local time without zone, None means now.

    Raises: NotInvitable, AlreadyActive, InvalidField, TooMany, NotFound.
    """
    account = _locked(work, account_id)
    if not account.is_usable:
        raise NotInvitable(account_id)
    if account.activated_at is not None:
        raise AlreadyActive(account_id)
    schedule = schedules.resolve(work, SEND_AT, send_at) if send_at else None
    limits.check(work, limits.INVITATIONS, account_id)
    limits.count(work, limits.INVITATIONS, account_id)
    _end_open(work, account_id, LinkState.REPLACED)
    return _write(work, account, schedule)


def resend(work: UnitOfWork, customer_id: CustomerId | None, account_id: AccountId, *, seen: str | None = None) -> InvitationId:
    """Send a new invitation now; the old link ends.

    `seen` is the open invitation that the asker knows of, empty for none: asking twice with it sends one mail.
    Raises: InvitedMeanwhile, and as `invite`.
    """
    if _locked(work, account_id).customer_id != customer_id:
        raise NotFound(f"account {account_id}")
    open_now = store.open_of(work.db, account_id)
    if seen is not None and seen != (open_now.id if open_now else ""):
        raise InvitedMeanwhile(account_id)
    return invite(work, account_id)


def resend_expired(work: UnitOfWork, token: str) -> None:
    """Send a new invitation to the address on file, for who opens an expired link; asking twice sends one.

    Raises: LinkVoid when the link is not an expired one, TooMany.
    """
    link = find_by_token(work, token)
    if link is None or link.state not in {LinkState.EXPIRED, LinkState.REPLACED}:
        raise LinkVoid("invitation")
    _locked(work, link.account.id)
    again = find_by_token(work, token)
    if again and again.state is LinkState.EXPIRED:
        limits.check(work, limits.EXPIRED_LINKS, link.account.id)
        limits.count(work, limits.EXPIRED_LINKS, link.account.id)
        invite(work, link.account.id)


def move(work: UnitOfWork, customer_id: CustomerId | None, account_id: AccountId, send_at: datetime) -> None:
    """Give a scheduled invitation another local time. Raises: InvitationGone, InvalidField, NotFound."""
    waiting = _scheduled(work, customer_id, account_id)
    schedule = schedules.resolve(work, SEND_AT, send_at)
    expires_at = schedule.at + timedelta(days=work.settings.invitation_days)
    if not outbox.move(work, waiting.job_id, schedule.at, expires_at):
        raise InvitationGone(account_id)
    if not store.move(work.db, waiting.id, now=work.now, to=schedule.at, local=schedule.local, expires_at=expires_at):
        raise InvitationGone(account_id)
    audit.record(work, Event.INVITATION_MOVED, account=account_id, customer=customer_id, send_at=schedule.at.isoformat())


def cancel(work: UnitOfWork, customer_id: CustomerId | None, account_id: AccountId) -> None:
    """Take a scheduled invitation back. Raises: InvitationGone, NotFound."""
    waiting = _scheduled(work, customer_id, account_id)
    if not outbox.cancel(work, waiting.job_id) or not store.end(work.db, waiting.id, LinkState.CANCELLED.value, work.now):
        raise InvitationGone(account_id)
    work.emit(InvitationEnded(waiting.id, account_id))
    audit.record(work, Event.INVITATION_CANCELLED, account=account_id, customer=customer_id)


def renew(work: UnitOfWork, before: Account) -> bool:
    """Write an open invitation anew after a change of what its mail says; True when one went out or waits anew.

    `before` is the account before the change. A mail that waits keeps its time; one that was sent goes out again only to a new address.
    """
    found = store.open_of(work.db, before.id)
    account = accounts.find(work.db, before.id)
    if found is None or account is None or account.activated_at:
        return False
    if not account.is_usable:
        if account.email != before.email:
            end(work, account.id)
        return False
    waits = found.send_at > work.now
    if not waits and account.email == before.email:
        return False
    limits.check(work, limits.INVITATIONS, account.id)
    limits.count(work, limits.INVITATIONS, account.id)
    _end_open(work, account.id, LinkState.REPLACED)
    _write(work, account, schedules.Schedule(found.send_at, found.scheduled_local or "") if waits else None)
    return True


def end(work: UnitOfWork, account_id: AccountId) -> None:
    """End an account's open invitation, if there is one: its address is not the account's any more."""
    _end_open(work, account_id, LinkState.CANCELLED)


def withdraw_unsent(work: UnitOfWork, account_ids: tuple[AccountId, ...]) -> None:
    """Take back what waits for its time, because the accounts may not be activated now; sent links stay, unusable meanwhile."""
    for invitation_id, account_id, job_id in store.end_unsent(work.db, account_ids, work.now):
        outbox.cancel(work, job_id)
        work.emit(InvitationEnded(invitation_id, account_id))
        audit.record(work, Event.INVITATION_CANCELLED, account=account_id)


def note_delivery(work: UnitOfWork, event: JobFinished) -> None:
    """Remember what became of an invitation's mail, so that its account's row can show it."""
    if event.kind == "mail":
        store.note_delivery(work.db, event.job_id, work.now, delivered=event.state is JobState.SENT)


def _state(found: Invitation, account: Account, now: datetime) -> LinkState:
    if found.ended_at is not None:
        return LinkState(found.end_reason or LinkState.CANCELLED)
    if not account.is_usable:
        return LinkState.CANCELLED
    return LinkState.OPEN if found.expires_at > now else LinkState.EXPIRED


def _write(work: UnitOfWork, account: Account, schedule: schedules.Schedule | None) -> InvitationId:
    """Write invitation and mail; only the hash of the link's token is kept, and the mail's copy is sealed until it is sent."""
    invitation_id, token = InvitationId(new_id()), new_token()
    send_at = schedule.at if schedule else work.now
    expires_at = send_at + timedelta(days=work.settings.invitation_days)
    job_id = messaging.send_mail(
        work,
        TEMPLATE,
        account.email,
        account.locale,
        messaging.person(account),
        secret_values={"link": addresses.activation(work.settings, token)},
        account_id=account.id,
        due=send_at if schedule else None,
        useless_after=expires_at,
    )
    store.add(
        work.db,
        {
            "id": invitation_id,
            "account_id": account.id,
            "token_hash": crypto.hash_token(token),
            "job_id": job_id,
            "created_at": work.now,
            "send_at": send_at,
            "scheduled_local": schedule.local if schedule else None,
            "expires_at": expires_at,
        },
    )
    event = Event.INVITATION_SCHEDULED if schedule else Event.INVITATION_SENT
    audit.record(work, event, account=account.id, customer=account.customer_id, send_at=send_at.isoformat())
    return invitation_id


def _end_open(work: UnitOfWork, account_id: AccountId, reason: LinkState) -> None:
    before = store.open_of(work.db, account_id)
    if before is None:
        return
    outbox.cancel(work, before.job_id)
    if store.end(work.db, before.id, reason.value, work.now):
        work.emit(InvitationEnded(before.id, account_id))


def _scheduled(work: UnitOfWork, customer_id: CustomerId | None, account_id: AccountId) -> Invitation:
    if _locked(work, account_id).customer_id != customer_id:
        raise NotFound(f"account {account_id}")
    found = store.open_of(work.db, account_id)
    if found is None or found.send_at <= work.now:
        raise InvitationGone(account_id)
    return found


def _locked(work: UnitOfWork, account_id: AccountId) -> Account:
    """Lock what stands over an account's invitations (its customer; for staff the account), then read it."""
    account = accounts.find(work.db, account_id)
    if account is None:
        raise NotFound(f"account {account_id}")
    if account.customer_id:
        customers.lock(work.db, account.customer_id)
    else:
        accounts.lock(work.db, account_id)
    return accounts.find(work.db, account_id) or account
