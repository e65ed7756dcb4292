"""Rolling budgets of wrong PINs and of SMS, per account and per number over everything; self-lifting.

Counting locks the budgets' rows first, so that parallel requests cannot both take the last one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Budget:
    """What counts together; of its limits one part in `share` may be used."""

    kind: str
    key: str
    limits: Limits
    share: int = 1


@dataclass(frozen=True, slots=True)
class Held:
    """The budgets of an SMS, locked until the transaction ends, and how long each is used up; likewise the one of wrong PINs."""

    sms: tuple[Budget, ...]
    waits: tuple[timedelta | None, ...]
    wrong_pins: timedelta | None


def count_wrong_pin(work: UnitOfWork, account_id: AccountId) -> None:
    """Count a wrong PIN of an account, wherever it was typed."""
    store.add_entries(work.db, [(_WRONG_PIN, account_id)], work.now)


def waiting_for_wrong_pins(work: UnitOfWork, account_id: AccountId) -> timedelta | None:
    """Tell for how long no PIN goes to unknown devices of an account; none if it does."""
    return _waits(work, [_wrong_pins(account_id)])[0]


def hold_sms(work: UnitOfWork, account_id: AccountId, number: PhoneNumber, *, verified: bool) -> Held:
    """Let others who send to the account or the number wait, and look at what is left.

    Half of the number's budget is kept for accounts in which it is verified.
    """
    sms = (Budget(_SMS_OF_ACCOUNT, account_id, SMS), Budget(_SMS_TO_NUMBER, _hidden(work, number), SMS, share=1 if verified else 2))
    store.lock_budgets(work.db, [(budget.kind, budget.key) for budget in sms], work.now)
    wrong_pins, *waits = _waits(work, [_wrong_pins(account_id), *sms])
    return Held(sms, tuple(waits), wrong_pins)


def spend_sms(work: UnitOfWork, held: Held) -> None:
    """Count an SMS of an account to a number. Raises: SmsUsedUp."""
    for budget, waiting in zip(held.sms, held.waits, strict=True):
        if waiting is not None:
            raise SmsUsedUp(budget.kind, retry_after=max(1, int(waiting.total_seconds())))
    store.add_entries(work.db, [(budget.kind, budget.key) for budget in held.sms], work.now)


def keys_of(work: UnitOfWork, numbers: Iterable[PhoneNumber]) -> list[str]:
    """Give the keys under which things count for somebody with these numbers."""
    return [_hidden(work, number) for number in numbers]


def _wrong_pins(account_id: AccountId) -> Budget:
    return Budget(_WRONG_PIN, account_id, WRONG_PINS)


def _hidden(work: UnitOfWork, number: PhoneNumber) -> str:
    return work.secrets.keyed_hash("sms-budget", number)


def _waits(work: UnitOfWork, budgets: Sequence[Budget]) -> list[timedelta | None]:
    """Tell of each budget how long until less than its limit (or its share) lies within each window."""
    windows = [(budget, window, most * work.settings.limits_factor // budget.share) for budget in budgets for window, most in budget.limits]
    looked = [store.Looked(budget.kind, budget.key, most, work.now - window) for budget, window, most in windows]
    found = store.filled_at(work.db, looked, not_after=work.now + CLOCKS_DIFFER)
    waits: dict[str, timedelta] = {}
    for (budget, window, _), filled_at in zip(windows, found, strict=True):
        if filled_at:
            waits[budget.kind] = max(waits.get(budget.kind, timedelta()), filled_at + window - work.now)
    return [waits.get(budget.kind) for budget in budgets]
