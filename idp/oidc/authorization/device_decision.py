"""What the person of a waiting device does (RFC 8628 §3.3): type its code, sign in where needed, and decide.

The steps are those of any authorization request (`next_step`); only their end is a row instead of a redirect.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from idp import audit
from idp.audit import Event
from idp.authn import sessions, throttling
from idp.authn.sessions import Session
from idp.authn.throttling import Caller
from idp.directory import accounts
from idp.directory.accounts import Account
from idp.errors import IdpError
from idp.identifiers import AccountId, AuthorizationRequestId, BrowserHash, DeviceRequestId, SigninId
from idp.oidc.authorization import consent, device_store, devices
from idp.oidc.authorization.device_store import DeviceRow
from idp.oidc.authorization.next_step import Answer, ConsentNeeded, SignInNeeded, Step, next_step
from idp.oidc.authorization.request import AnsweredByRedirect, AuthorizationRequest, OpenRequest, Target
from idp.oidc.clients import clients
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import DEVICE_CODE
from idp.oidc.protocol import ErrorCode, Prompt, ResponseMode
from idp.texts import text
from idp.unit_of_work import UnitOfWork

_ID = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class Device:
    """A device in the browser in which its code was typed; `name` is what it calls itself.

    `network` is whence it asked, as its person is shown it; in logs it is named as all networks are there.
    """

    id: DeviceRequestId
    client: Client
    request: OpenRequest
    browser: BrowserHash
    name: str
    network: str
    network_in_logs: str | None
    asked_at: datetime
    decided: bool
    granted: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """Nothing is missing but the person's word: who decides, and what the app would get."""

    account: Account
    session: Session
    scopes: tuple[str, ...]


class UserCodeWrong(IdpError):
    """No device waits under the typed code; says the same for unknown, expired and decided ones, and counts."""

    code = "user_code_wrong"
    status = 422
    keeps_changes = True
    message = text("This code is not correct, or no longer valid. Please compare it with the one that your device shows now.")


class DeviceOver(IdpError):
    """The device's request is over, or was taken up in another browser."""

    code = "device_over"
    status = 410
    message = text("This connection can no longer be confirmed here. Please type the code that your device shows now.")


class DeviceNotAllowed(IdpError):
    """The person's account may not use what the device asks for."""

    code = "device_not_allowed"
    status = 403
    message = text("Your account may not use what this device asks for.")

    def __init__(self, device: Device, account: Account | None) -> None:
        super().__init__(device.id)
        self.device = device
        self.account = account


def take_up(work: UnitOfWork, typed: str, caller: Caller, account_id: AccountId | None) -> DeviceRequestId:
    """Give the device whose code was typed to this browser. Each wrong code counts for browser, network and account.

    Raises: UserCodeWrong, Throttled.
    """
    user_code = devices.read_user_code(typed)
    if user_code is None:
        raise UserCodeWrong("no code")
    keys = throttling.user_code_keys(work, caller, account_id)
    throttling.admit(work, keys)
    found = device_store.take(work.db, devices.hash_user_code(work, user_code), caller.browser, work.now)
    if found is None:
        audit.record(work, Event.USER_CODE_WRONG, account=account_id)
        raise UserCodeWrong("unknown")
    throttling.succeeded(work, keys)
    return found


def find(work: UnitOfWork, request_id: str, browser: BrowserHash | None) -> Device:
    """Give a device to the browser in which its code was typed last, also when it is decided. Raises: DeviceOver."""
    row = device_store.find(work.db, request_id, browser) if browser and _ID.fullmatch(request_id) else None
    client = clients.find(work, row.client_id) if row else None
    if row is None or browser is None or client is None or DEVICE_CODE not in client.grant_types:
        raise DeviceOver("unknown, or of another browser")
    if row.decided_at is None and row.expires_at <= work.now:
        raise DeviceOver("expired")
    return Device(
        id=row.id,
        client=client,
        request=_request(row, browser),
        browser=browser,
        name=row.asked["name"],
        network=row.asked["network"],
        network_in_logs=row.asked.get("network_in_logs"),  # none where a node of the version before let the device wait
        asked_at=row.created_at,
        decided=row.decided_at is not None,
        granted=row.granted is not None,
    )


def needs(work: UnitOfWork, device: Device, session: Session | None) -> SignInNeeded | Decision:
    """Tell what a device needs next. Raises: DeviceNotAllowed."""
    step = _step(work, device, device.request, session)
    match step:
        case ConsentNeeded(account, scopes) if session:
            return Decision(account, session, scopes)
        case Answer(grant, in_session):
            found = accounts.find(work, in_session.account_id)
            if found:
                return Decision(found, in_session, grant.scopes)
        case SignInNeeded():
            return step
    raise AssertionError(step)


def note_signin(work: UnitOfWork, device: Device, signin_id: SigninId) -> None:
    """Note the sign-in that was started for a device."""
    device_store.note_signin(work.db, device.id, signin_id, work.now)


def approve(work: UnitOfWork, device: Device, session: Session) -> bool:
    """Take the yes of the session's person: the device gets what was shown. False when something is missing (anew).

    Raises: DeviceOver, DeviceNotAllowed.
    """
    step = _step(work, device, replace(device.request, consented_by=session.account_id), session)
    if not isinstance(step, Answer):
        return False
    grant = step.grant
    if not device_store.approve(work.db, device.id, device.browser, grant.as_json(), work.now):
        raise DeviceOver("decided at the same moment")
    if not device.client.first_party:
        consent.remember(work, device.client, session.account_id, grant.scopes)
    sessions.touch(work, session)
    audit.record(
        work,
        Event.AUTHORIZATION_GRANTED,
        account=session.account_id,
        client=device.client.id,
        scopes=list(grant.scopes),
        authorization_details=list(grant.authorization_details),
        device=device.name,
        network=device.network_in_logs,
    )
    return True


def refuse(work: UnitOfWork, device: Device, account_id: AccountId | None) -> None:
    """Take the person's no. Raises: DeviceOver."""
    if not device_store.refuse(work.db, device.id, device.browser, work.now):
        raise DeviceOver("decided at the same moment")
    error = ErrorCode.ACCESS_DENIED.value
    audit.record(work, Event.AUTHORIZATION_REFUSED, account=account_id, client=device.client.id, error=error, device=device.name)


def _step(work: UnitOfWork, device: Device, request: OpenRequest, session: Session | None) -> Step:
    try:
        return next_step(work, request, device.client, session)
    except AnsweredByRedirect as error:
        raise DeviceNotAllowed(device, accounts.find(work, session.account_id) if session else None) from error


def _request(row: DeviceRow, browser: BrowserHash) -> OpenRequest:
    """Give a device's wish as an authorization request that is answered nowhere; its person is asked each time."""
    asked = AuthorizationRequest(
        target=Target(row.client_id, "", ResponseMode.QUERY, None),
        scopes=tuple(row.asked["scopes"]),
        authorization_details=tuple(row.asked["authorization_details"]),
        resources=tuple(row.asked["resources"]),
        prompts=frozenset({Prompt.CONSENT}),
    )
    return OpenRequest(AuthorizationRequestId(row.id), asked, browser, row.expires_at, row.signin_id, stored=True)
