"""Signed-in browsers: start, find, keep alive, end.

The cookie's token is stored hashed and renewed at each proof, so that a token known before it is worth nothing after it. A session
ends by idleness, at its absolute end, or by `end` with a reason, which tells the layers above.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from idp import audit, crypto, metrics
from idp.audit import Event
from idp.authn.areas import Area
from idp.authn.events import EndReason, PasswordReset, SessionsEnded
from idp.authn.store import sessions as store
from idp.authn.store.sessions import Session
from idp.directory.accounts import Account
from idp.directory.events import AccountsDeactivated, AccountsLocked
from idp.identifiers import AccountId, BrowserHash, SessionId, SigninId, new_id, new_token
from idp.unit_of_work import UnitOfWork

__all__ = [
    "Session",
    "delete_expired",
    "end",
    "end_all_of",
    "end_of_person",
    "find",
    "find_by_id",
    "find_to_end",
    "find_with_account",
    "hold",
    "idle_end",
    "idle_since",
    "live_of",
    "needs_touch",
    "on_accounts_deactivated",
    "on_accounts_locked",
    "on_password_reset",
    "owners",
    "start",
    "touch",
    "touch_id",
    "with_account",
]

_ONE_WRITE_EACH = timedelta(minutes=1)
_KEPT_AFTER_END = timedelta(days=7)


def find(work: UnitOfWork, token: str, area: Area = Area.PUBLIC) -> Session | None:
    """Give the live session of an area that a cookie's token proves, unless its account may not be used any more.

    Locking and deactivating end sessions; one whose account's row alone was changed counts as signed out all the same.
    """
    return store.find_live(work.db, crypto.hash_token(token), area=area, now=work.now, idle_since=idle_since(work))


def find_to_end(work: UnitOfWork, token: str) -> Session | None:
    """Give the live session that a cookie's token proves, whatever became of its account: apps are to be told of its end."""
    return store.find_live(work.db, crypto.hash_token(token), area=Area.PUBLIC, now=work.now, idle_since=idle_since(work), whosever=True)


def find_by_id(work: UnitOfWork, session_id: SessionId, area: Area = Area.PUBLIC) -> Session | None:
    """Give a session of an area if it is live."""
    return store.find_live_by_id(work.db, session_id, area=area, now=work.now, idle_since=idle_since(work))


def hold(work: UnitOfWork, session_id: SessionId) -> Session | None:
    """Give a session if it is live; whoever wants to end it waits for this transaction and sees what it wrote."""
    return store.hold_live(work.db, session_id, area=Area.PUBLIC, now=work.now, idle_since=idle_since(work))


def find_with_account(work: UnitOfWork, token: str) -> tuple[Session, Account] | None:
    """Give the live session that a cookie's token proves, with its account."""
    return store.find_with_account(work.db, crypto.hash_token(token), area=Area.PUBLIC, now=work.now, idle_since=idle_since(work))


def with_account(work: UnitOfWork, session_id: SessionId, *, held: bool = False) -> tuple[Session, Account] | None:
    """Give a session with its account if it is live; `held`: whoever wants to end it waits, and sees what this transaction wrote."""
    return store.with_account(work.db, session_id, held=held, area=Area.PUBLIC, now=work.now, idle_since=idle_since(work))


def live_of(work: UnitOfWork, account_id: AccountId, area: Area = Area.PUBLIC) -> list[Session]:
    """List an account's live sessions in an area, the latest used first."""
    return store.live_of_account(work.db, account_id, area=area, now=work.now, idle_since=idle_since(work))


def owners(work: UnitOfWork, session_ids: Sequence[SessionId]) -> dict[SessionId, AccountId]:
    """Tell whose sessions these are, ended ones too."""
    return store.owners(work.db, session_ids)


def start(
    work: UnitOfWork,
    account: Account,
    *,
    acr: str,
    amr: tuple[str, ...],
    browser: BrowserHash,
    signin_id: SigninId | None,
    device_label: str,
    replaces: Session | None,
    auth_time: datetime | None = None,
    area: Area = Area.PUBLIC,
) -> tuple[Session, str]:
    """Sign a browser in; give the session and the new token for its cookie.

    The same account's session in this browser goes on under a new token; another account's ends as replaced. `auth_time` is given
    when an earlier password is only added to: the session's absolute end stays counted from there.
    """
    proven_at = auth_time or work.now
    token = new_token()
    fresh = Session(
        id=SessionId(new_id()),
        account_id=account.id,
        browser_hash=browser,
        acr=acr,
        amr=amr,
        auth_time=proven_at,
        signin_id=signin_id,
        device_label=device_label[:100],
        created_at=work.now,
        active_at=work.now,
        expires_at=proven_at + timedelta(hours=work.settings.session_absolute_hours),
        area=area,
    )
    goes_on = None
    assert replaces is None or replaces.area == area
    if replaces and replaces.account_id == account.id:
        goes_on = store.renew(work.db, replace(fresh, id=replaces.id, created_at=replaces.created_at), crypto.hash_token(token))
    elif replaces:
        end(work, [replaces.id], EndReason.REPLACED)
    if not goes_on:
        store.add(work.db, fresh, crypto.hash_token(token))
    session = goes_on or fresh
    audit.record(
        work, Event.SESSION_STARTED, account=account.id, acr=acr, area=area.value, device=device_label, renewed=goes_on is not None
    )
    work.after_commit(metrics.SESSIONS_STARTED.labels(level=acr.rpartition(":")[2], area=area.value).inc)
    return session, token


def idle_end(work: UnitOfWork, session: Session) -> datetime:
    """Tell when a session ends unless it is used before."""
    return session.active_at + timedelta(minutes=work.settings.session_idle_minutes)


def idle_since(work: UnitOfWork) -> datetime:
    """Tell since when a session must have been used to be live."""
    return work.now - timedelta(minutes=work.settings.session_idle_minutes)


def needs_touch(work: UnitOfWork, session: Session) -> bool:
    """Tell whether the last note of a session's use is old enough for another."""
    return session.active_at < work.now - _ONE_WRITE_EACH


def touch(work: UnitOfWork, session: Session) -> None:
    """Note that a session is in use; writes at most once a minute."""
    if needs_touch(work, session):
        touch_id(work, session.id)


def touch_id(work: UnitOfWork, session_id: SessionId) -> None:
    """Note that a session is in use (by its apps' tokens); writes at most once a minute."""
    store.touch(work.db, session_id, now=work.now, before=work.now - _ONE_WRITE_EACH)


def end(work: UnitOfWork, session_ids: Sequence[SessionId], reason: EndReason) -> None:
    """End sessions; those that have ended already are left alone and told to nobody again."""
    if session_ids:
        _tell(work, store.end(work.db, session_ids, reason, work.now), reason)


def end_all_of(work: UnitOfWork, account_ids: Sequence[AccountId], reason: EndReason) -> None:
    """End all sessions of accounts."""
    if account_ids:
        _tell(work, store.end_of_accounts(work.db, account_ids, reason, work.now), reason)


def end_of_person(
    work: UnitOfWork, account_id: AccountId, reason: EndReason, *, only: SessionId | None = None, but: SessionId | None = None
) -> int:
    """End a person's live sessions at somebody's wish, one or all but the asking one; give how many. Another person's are left alone."""
    chosen = [session.id for session in live_of(work, account_id) if session.id != but and only in (None, session.id)]
    ended = store.end(work.db, chosen, reason, work.now) if chosen else ()
    _tell(work, ended, reason, account_id)
    return len(ended)


def on_accounts_deactivated(work: UnitOfWork, event: AccountsDeactivated) -> None:
    """End the sessions of accounts that may not sign in any longer."""
    end_all_of(work, event.account_ids, EndReason.DEACTIVATED)


def on_accounts_locked(work: UnitOfWork, event: AccountsLocked) -> None:
    """End the sessions of locked accounts."""
    end_all_of(work, event.account_ids, EndReason.LOCKED)


def on_password_reset(work: UnitOfWork, event: PasswordReset) -> None:
    """End the sessions that an older password started."""
    end_all_of(work, [event.account_id], EndReason.PASSWORD_RESET)


def delete_expired(work: UnitOfWork, limit: int) -> int:
    """Delete sessions that were over a week ago."""
    return store.delete_over(work.db, work.now - _KEPT_AFTER_END, limit)


def _tell(work: UnitOfWork, ended: tuple[SessionId, ...], reason: EndReason, account_id: AccountId | None = None) -> None:
    if ended:
        audit.record(work, Event.SESSION_ENDED, account=account_id, reason=reason.value, sessions=list(ended))
        work.emit(SessionsEnded(ended, reason))
        work.after_commit(lambda: metrics.SESSIONS_ENDED.labels(reason=reason.value).inc(len(ended)))
