"""An outbox with senders whose outcomes a test chooses, and the finished jobs that were told."""

from collections.abc import Callable, Iterator

import pytest

from idp.outbox import JobFinished
from idp.outbox.senders import ClaimedJob, Outcome, Sent
from idp.outbox.worker import Worker
from idp.settings import Settings
from idp.unit_of_work import Units
from tests.units import opened_units


class ChosenSender:
    """Stands for a provider, so that each outcome can be had at will."""

    def __init__(self, *, at_most_once: bool = False, outcomes: list[Outcome | Exception] | None = None) -> None:
        self.at_most_once = at_most_once
        self.outcomes = outcomes or []
        self.jobs: list[ClaimedJob] = []

    def send(self, job: ClaimedJob) -> Outcome:
        self.jobs.append(job)
        outcome = self.outcomes.pop(0) if self.outcomes else Sent("provider-1")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def units(settings: Settings, clock: Callable) -> Iterator[Units]:
    """Units of work without the application: the outbox knows nothing of it."""
    with opened_units(settings, clock) as opened:
        yield opened


@pytest.fixture
def told(units: Units, monkeypatch: pytest.MonkeyPatch) -> list[JobFinished]:
    """The events of finished jobs."""
    events: list[JobFinished] = []
    monkeypatch.setattr(units, "_handlers", {JobFinished: [lambda work, event: events.append(event)]})
    return events


@pytest.fixture
def worker(units: Units, told: list[JobFinished]) -> Callable[..., Worker]:
    """Make a worker with senders by kind: `worker(mail=sender)`."""

    def made(**senders: ChosenSender) -> Worker:
        return Worker(units, senders)

    return made
