"""The time, as a value that a test can hold still."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

CLOCKS_DIFFER = timedelta(minutes=5)
"""What was counted at a time further ahead was counted by a clock that was wrong, and counts no more."""


def system_clock() -> datetime:
    """Tell the time now, in UTC."""
    return datetime.now(UTC)
