"""Periodic jobs of the worker's loop: clean-up, key rotation, sealing. There is no leader: a row decides who runs one next."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from idp.outbox import store
from idp.unit_of_work import SYSTEM, Units

log = structlog.get_logger("idp.outbox")


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something to do every so often; idempotent, opens its own units of work, in short steps."""

    name: str
    every: timedelta
    run: Callable[[Units], object]


def due(units: Units, jobs: tuple[Periodic, ...]) -> list[Periodic]:
    """Name the jobs whose time has come; only reads. Raises: TryAgain."""
    with units.read(SYSTEM) as work:
        started = store.periodic_runs(work.db)
        return [job for job in jobs if job.name not in started or started[job.name] <= work.now - job.every]


def run(units: Units, job: Periodic) -> bool:
    """Run a job unless another worker has taken this run; a failure waits for the next one. Raises: TryAgain."""
    with units.write(SYSTEM) as work:
        mine = store.start_periodic(work.db, job.name, job.every, work.now)
    if not mine:
        return False
    try:
        job.run(units)
    except Exception:
        log.exception("periodic_job_broke", name=job.name)
    return True
