"""The states of a job and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to the job."""
        return not MOVES[self]


MOVES: Mapping[JobState, frozenset[JobState]] = {
    JobState.WAITING: frozenset({JobState.SENDING, JobState.CANCELLED}),
    # back to waiting: a failure that passes, or a lease that ran out on a job that may be sent twice
    JobState.SENDING: frozenset({JobState.WAITING, JobState.SENT, JobState.FAILED, JobState.UNCERTAIN}),
    JobState.SENT: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.UNCERTAIN: frozenset(),
    JobState.CANCELLED: frozenset(),
}
