"""The sign-in: a state machine kept on the server, bound to the browser that started it.

Each step is one function below; none calls another. Where a sign-in stands is told by `next_step` alone, so that sending a finished
step again leads on instead of to an error. Tabs are independent: everything hangs on the sign-in's id.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import NewType

from idp import audit
from idp.audit import Event
from idp.authn import devices, funnel, levels, passwords, pins, sessions, throttling
from idp.authn.areas import Area
from idp.authn.errors import OtherBrowser, SigninOver, WrongCredentials
from idp.authn.funnel import Stage
from idp.authn.hashing import Checked
from idp.authn.passwords import Candidate
from idp.authn.pins import Sight
from idp.authn.refusals import check_may_sign_in
from idp.authn.requirements import Requirement, ShownFor
from idp.authn.store import signins as store
from idp.authn.store.sessions import Session
from idp.authn.store.signins import Signin
from idp.authn.throttling import Caller, Key
from idp.directory import accounts, usernames
from idp.directory.accounts import Account
from idp.errors import InvalidField, TryAgain
from idp.identifiers import AccountId, BrowserHash, SessionId, SigninId, new_id
from idp.unit_of_work import Actor, ActorKind, UnitOfWork

__all__ = [
    "AskPassword",
    "AskPin",
    "Done",
    "OfferPin",
    "Over",
    "PasswordAttempt",
    "Progress",
    "Requirement",
    "ShownFor",
    "Signin",
    "Step",
    "address",
    "completed_session_id",
    "confirm_pin",
    "delete_expired",
    "enter_password",
    "find",
    "lock",
    "next_step",
    "read_password_attempt",
    "send_pin",
    "start",
]

LockedSignin = NewType("LockedSignin", Signin)
"""A sign-in of the asking browser, of which nobody else takes a step until the transaction ends."""

_NOBODY = AccountId("")
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AskPassword:
    """User ID and password are asked for; `username` stands in the field already."""

    username: str


@dataclass(frozen=True, slots=True)
class OfferPin:
    """A PIN is needed and none is valid: a button sends one to `number`."""

    number: str
    had_one: bool


@dataclass(frozen=True, slots=True)
class AskPin:
    """A PIN is valid and asked for."""

    sight: Sight


@dataclass(frozen=True, slots=True)
class Done:
    """The sign-in is complete and leads on."""


@dataclass(frozen=True, slots=True)
class Over:
    """The sign-in has failed or expired; the person starts again."""

    wrong_pins: bool


Step = AskPassword | OfferPin | AskPin | Done | Over


@dataclass(frozen=True, slots=True)
class Progress:
    """What came of a step: done or not, and the new token of the session's cookie where one was started."""

    done: bool
    session_token: str | None = None


@dataclass(frozen=True, slots=True)
class PasswordAttempt:
    """What is known before the slow comparing; nobody's account has an empty id and no hash, and is asked for all the same."""

    signin_id: SigninId
    account_id: AccountId
    hash: str | None
    name_hash: str
    keys: list[Key]
    refused: bool
    """Whether attempts are refused now, so that nothing needs to be compared."""


def start(
    work: UnitOfWork,
    browser: BrowserHash,
    requirement: Requirement,
    continue_at: str,
    shown_for: ShownFor,
    area: Area = Area.PUBLIC,
) -> SigninId:
    """Begin a sign-in for a browser; at its end it leads to `continue_at`, an address that the caller built itself."""
    signin_id = SigninId(new_id())
    life = timedelta(minutes=work.settings.authorization_request_minutes)
    store.add(
        work.db,
        Signin(
            id=signin_id,
            browser_hash=browser,
            requirement=requirement,
            continue_at=continue_at,
            shown_for=shown_for,
            created_at=work.now,
            expires_at=work.now + life,
            area=area,
        ),
    )
    funnel.reached(work, Stage.STARTED, "started", shown_for)
    return signin_id


def address(signin_id: SigninId) -> str:
    """Give the path of a sign-in's page."""
    return f"/signin/{signin_id}"


def completed_session_id(work: UnitOfWork, signin_id: SigninId) -> SessionId | None:
    """Name the session that a completed sign-in made; it may have ended. None while the sign-in runs or after it failed."""
    return store.session_of(work.db, signin_id)


def find(work: UnitOfWork, signin_id: str, browser: BrowserHash | None) -> Signin:
    """Give a sign-in to the browser that started it. Raises: SigninOver, OtherBrowser."""
    return _bound(store.find(work.db, signin_id) if signin_id.isprintable() else None, browser)


def lock(work: UnitOfWork, signin_id: str, browser: BrowserHash | None) -> LockedSignin:
    """Give a sign-in to the browser that started it, for a step: who would take another waits. Raises: SigninOver, OtherBrowser."""
    return LockedSignin(_bound(store.lock(work.db, signin_id) if signin_id.isprintable() else None, browser))


def next_step(work: UnitOfWork, signin: Signin, session: Session | None) -> Step:
    """Tell where a sign-in stands; `session` is the one that the browser has now."""
    if signin.completed_at:
        return Done()
    if signin.expires_at <= work.now:
        return Over(wrong_pins=False)
    if session and session.auth_time >= signin.created_at and _satisfies(work, signin, session):
        return Done()  # the person has signed in in another tab meanwhile
    if not signin.password_at:
        base = _session_to_add_to(work, signin, session)
        return OfferPin(base.mobile or "", had_one=False) if base else AskPassword(_username_hint(work, signin))
    sight = pins.look(work, signin.id)
    if sight.over:
        return Over(wrong_pins=True)
    if sight.challenge:
        return AskPin(sight)
    account = accounts.find(work, signin.account_id or _NOBODY)
    return OfferPin((account and account.mobile) or "", had_one=True)


def read_password_attempt(work: UnitOfWork, signin: Signin, caller: Caller, typed: str) -> PasswordAttempt | None:
    """Read what a password is compared with; none when this sign-in does not ask for one now."""
    if signin.completed_at or signin.password_at or signin.expires_at <= work.now:
        return None
    found = passwords.candidate_named(work, typed, caller.browser)
    account_id, present = (found.account.id, found.hash) if found else (_NOBODY, None)
    name = _canonical(typed)
    keys = throttling.password_keys(work, caller, name, device_is_known=found is not None and found.device_is_known)
    name_hash = work.secrets.keyed_hash("typed-name", name)
    return PasswordAttempt(signin.id, account_id, present, name_hash, keys, refused=throttling.refuses(work, keys))


def enter_password(work: UnitOfWork, attempt: PasswordAttempt, checked: Checked, caller: Caller, session: Session | None) -> Progress:
    """Judge a compared password: complete the sign-in, or send the PIN that it needs too.

    Raises: WrongCredentials, Throttled, what `check_may_sign_in` and `pins.send` raise, OtherBrowser, SigninOver.
    """
    signin = lock(work, attempt.signin_id, caller.browser)
    if signin.completed_at or signin.password_at:
        return Progress(done=signin.completed_at is not None)
    with funnel.refusals(work, Stage.PASSWORD, signin.shown_for):
        found = _judged(work, attempt, checked, caller.browser)
        account = found.account
        level = check_may_sign_in(work, signin.requirement, account)
    if not store.prove_password(work.db, signin.id, account.id, proven_at=work.now, from_session=None, now=work.now):
        raise SigninOver(signin.id)
    funnel.reached(work, Stage.PASSWORD, "right", signin.shown_for)
    if level == levels.ACR_PASSWORD:
        return _complete(work, signin, account, level, caller, session)
    _send_pin(work, signin, account, device_is_known=found.device_is_known)
    return Progress(done=False)


def send_pin(work: UnitOfWork, signin: LockedSignin, caller: Caller, session: Session | None) -> None:
    """Send the PIN of a sign-in, or send it again; where a session's password is only added to, this takes it over.

    Raises: what `check_may_sign_in` and `pins.send` raise, SigninOver.
    """
    if signin.completed_at:
        return
    account_id = signin.account_id
    if not signin.password_at:
        base = _session_to_add_to(work, signin, session)
        if base is None or session is None:
            return
        account_id = base.id
        store.prove_password(work.db, signin.id, base.id, proven_at=session.auth_time, from_session=session.id, now=work.now)
    found = passwords.candidate(work, account_id, caller.browser)
    if found is None or signin.expires_at <= work.now:
        raise SigninOver(signin.id)
    with funnel.refusals(work, Stage.PIN, signin.shown_for):
        check_may_sign_in(work, signin.requirement, found.account)
    _send_pin(work, signin, found.account, device_is_known=bool(signin.from_session_id) or found.device_is_known)


def confirm_pin(work: UnitOfWork, signin: LockedSignin, typed: str, caller: Caller, session: Session | None) -> Progress:
    """Complete a sign-in by its PIN, if it asks for one.

    Raises: PinWrong, PinTriesUsedUp, PinExpired, Throttled, what `check_may_sign_in` raises, SigninOver.
    """
    if signin.completed_at or not signin.password_at or signin.expires_at <= work.now:
        return Progress(done=signin.completed_at is not None)
    found = passwords.candidate(work, signin.account_id, caller.browser)
    if found is None or not _password_still_stands(work, signin, found):
        raise SigninOver(signin.id)
    account = found.account
    keys = throttling.pin_keys(work, caller, account.id)
    with funnel.refusals(work, Stage.PIN, signin.shown_for):
        level = check_may_sign_in(work, signin.requirement, account)
        throttling.admit(work, keys)
        challenge = pins.confirm(work, signin.id, typed)
    throttling.succeeded(work, keys)
    funnel.reached(work, Stage.PIN, "confirmed", signin.shown_for)
    if not account.mobile_verified:
        accounts.note_mobile_verified(work, account.id, challenge.number)
    return _complete(work, signin, account, level, caller, session)


def delete_expired(work: UnitOfWork, limit: int) -> int:
    """Delete sign-ins that expired a day ago."""
    return store.delete_over(work.db, work.now - _KEPT, limit)


def _judged(work: UnitOfWork, attempt: PasswordAttempt, checked: Checked, browser: BrowserHash) -> Candidate:
    """Give the account whose password fits."""
    throttling.admit(work, attempt.keys)
    if attempt.refused:
        raise TryAgain("the delay ended while the password was not compared")
    found = passwords.candidate(work, attempt.account_id, browser)
    if found is None or not found.account.activated_at or not checked.fits:
        audit.record(work, Event.SIGNIN_REFUSED, account=attempt.account_id or None, reason="wrong_credentials", name=attempt.name_hash)
        raise WrongCredentials(attempt.signin_id)
    if found.hash != checked.against:
        raise TryAgain("the password was changed while it was compared")
    throttling.succeeded(work, attempt.keys)
    passwords.upgrade(work, found.account.id, checked)
    return found


def _send_pin(work: UnitOfWork, signin: Signin, account: Account, *, device_is_known: bool) -> None:
    with funnel.refusals(work, Stage.PIN, signin.shown_for):
        pins.send(work, signin.id, account, device_is_known=device_is_known)
    funnel.reached(work, Stage.PIN, "sent", signin.shown_for)


def _complete(work: UnitOfWork, signin: Signin, account: Account, level: str, caller: Caller, session: Session | None) -> Progress:
    added_to = signin.password_at if signin.from_session_id else None
    work.acts_as(Actor(ActorKind.STAFF if account.is_staff else ActorKind.PERSON, account.id))
    started, token = sessions.start(
        work,
        account,
        acr=level,
        amr=levels.AMR_OF[level],
        browser=caller.browser,
        signin_id=signin.id,
        device_label=caller.device_label,
        replaces=session,
        auth_time=added_to,
        area=signin.area,
    )
    confirmed_at = work.now if level != levels.ACR_PASSWORD else None
    if not store.complete(work.db, signin.id, SessionId(started.id), confirmed_at=confirmed_at, now=work.now):
        raise SigninOver(signin.id)
    devices.remember(work, account.id, caller.browser)
    audit.record(work, Event.SIGNIN_COMPLETED, account=account.id, customer=account.customer_id, acr=level, app=signin.shown_for.app_name)
    funnel.reached(work, Stage.COMPLETED, level.rpartition(":")[2], signin.shown_for)
    return Progress(done=True, session_token=token)


def _bound(signin: Signin | None, browser: BrowserHash | None) -> Signin:
    if signin is None:
        raise SigninOver("unknown")
    if signin.browser_hash != browser:
        raise OtherBrowser(signin.id)
    return signin


def _satisfies(work: UnitOfWork, signin: Signin, session: Session) -> bool:
    account = accounts.find(work, session.account_id)
    if account is None or (signin.requirement.staff_only and not account.is_staff):
        return False
    return signin.requirement.satisfied_by(session, work.now, levels.required_acr(account))


def _session_to_add_to(work: UnitOfWork, signin: Signin, session: Session | None) -> Account | None:
    """Give the account of a session whose password will do, so that only the PIN is missing."""
    if session is None or not signin.requirement.young_enough(session, work.now):
        return None
    account = accounts.find(work, session.account_id)
    if account is None or not account.is_active or (signin.requirement.username_hint and not _hinted(signin, account)):
        return None
    required = levels.required_acr(account)
    level = signin.requirement.level_for(required, levels.reachable(account, required))
    return account if level == levels.ACR_MFA and levels.rank(session.acr) < levels.rank(level) else None


def _hinted(signin: Signin, account: Account) -> bool:
    hint = signin.requirement.username_hint or ""
    return _canonical(hint) == _canonical(account.username) or hint.lower() == account.email.lower()


def _username_hint(work: UnitOfWork, signin: Signin) -> str:
    if signin.requirement.username_hint:
        return signin.requirement.username_hint
    hinted = accounts.find(work, signin.requirement.account_hint) if signin.requirement.account_hint else None
    return hinted.username if hinted else ""


def _password_still_stands(work: UnitOfWork, signin: Signin, found: Candidate) -> bool:
    """Tell whether what the sign-in rests on was not changed since: the password, or the session that it adds to."""
    if signin.from_session_id:
        return sessions.find_by_id(work, signin.from_session_id, signin.area) is not None
    return found.changed_at is not None and signin.password_at is not None and found.changed_at <= signin.password_at


def _canonical(typed: str) -> str:
    """Give the name as counters know it, for impossible names too."""
    try:
        return usernames.canonical(typed)
    except InvalidField:
        return typed.strip().lower()[:200]
