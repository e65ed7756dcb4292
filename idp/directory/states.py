"""How a status is found: one table, read by first match; SQL (`store/statuses.py`) and Python compute from the same rows.

Nothing is written when time passes: a scheduled invitation counts as sent, and a sent one as expired, by the clock alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from idp.directory.entries import Account, Invitation, Status


class Is(Enum):
    """What is asked of a point in time."""

    SET = "set"
    AHEAD = "ahead"
    REACHED = "reached"


@dataclass(frozen=True, slots=True)
class Row:
    """A status, and what must hold for it; `of` is »account« or »invitation« (the open one)."""

    status: Status
    of: str
    field: str
    test: Is


TABLE = (
    Row(Status.DEACTIVATED, "account", "deactivated_at", Is.SET),
    Row(Status.LOCKED, "account", "locked_at", Is.SET),
    Row(Status.ACTIVE, "account", "activated_at", Is.SET),
    Row(Status.INVITATION_SCHEDULED, "invitation", "send_at", Is.AHEAD),
    Row(Status.INVITATION_EXPIRED, "invitation", "expires_at", Is.REACHED),
    Row(Status.DELIVERY_FAILED, "invitation", "delivery_failed_at", Is.SET),
    Row(Status.INVITATION_SENT, "invitation", "created_at", Is.SET),
)
OTHERWISE = Status.NOT_INVITED

_TESTS: Mapping[Is, Callable[[datetime, datetime], bool]] = {
    Is.SET: lambda _value, _now: True,
    Is.AHEAD: lambda value, now: value > now,
    Is.REACHED: lambda value, now: value <= now,
}


def status_of(account: Account, invitation: Invitation | None, now: datetime) -> Status:
    """Tell an account's status; `invitation` is its open one."""
    entries = {"account": account, "invitation": invitation}
    for row in TABLE:
        value = getattr(entries[row.of], row.field, None)
        if value is not None and _TESTS[row.test](value, now):
            return row.status
    return OTHERWISE
