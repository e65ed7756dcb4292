"""Units of work without the application, for the parts that know nothing of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine

from idp import crypto
from idp.database import configure_engines, prepare_sqlite
from idp.outbox import JobFinished
from idp.settings import Settings
from idp.unit_of_work import Units


@contextmanager
def opened_units(settings: Settings, clock: Callable) -> Iterator[Units]:
    """Open the engines of the settings' database, and close them at the end."""
    config = configure_engines(settings)
    reading = dict(config["SQLALCHEMY_BINDS"]["read"])
    engines = create_engine(config["SQLALCHEMY_DATABASE_URI"], **config["SQLALCHEMY_ENGINE_OPTIONS"]), create_engine(**reading)
    prepare_sqlite(*engines)
    secrets = crypto.Secrets(settings.master_secret.get_secret_value())
    yield Units(*engines, settings, secrets, clock, {JobFinished: []})
    for engine in engines:
        engine.dispose()
