"""What becomes of a job after an attempt: ended, or waiting for the next one. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.outbox.senders import MAX_ATTEMPTS, Failed, Outcome, Retry, Sender, Sent, Uncertain
from idp.outbox.states import JobState

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=1)
FACTOR = 3
JITTER = 0.2


@dataclass(frozen=True, slots=True)
class Settled:
    """The state after an attempt; `due` is set when the job waits again."""

    state: JobState
    error: str | None = None
    provider_id: str | None = None
    due: datetime | None = None


def settle(
    outcome: Outcome,
    sender: Sender,
    attempt: int,
    useless_after: datetime | None,
    now: datetime,
    random: Callable[[], float],
) -> Settled:
    """Decide by the sender's outcome; a further attempt needs to come before the limit and before the job is useless."""
    match outcome:
        case Sent(provider_id):
            return Settled(JobState.SENT, provider_id=provider_id)
        case Failed(error):
            return Settled(JobState.FAILED, error)
        case Uncertain(error) if sender.at_most_once:
            return Settled(JobState.UNCERTAIN, error)
        case Retry(error, after):
            wait = after or back_off(attempt, random)
        case Uncertain(error):
            wait = back_off(attempt, random)
    due = now + wait
    if attempt >= attempts_allowed(sender) or (useless_after is not None and due >= useless_after):
        return Settled(JobState.FAILED, error)
    return Settled(JobState.WAITING, error, due=due)


def attempts_allowed(sender: Sender) -> int:
    """Tell how often a sender tries."""
    allowed = getattr(sender, "max_attempts", MAX_ATTEMPTS)
    assert isinstance(allowed, int)
    return allowed


def back_off(attempt: int, random: Callable[[], float]) -> timedelta:
    """Tell how long to wait after an attempt (counted from 1): 5 s, 15 s, 45 s … 1 h, each a fifth more or less by chance."""
    exponential: timedelta = min(FIRST * FACTOR ** min(attempt - 1, 20), LONGEST)
    return exponential * (1 + JITTER * (2 * random() - 1))
