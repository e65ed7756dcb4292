"""Points in time as people enter them: local, in the zone of the settings."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from idp.errors import InvalidField
from idp.texts import text
from idp.unit_of_work import UnitOfWork

LATEST = timedelta(days=365)
_ZONES_APART = timedelta(days=2)

_PAST = text("This time has passed. Please choose one in the future.")
_TOO_LATE = text("Please choose a time within the next twelve months.")
_SKIPPED = text("This time does not exist: the clocks are put forward then. Please choose another one.")


@dataclass(frozen=True, slots=True)
class Schedule:
    """An instant in UTC, and the local time as it was entered."""

    at: datetime
    local: str


def resolve(work: UnitOfWork, field: str, entered: datetime) -> Schedule:
    """Find the instant of a local time without zone.

    A time that the clocks skip in spring is refused; of one that comes twice in autumn the first is meant. Raises: InvalidField.
    """
    today = work.now.replace(tzinfo=None)
    if entered < today - _ZONES_APART:  # before any arithmetic: the calendar's first and last days have no instant everywhere
        raise InvalidField(field, _PAST)
    if entered > today + LATEST + _ZONES_APART:
        raise InvalidField(field, _TOO_LATE)
    zone = ZoneInfo(work.settings.timezone)
    local = entered.replace(tzinfo=zone, fold=0)
    at = local.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != entered:
        raise InvalidField(field, _SKIPPED)
    if at <= work.now:
        raise InvalidField(field, _PAST)
    if at > work.now + LATEST:
        raise InvalidField(field, _TOO_LATE)
    return Schedule(at, f"{entered.isoformat(timespec='minutes')} {work.settings.timezone}")
