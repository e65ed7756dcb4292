"""Maintenance: run at once what the worker does every so often (clean-up, key rotation, sealing)."""

from idp.app import PERIODIC
from idp.cli.installation import opened
from idp.cli.output import noun, show


@noun()
def command() -> None:
    """Housekeeping."""


@command.command("run")
def run() -> None:
    """Run every periodic job now; safe beside a running worker."""
    with opened() as units:
        for job in PERIODIC:
            job.run(units)
    show({"ran": [job.name for job in PERIODIC]})
