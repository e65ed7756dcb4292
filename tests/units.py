"""Units of work without the application, for the parts that know nothing of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from idp import crypto
from idp.outbox import JobFinished
from idp.settings import Settings
from idp.unit_of_work import Units
from tests import reused


@contextmanager
def opened_units(settings: Settings, clock: Callable) -> Iterator[Units]:
    """Give units of work on the settings' database."""
    secrets = crypto.Secrets(settings.master_secret.get_secret_value())
    yield Units(*reused.engines_of(settings), settings, secrets, clock, {JobFinished: []})
