"""The way to a session in numbers: how many sign-ins reach each step, and why the others do not. Counted when it is durable."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from idp import metrics
from idp.authn.requirements import ShownFor
from idp.countries import country_of
from idp.errors import IdpError, TryAgain
from idp.unit_of_work import UnitOfWork

__all__ = ["Stage", "count_pin", "pin_refusals", "reached", "refusals"]


class Stage(StrEnum):
    """The stages, in order."""

    STARTED = "started"
    PASSWORD = "password"  # noqa: S105 - a stage's name
    PIN = "pin"
    COMPLETED = "completed"


def reached(work: UnitOfWork, stage: Stage, result: str, shown_for: ShownFor) -> None:
    """Count a sign-in that got on."""
    work.after_commit(metrics.SIGNINS.labels(step=stage.value, result=result, app=_kind_of(shown_for)).inc)


@contextmanager
def refusals(work: UnitOfWork, stage: Stage, shown_for: ShownFor) -> Iterator[None]:
    """Count what is refused inside, by the refusal's code."""
    try:
        yield
    except TryAgain:
        raise
    except IdpError as error:
        count = metrics.SIGNINS.labels(step=stage.value, result=error.code, app=_kind_of(shown_for)).inc
        _once_decided(work, error, count)
        raise


def count_pin(work: UnitOfWork, result: str, number: str | None) -> None:
    """Count what became of a PIN to a number."""
    work.after_commit(_pins(work, result, number))


@contextmanager
def pin_refusals(work: UnitOfWork, number: str | None) -> Iterator[None]:
    """Count PINs that are not sent, by the refusal's code."""
    try:
        yield
    except TryAgain:
        raise
    except IdpError as error:
        _once_decided(work, error, _pins(work, error.code, number))
        raise


def _pins(work: UnitOfWork, result: str, number: str | None) -> Callable[[], None]:
    return metrics.PINS.labels(result=result, route=work.settings.sms_sender, country=country_of(number)).inc


def _once_decided(work: UnitOfWork, error: IdpError, count: Callable[[], None]) -> None:
    if error.keeps_changes:
        work.after_commit(count)
    else:
        work.after_refusal(count)


def _kind_of(shown_for: ShownFor) -> str:
    """Tell apart what asks: an app of the carrier, one of others, or our own pages."""
    if shown_for.first_party is None:
        return "own"
    return "first_party" if shown_for.first_party else "third_party"
