"""What happens in the outbox and matters above it."""

from dataclasses import dataclass
from typing import Any

from idp.identifiers import AccountId, JobId
from idp.outbox.states import JobState


@dataclass(frozen=True, slots=True)
class JobFinished:
    """A job came to its end: sent, failed or uncertain; a cancelled one is known to whoever cancelled it."""

    job_id: JobId
    kind: str
    state: JobState
    payload: dict[str, Any]
    account_id: AccountId | None = None
    error: str | None = None
