"""PINs by SMS; every PIN of the product goes through here.

A PIN has seven digits, lives five minutes, is used once and belongs to one *round*: one sign-in or activation. It is not stored but
derived from its challenge's id, so that sending again within its life sends the same one. Five wrong PINs over all challenges of a
round end it. Nothing here happens on a GET but `look`.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from idp import audit, crypto, messaging, outbox
from idp.audit import Event
from idp.authn import budgets, funnel
from idp.authn.budgets import Held
from idp.authn.errors import NoMobileNumber, PinExpired, PinTooSoon, PinTriesUsedUp, PinWithheld, PinWrong, SmsUsedUp
from idp.authn.store import counters
from idp.authn.store import pins as store
from idp.authn.store.pins import Challenge
from idp.crypto import Secrets
from idp.directory.accounts import Account
from idp.identifiers import ChallengeId, JobId, PhoneNumber, new_id
from idp.outbox import JobState
from idp.unit_of_work import UnitOfWork

__all__ = ["Challenge", "Sight", "confirm", "delete_expired", "derive", "look", "send"]

DIGITS = 7
TRIES = 5
_PINS = 10**DIGITS
_KEY = "pin"
_COOL_DOWNS = (30, 60, 120)
_LEFT_FOR_SAME_PIN = timedelta(minutes=2)
_LOST = (JobState.FAILED, JobState.UNCERTAIN)
_OWNER_IS_TOLD = "owner_told"
_KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a page may show of a round: the valid challenge if there is one, its SMS's fate, when the next may be sent."""

    challenge: Challenge | None
    delivery: JobState | None
    wait_seconds: int
    over: bool


def derive(secrets: Secrets, challenge_id: ChallengeId) -> str:
    """Derive a challenge's PIN: HMAC-SHA-256 under the PIN key, reduced without bias by drawing again above the last whole range."""
    range_end = 2**256 - 2**256 % _PINS
    draw = 0
    while True:
        digest = hmac.new(secrets.key(_KEY), f"{challenge_id}/{draw}".encode(), sha256).digest()
        number = int.from_bytes(digest)
        if number < range_end:
            return f"{number % _PINS:0{DIGITS}d}"
        draw += 1


def look(work: UnitOfWork, round_id: str) -> Sight:
    """Look at a round without changing anything."""
    seen = store.look(work.db, round_id, work.now)
    return Sight(seen.challenge, seen.delivery, _wait_seconds(work, seen.challenge, seen.delivery), seen.over)


def send(work: UnitOfWork, round_id: str, account: Account, *, device_is_known: bool) -> None:
    """Send a PIN, or the valid one again while more than two minutes of its life are left.

    Raises: NoMobileNumber, PinTriesUsedUp, PinTooSoon, PinWithheld, SmsUsedUp.
    """
    with funnel.pin_refusals(work, account.mobile):
        _send(work, round_id, account, device_is_known=device_is_known)
    funnel.count_pin(work, "sent", account.mobile)


def _send(work: UnitOfWork, round_id: str, account: Account, *, device_is_known: bool) -> None:
    if not account.mobile:
        raise NoMobileNumber(account.id)
    found = store.count_sent(work.db, round_id, account.id, work.now)
    if found.ended_at:
        raise PinTriesUsedUp(round_id)
    is_first = found.sent == 1  # nothing was sent in this round that could still be on its way, or be void now
    sight = None if is_first else look(work, round_id)
    if sight and sight.wait_seconds:
        raise PinTooSoon(retry_after=sight.wait_seconds)
    held = budgets.hold_sms(work, account.id, account.mobile, verified=account.mobile_verified)
    if not device_is_known:
        _check_wrong_pins(work, account, held)
    _spend_sms(work, account, held)
    challenge = sight and sight.challenge
    if challenge:
        outbox.cancel(work, challenge.job_id)  # one that still waits would only arrive twice
    not_before = work.now + timedelta(seconds=_cool_down(work, found.sent))
    if challenge and challenge.number == account.mobile and challenge.expires_at - work.now >= _LEFT_FOR_SAME_PIN:
        job_id = _enqueue(work, account, account.mobile, challenge.id, challenge.expires_at)
        store.resent(work.db, challenge.id, job_id, not_before)
    else:
        if not is_first:
            store.void(work.db, round_id, work.now)
        _begin_challenge(work, round_id, account, account.mobile, not_before)
    audit.record(work, Event.PIN_SENT, account=account.id, number_ends=account.mobile[-4:], sent=found.sent)


def confirm(work: UnitOfWork, round_id: str, typed: str) -> Challenge:
    """Spend one try of a round; the right PIN uses its challenge up and ends the round.

    Raises: PinWrong (with the tries left), PinTriesUsedUp, PinExpired.
    """
    attempt = store.spend_try(work.db, round_id, TRIES)  # counted first: parallel requests get no more tries
    if attempt is None:
        raise PinTriesUsedUp(round_id) if store.find_round(work.db, round_id) else PinExpired(round_id)
    challenge = store.current(work.db, round_id, work.now)
    with funnel.pin_refusals(work, challenge.number if challenge else None):
        if challenge is None:
            raise PinExpired(round_id)  # rolled back, so the try is not spent
        if not crypto.same(derive(work.secrets, challenge.id), typed):
            raise _wrong(work, round_id, attempt)
        if not store.use_up(work.db, challenge.id, work.now):  # somebody else confirmed it meanwhile
            raise PinExpired(round_id)
    store.end_round(work.db, round_id, work.now)
    audit.record(work, Event.PIN_CONFIRMED, account=attempt.account_id)
    funnel.count_pin(work, "confirmed", challenge.number)
    return challenge


def delete_expired(work: UnitOfWork, limit: int) -> int:
    """Delete rounds of two days ago with their challenges."""
    return store.delete_old(work.db, work.now - _KEPT, limit)


def _wrong(work: UnitOfWork, round_id: str, attempt: store.Round) -> PinWrong | PinTriesUsedUp:
    tries_left = TRIES - attempt.wrong
    budgets.count_wrong_pin(work, attempt.account_id)
    audit.record(work, Event.PIN_WRONG, account=attempt.account_id, tries_left=tries_left)
    if tries_left:
        return PinWrong(tries_left)
    store.end_round(work.db, round_id, work.now)
    return PinTriesUsedUp(round_id)


def _begin_challenge(work: UnitOfWork, round_id: str, account: Account, number: PhoneNumber, not_before: datetime) -> None:
    challenge_id = ChallengeId(new_id())
    expires_at = work.now + timedelta(minutes=work.settings.pin_minutes)
    job_id = _enqueue(work, account, number, challenge_id, expires_at)
    store.add(work.db, Challenge(challenge_id, number, expires_at, not_before, job_id), round_id, account.id, work.now)


def _enqueue(work: UnitOfWork, account: Account, number: PhoneNumber, challenge_id: ChallengeId, expires_at: datetime) -> JobId:
    pin = {"pin": derive(work.secrets, challenge_id)}
    return messaging.send_sms(work, "sms/pin", number, account.locale, secret_values=pin, account_id=account.id, useless_after=expires_at)


def _check_wrong_pins(work: UnitOfWork, account: Account, held: Held) -> None:
    """Send no PIN to an unknown device after too many wrong ones; the owner hears of it once a day. Raises: PinWithheld."""
    if held.wrong_pins is None:
        return
    audit.refused(work, Event.PIN_WITHHELD, account=account.id, reason="wrong_pins")
    work.on_refusal(lambda after: _tell_owner(after, account))
    raise PinWithheld(retry_after=max(1, int(held.wrong_pins.total_seconds())))


def _tell_owner(work: UnitOfWork, account: Account) -> None:
    if counters.claim(work.db, _OWNER_IS_TOLD, account.id, until=work.now + timedelta(days=1), now=work.now):
        messaging.send_mail(
            work,
            "mail/somebody_knows_your_password",
            account.email,
            account.locale,
            messaging.person(account),
            account_id=account.id,
        )


def _spend_sms(work: UnitOfWork, account: Account, held: Held) -> None:
    try:
        budgets.spend_sms(work, held)
    except SmsUsedUp as error:
        audit.refused(work, Event.PIN_WITHHELD, account=account.id, reason=error.detail)
        raise


def _cool_down(work: UnitOfWork, sent: int) -> int:
    """Give the seconds to wait after a round's n-th SMS."""
    if work.settings.limits_factor > 1:
        return 0
    return _COOL_DOWNS[min(sent, len(_COOL_DOWNS)) - 1]


def _wait_seconds(work: UnitOfWork, challenge: Challenge | None, delivery: JobState | None) -> int:
    """Tell how long the next SMS has to wait; one that surely or perhaps did not arrive makes nobody wait."""
    if challenge is None or delivery in _LOST or challenge.resend_at <= work.now:
        return 0
    return max(1, -int(-(challenge.resend_at - work.now).total_seconds() // 1))
