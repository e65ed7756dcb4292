"""The way from a mail's link to a new password: choose it, confirm by PIN where the account has one, done.

The chosen password waits as a hash in an *activation*, bound to browser and link. The right PIN uses up the link and sets the password in
one transaction, so that of two who hold the same link one wins and the other is told. An activation never signs in.
"""

from dataclasses import dataclass
from datetime import timedelta

from idp import audit, messaging
from idp.audit import Event
from idp.authn import links, passwords, pins, throttling
from idp.authn.errors import ActivationOver, LinkOver, OtherBrowser
from idp.authn.events import PasswordReset
from idp.authn.links import Link, LinkState, Purpose
from idp.authn.passwords import Judgement
from idp.authn.pins import Sight
from idp.authn.store import activations as store
from idp.authn.store import counters
from idp.authn.store.activations import Activation
from idp.authn.throttling import Caller
from idp.directory import accounts
from idp.directory.accounts import Account
from idp.directory.events import InvitationEnded
from idp.identifiers import AccountId, ActivationId, BrowserHash, PhoneNumber, new_id
from idp.unit_of_work import Actor, ActorKind, UnitOfWork

__all__ = [
    "Activation",
    "AskPin",
    "Choice",
    "Done",
    "OfferPin",
    "Over",
    "Step",
    "begin",
    "confirm_pin",
    "delete_expired",
    "find",
    "next_step",
    "on_invitation_ended",
    "read_choice",
    "send_pin",
]

_ONE_AT_A_TIME = "activating"
_LIFE = timedelta(minutes=30)
_KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a new password is judged by, read before the slow work."""

    token: str
    link: Link
    not_again: tuple[str, ...]
    avoid: list[str]


@dataclass(frozen=True, slots=True)
class AskPin:
    """A PIN is valid and asked for."""

    sight: Sight


@dataclass(frozen=True, slots=True)
class OfferPin:
    """The PIN has expired; a button sends a new one to `number`."""

    number: str


@dataclass(frozen=True, slots=True)
class Done:
    """The password is set."""


@dataclass(frozen=True, slots=True)
class Over:
    """The activation has failed; the link may still be good."""

    wrong_pins: bool


Step = AskPin | OfferPin | Done | Over


def read_choice(work: UnitOfWork, purpose: Purpose, token: str) -> Choice | None:
    """Read what a new password has to keep to; none unless the link is open."""
    link = links.find(work, purpose, token)
    if link is None or link.state is not LinkState.OPEN:
        return None
    known = passwords.credentials(work, link.account.id)
    return Choice(token, link, known.not_again, passwords.personal_words(link.account, work.settings))


def begin(work: UnitOfWork, choice: Choice, password_hash: str, judgement: Judgement, caller: Caller) -> ActivationId:
    """Keep a chosen password and send the PIN; where the account has none, the password is set at once.

    Raises: what `pins.send` raises, LinkOver, AccountUnavailable.
    """
    _wait_for_others(work, choice.link.account.id)
    link = links.find(work, choice.link.purpose, choice.token)
    if link is None or link.state is not LinkState.OPEN:
        raise LinkOver(choice.link.id)
    account = link.account
    activation = Activation(
        id=ActivationId(new_id()),
        purpose=choice.link.purpose,
        link_id=choice.link.id,
        account_id=account.id,
        browser_hash=caller.browser,
        password_hash=password_hash,
        created_at=work.now,
        expires_at=work.now + _LIFE,
    )
    store.add(work.db, activation)
    passwords.note_judgement(work, account.id, judgement)
    if account.confirms_by_pin:
        pins.send(work, activation.id, account, device_is_known=True)
    else:
        _complete(work, activation, account, None)
    return activation.id


def find(work: UnitOfWork, activation_id: str, browser: BrowserHash | None) -> Activation:
    """Give an activation to the browser that began it. Raises: ActivationOver, OtherBrowser."""
    return _bound(store.find(work.db, activation_id) if activation_id.isprintable() else None, browser)


def next_step(work: UnitOfWork, activation: Activation) -> Step:
    """Tell where an activation stands."""
    if activation.completed_at:
        return Done()
    sight = pins.look(work, activation.id)
    if activation.ended_at or activation.expires_at <= work.now or sight.over:
        return Over(wrong_pins=sight.over and not activation.ended_at)
    if sight.challenge:
        return AskPin(sight)
    account = accounts.find(work, activation.account_id)
    return OfferPin((account and account.mobile) or "")


def send_pin(work: UnitOfWork, activation_id: ActivationId, caller: Caller) -> None:
    """Send an activation's PIN again. Raises: what `pins.send` raises, ActivationOver, OtherBrowser."""
    activation = _bound(store.lock(work.db, activation_id), caller.browser)
    if activation.completed_at:
        return
    account = _account_of(work, activation)
    pins.send(work, activation.id, account, device_is_known=True)


def confirm_pin(work: UnitOfWork, activation_id: ActivationId, typed: str, caller: Caller) -> None:
    """Set the waiting password by its PIN; nothing if that is done already.

    Raises: PinWrong, PinTriesUsedUp, PinExpired, Throttled, LinkOver, ActivationOver, AccountUnavailable, OtherBrowser.
    """
    found = _bound(store.find(work.db, activation_id), caller.browser)
    _wait_for_others(work, found.account_id)
    activation = _bound(store.lock(work.db, activation_id), caller.browser)
    if activation.completed_at:
        return
    account = _account_of(work, activation)
    keys = throttling.pin_keys(work, caller, account.id)
    throttling.admit(work, keys)
    challenge = pins.confirm(work, activation.id, typed)
    throttling.succeeded(work, keys)
    _complete(work, activation, account, challenge.number)


def on_invitation_ended(work: UnitOfWork, event: InvitationEnded) -> None:
    """End what runs on a link that is void by now."""
    store.end_of_link(work.db, event.invitation_id, work.now)


def delete_expired(work: UnitOfWork, limit: int) -> int:
    """Delete activations and reset links of two days ago."""
    return store.delete_over(work.db, work.now - _KEPT, limit)


def _complete(work: UnitOfWork, activation: Activation, account: Account, number: PhoneNumber | None) -> None:
    purpose = Purpose(activation.purpose)
    if not activation.password_hash or not links.use_up(work, purpose, activation.link_id):
        raise LinkOver(activation.id)
    if not store.complete(work.db, activation.id, work.now):
        raise ActivationOver(activation.id)
    store.end_of_account(work.db, account.id, work.now)
    work.acts_as(Actor(ActorKind.STAFF if account.is_staff else ActorKind.PERSON, account.id))
    passwords.set_hash(work, account.id, activation.password_hash)
    if purpose is Purpose.INVITATION:
        accounts.activate(work, account.id, email_verified=True, mobile_verified=number)
    else:
        _finish_reset(work, account, number)


def _finish_reset(work: UnitOfWork, account: Account, number: PhoneNumber | None) -> None:
    if not account.is_active:
        raise ActivationOver(account.id)
    store.end_resets(work.db, account.id, work.now)
    if number:
        accounts.note_mobile_verified(work, account.id, number)
    audit.record(work, Event.PASSWORD_RESET, account=account.id, customer=account.customer_id)
    work.emit(PasswordReset(account.id))
    messaging.send_mail(work, "mail/password_reset_done", account.email, account.locale, messaging.person(account), account_id=account.id)


def _wait_for_others(work: UnitOfWork, account_id: AccountId) -> None:
    """Take turns with other activations of the account; all take this lock before any other, so none waits in a circle."""
    counters.lock_budget(work.db, _ONE_AT_A_TIME, account_id, work.now)


def _account_of(work: UnitOfWork, activation: Activation) -> Account:
    account = accounts.find(work, activation.account_id)
    if account is None or not account.is_usable or activation.ended_at or activation.expires_at <= work.now:
        raise ActivationOver(activation.id)
    return account


def _bound(activation: Activation | None, browser: BrowserHash | None) -> Activation:
    if activation is None:
        raise ActivationOver("unknown")
    if activation.browser_hash != browser:
        raise OtherBrowser(activation.id)
    return activation
