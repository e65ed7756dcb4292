"""Seals over short runs of events."""

from collections.abc import Callable, Iterator

import pytest

from idp.audit import sealing
from idp.settings import Settings
from idp.unit_of_work import Units
from tests.units import opened_units


@pytest.fixture
def units_of_short_runs(settings: Settings, clock: Callable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Units]:
    """Units of work without the application, and runs of two events."""
    monkeypatch.setattr(sealing, "BATCH", 2)
    with opened_units(settings, clock) as opened:
        yield opened
