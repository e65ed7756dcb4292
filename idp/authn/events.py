"""What happens at authentication and matters above it."""

from dataclasses import dataclass
from enum import StrEnum

from idp.identifiers import AccountId, SessionId


class EndReason(StrEnum):
    """Why a session ended; a time-out tells no app, the others do by back-channel logout."""

    LOGOUT = "logout"
    DEACTIVATED = "deactivated"
    LOCKED = "locked"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a reason's name
    SIGNED_OUT_BY_ADMIN = "signed_out_by_admin"
    REPLACED = "replaced"  # another account signed in with this browser
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class SessionsEnded:
    """Sessions ended, all for one reason."""

    session_ids: tuple[SessionId, ...]
    reason: EndReason


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """An account's password was reset by mail link; offline tokens end too."""

    account_id: AccountId
