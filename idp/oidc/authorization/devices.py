"""Devices without a browser (RFC 8628): a device begins, shows a short code, and asks again and again until its person has decided.

What the person does stands in `device_decision.py`.
"""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from idp import crypto
from idp.directory import limits
from idp.directory.limits import Limit
from idp.errors import TryAgain
from idp.identifiers import new_id, new_token
from idp.oidc.authorization import checks, device_store
from idp.oidc.authorization.checks import Asked
from idp.oidc.authorization.device_store import DeviceRow
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import DEVICE_CODE
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens.grants import Grant
from idp.unit_of_work import UnitOfWork

LIFE = timedelta(minutes=10)
POLL_SECONDS = 5
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Letters that make no words and look like no other (RFC 8628 §6.1)."""
CODE_LENGTH = 8
BEGUN_BY_NETWORK = Limit("device_network", 500, timedelta(minutes=10))
"""Of public clients' devices, for whose requests nobody vouches; an office may set all its phones up on one morning."""
_LONGEST_POLL_SECONDS = 60
_ON_THE_WAY = timedelta(seconds=1)
_LONGEST_NAME = 60
_CODE = re.compile(rf"[{LETTERS}]{{{CODE_LENGTH}}}")
_CHECKS = (checks.nothing_comes_twice, checks.scope, checks.resources, checks.details)


@dataclass(frozen=True, slots=True)
class Begun:
    """What a device gets: the code that it asks with, and the one that it shows; times in seconds."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int


class Waiting(OAuthError):
    """The person has not decided yet (RFC 8628 §3.5); that the device asked is noted all the same."""

    keeps_changes = True


def begin(work: UnitOfWork, asked: Asked, device_name: str, network: str, network_in_logs: str) -> Begun:
    """Let a client's device wait for its person, who is shown the network; the audit log names it as the log lines do.

    Raises: OAuthError (RFC 8628 §3.2), TooMany, TryAgain when two codes are the same by chance.
    """
    client = asked.client
    if DEVICE_CODE not in client.grant_types:
        raise OAuthError(ErrorCode.UNAUTHORIZED_CLIENT, "the client is not registered for the device grant")
    established: dict[str, Any] = {}
    for check in _CHECKS:
        established |= check(asked)
    if client.is_public:
        limits.check(work, BEGUN_BY_NETWORK, network)
        limits.count(work, BEGUN_BY_NETWORK, network)
    device_code = new_token()
    user_code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
    row = {
        "id": new_id(),
        "device_code_hash": crypto.hash_token(device_code),
        "user_code_hash": hash_user_code(work, user_code),
        "client_id": client.id,
        "asked": established | {"name": _clean(device_name), "network": network, "network_in_logs": network_in_logs},
        "created_at": work.now,
        "expires_at": work.now + LIFE,
        "poll_seconds": POLL_SECONDS,
    }
    if not device_store.add(work.db, row):
        raise TryAgain("the user code is taken")
    return Begun(device_code, shown(user_code), int(LIFE.total_seconds()), POLL_SECONDS)


def read_user_code(typed: str) -> str | None:
    """Read a user code as people type it (spaces, dashes and case do not matter); none for what can be no code."""
    letters = "".join(c for c in unicodedata.normalize("NFKC", typed[:100]).upper() if c.isalnum())
    return letters if _CODE.fullmatch(letters) else None


def shown(user_code: str) -> str:
    """Write a user code for people."""
    return f"{user_code[: CODE_LENGTH // 2]}-{user_code[CODE_LENGTH // 2 :]}"


def hash_user_code(work: UnitOfWork, user_code: str) -> str:
    """Hash a user code for storage; it is short, so only under a key of this installation."""
    return work.secrets.keyed_hash("device-user-code", user_code)


def redeem(work: UnitOfWork, client: Client, device_code: str) -> Grant:
    """Use an approved device code up; of parallel tries one succeeds.

    Raises: Waiting `authorization_pending`, `slow_down`; OAuthError `access_denied`, `expired_token`, `invalid_grant` (RFC 8628 §3.5).
    """
    code_hash = crypto.hash_token(device_code)
    granted = device_store.claim(work.db, code_hash, client.id, work.now)
    if granted is not None:
        return Grant.from_json(granted)
    row = device_store.hold(work.db, code_hash)
    if row is None or row.client_id != client.id:
        raise OAuthError(ErrorCode.INVALID_GRANT, "the device_code is not known")
    if row.used_at:
        raise OAuthError(ErrorCode.INVALID_GRANT, "the device_code has been used")
    if row.expires_at <= work.now:
        raise OAuthError(ErrorCode.EXPIRED_TOKEN, "the device_code has expired")
    if row.decided_at and row.granted is None:
        raise OAuthError(ErrorCode.ACCESS_DENIED, "the person did not agree")
    raise _waiting(work, row)


def _waiting(work: UnitOfWork, row: DeviceRow) -> Waiting:
    """Note that the device asked; one that asks too often has to wait 5 seconds longer each time."""
    too_soon = row.polled_at is not None and work.now < row.polled_at + timedelta(seconds=row.poll_seconds) - _ON_THE_WAY
    seconds = min(row.poll_seconds + POLL_SECONDS, _LONGEST_POLL_SECONDS) if too_soon else row.poll_seconds
    device_store.note_poll(work.db, row.id, seconds, work.now)
    if too_soon:
        return Waiting(ErrorCode.SLOW_DOWN, f"ask every {seconds} seconds")
    return Waiting(ErrorCode.AUTHORIZATION_PENDING, "the person has not decided yet")


def _clean(name: str) -> str:
    """Make what a device calls itself a short line without anything invisible, for it is shown to a person."""
    normal = unicodedata.normalize("NFKC", name[:1000])
    visible = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in normal)
    return " ".join(visible.split())[:_LONGEST_NAME].rstrip()
