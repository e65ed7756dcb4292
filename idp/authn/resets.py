"""»Passwort vergessen«: a link by mail for whoever has an account, the same answer for everybody.

The request only writes a job, for known and unknown names alike; whether a mail leaves is decided by the worker, out of sight.
"""

from datetime import timedelta

from idp import addresses, audit, crypto, messaging, outbox
from idp.audit import Event
from idp.authn import throttling
from idp.authn.store import activations as store
from idp.authn.store import counters
from idp.authn.store.activations import Reset
from idp.authn.throttling import Caller
from idp.clock import CLOCKS_DIFFER
from idp.directory import accounts
from idp.directory.accounts import Account
from idp.identifiers import AccountId, PasswordResetId, new_id, new_token
from idp.outbox.senders import ClaimedJob, Outcome, Sent
from idp.unit_of_work import SYSTEM, UnitOfWork, Units

__all__ = ["KIND", "ResetSender", "request", "send_link"]

KIND = "password_reset"
_MAILS = ((timedelta(hours=1), 3), (timedelta(days=1), 10))
_MAIL = "reset_mail"


class ResetSender:
    """Decides in the worker whether a requested link is sent; trying again is harmless, the newest link counts."""

    at_most_once = False

    def __init__(self, units: Units) -> None:
        self._units = units

    def send(self, job: ClaimedJob) -> Outcome:
        """Write link and mail in a transaction of its own."""
        if job.payload["account_id"]:
            with self._units.write(SYSTEM) as work:
                send_link(work, AccountId(job.payload["account_id"]))
        return Sent()


def request(work: UnitOfWork, typed: str, caller: Caller) -> None:
    """Ask for a link for a user ID as somebody typed it. Raises: Throttled (by network)."""
    throttling.admit(work, throttling.reset_keys(work, caller))
    account = accounts.find_by_username(work, typed)
    account_id = account.id if account else None
    outbox.enqueue(work, KIND, {"account_id": account_id}, useless_after=work.now + timedelta(hours=1))
    name = work.secrets.keyed_hash("typed-name", typed.strip().lower()[:200])
    audit.record(work, Event.PASSWORD_RESET_REQUESTED, account=account_id, name=name)


def send_link(work: UnitOfWork, account_id: AccountId) -> None:
    """Send an active account a new link, which ends the one before; nothing for others, or when that was done often enough."""
    account = accounts.find(work, account_id)
    if account is None or not account.is_active or not _counted(work, account):
        return
    token = new_token()
    reset = Reset(
        id=PasswordResetId(new_id()),
        account_id=account.id,
        expires_at=work.now + timedelta(minutes=work.settings.password_reset_minutes),
        used_at=None,
        ended_at=None,
    )
    store.end_resets(work.db, account.id, work.now)
    store.add_reset(work.db, reset, crypto.hash_token(token), work.now)
    messaging.send_mail(
        work,
        "mail/password_reset",
        account.email,
        account.locale,
        messaging.person(account),
        secret_values={"link": addresses.password_reset(work.settings, token)},
        account_id=account.id,
        useless_after=reset.expires_at,
    )


def _counted(work: UnitOfWork, account: Account) -> bool:
    """Count a mail, unless too many were sent within an hour or a day."""
    counters.lock_budget(work.db, _MAIL, account.id, work.now)
    looked = [counters.Looked(_MAIL, account.id, most * work.settings.limits_factor, work.now - window) for window, most in _MAILS]
    if any(counters.filled_at(work.db, looked, not_after=work.now + CLOCKS_DIFFER)):
        return False
    counters.add_entries(work.db, [(_MAIL, account.id)], work.now)
    return True
