"""Units of work without the application, which note the domain events instead of handling them."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import create_engine

from idp import crypto
from idp.clock import Clock
from idp.database import configure_engines, prepare_sqlite
from idp.settings import Settings
from idp.unit_of_work import UnitOfWork, Units


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
def noting_units(settings: Settings, clock: Clock) -> Iterator[tuple[Units, list[Any]]]:
    """Give units of work on the database of the settings, and the list of what they tell."""
    config = configure_engines(settings)
    reading = dict(config["SQLALCHEMY_BINDS"]["read"])
    engines = create_engine(config["SQLALCHEMY_DATABASE_URI"], **config["SQLALCHEMY_ENGINE_OPTIONS"]), create_engine(**reading)
    prepare_sqlite(*engines)
    noting = Noting()
    try:
        yield Units(*engines, settings, crypto.Secrets("a secret for tests"), clock, noting), noting.told
    finally:
        for engine in engines:
            engine.dispose()
