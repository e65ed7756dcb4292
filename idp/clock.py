"""The time, as a value that a test can hold still."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Tell the time now, in UTC."""
    return datetime.now(UTC)
