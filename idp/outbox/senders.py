"""What a sender is: it takes one claimed job, does the call, and tells what came of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from idp.identifiers import AccountId, JobId

MAX_ATTEMPTS = 12


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker alone may send now; `attempt` counts from 1."""

    id: JobId
    kind: str
    payload: dict[str, Any]
    secret: dict[str, Any] = field(repr=False)
    attempt: int
    created_at: datetime
    due: datetime
    useless_after: datetime | None
    account_id: AccountId | None


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it; `provider_id` is the provider's name for it."""

    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """It was surely not sent, and may be later; `after` beats the usual waiting time."""

    error: str
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It was surely not sent and never will be."""

    error: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Nobody knows whether it was sent; a job that must not be sent twice ends so."""

    error: str


Outcome = Sent | Retry | Failed | Uncertain


class Sender(Protocol):
    """Sends jobs of one kind; called from several threads, never inside a transaction.

    `error` of an outcome is kept with the job and read by staff: no secret, no full number or address. An exception counts
    as Uncertain. A sender may define `max_attempts` (default MAX_ATTEMPTS).
    """

    at_most_once: bool

    def send(self, job: ClaimedJob) -> Outcome:
        """Do the call; every wait in it has a time-out."""
        ...
