"""Rolling budgets of wrong PINs and of SMS, per account and per number over everything; self-lifting.

Counting locks the budget's row first, so that parallel requests cannot both take the last one.
"""

from collections.abc import Iterable
from datetime import timedelta

from idp.authn.errors import SmsUsedUp
from idp.authn.store import counters as store
from idp.clock import CLOCKS_DIFFER
from idp.identifiers import AccountId, PhoneNumber
from idp.unit_of_work import UnitOfWork

Limits = tuple[tuple[timedelta, int], ...]
"""At most so many within a window."""

WRONG_PINS: Limits = ((timedelta(hours=1), 10), (timedelta(days=1), 20))
SMS: Limits = ((timedelta(hours=1), 6), (timedelta(days=1), 20))

_WRONG_PIN = "wrong_pin"
_SMS_OF_ACCOUNT = "sms_account"
_SMS_TO_NUMBER = "sms_number"


def count_wrong_pin(work: UnitOfWork, account_id: AccountId) -> None:
    """Count a wrong PIN of an account, wherever it was typed."""
    store.add_entry(work.db, _WRONG_PIN, account_id, work.now)


def waiting_for_wrong_pins(work: UnitOfWork, account_id: AccountId) -> timedelta | None:
    """Tell for how long no PIN goes to unknown devices of an account; none if it does."""
    return _waiting(work, _WRONG_PIN, account_id, WRONG_PINS, share=1)


def spend_sms(work: UnitOfWork, account_id: AccountId, number: PhoneNumber, *, verified: bool) -> None:
    """Count an SMS of an account to a number; half of the number's budget is kept for accounts in which it is verified.

    Raises: SmsUsedUp.
    """
    hidden = _hidden(work, number)
    for kind, key, share in ((_SMS_OF_ACCOUNT, str(account_id), 1), (_SMS_TO_NUMBER, hidden, 1 if verified else 2)):
        store.lock_budget(work.db, kind, key, work.now)
        waiting = _waiting(work, kind, key, SMS, share)
        if waiting is not None:
            raise SmsUsedUp(kind, retry_after=max(1, int(waiting.total_seconds())))
        store.add_entry(work.db, kind, key, work.now)


def keys_of(work: UnitOfWork, numbers: Iterable[PhoneNumber]) -> list[str]:
    """Give the keys under which things count for somebody with these numbers."""
    return [_hidden(work, number) for number in numbers]


def _hidden(work: UnitOfWork, number: PhoneNumber) -> str:
    return work.secrets.keyed_hash("sms-budget", number)


def _waiting(work: UnitOfWork, kind: str, key: str, limits: Limits, share: int) -> timedelta | None:
    """Tell how long until less than the limit (or its share) lies within each window."""
    longest = None
    for window, most in limits:
        filled_at = store.nth_newest(work.db, kind, key, most * work.settings.limits_factor // share, not_after=work.now + CLOCKS_DIFFER)
        if filled_at and filled_at + window > work.now:
            longest = max(longest or timedelta(), filled_at + window - work.now)
    return longest
