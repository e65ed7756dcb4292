"""Units of work without the application, which note the domain events instead of handling them."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from idp.settings import Settings
from idp.unit_of_work import UnitOfWork, Units
from tests.units import opened_units


class Noting(defaultdict):
    """Handlers for whatever event there is; `told` holds the events in their order."""

    def __init__(self) -> None:
        super().__init__(list)
        self.told: list[Any] = []

    def __missing__(self, event: type) -> list:
        return [self._note]

    def _note(self, _: UnitOfWork, event: Any) -> None:
        self.told.append(event)


@contextmanager
def noting_units(settings: Settings, clock: Callable) -> Iterator[tuple[Units, list[Any]]]:
    """Give units of work on the database of the settings, and the list of what they tell."""
    noting = Noting()
    with opened_units(settings, clock) as opened:
        yield Units(*opened.engines[:2], settings, opened.secrets, clock, noting), noting.told
