"""One SQLite installation for all examples of a test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from idp.database import Base
from idp.unit_of_work import Units
from tests.conftest import SettableClock, make_settings
from tests.recording import noting_units


@pytest.fixture
def installation(tmp_path: Path, clock: SettableClock) -> Iterator[Callable[[], Units]]:
    """Give the units of an empty installation, made anew at each call."""
    made = []
    count = iter(range(10_000))

    def fresh() -> Units:
        file = tmp_path / f"{next(count)}.sqlite3"
        opened = noting_units(make_settings(f"sqlite:///{file}", tmp_path, limits_factor=1000), clock)
        units, _ = opened.__enter__()
        made.append(opened)
        with units.write() as work:
            Base.metadata.create_all(work.db)
        return units

    yield fresh
    for opened in made:
        opened.__exit__(None, None, None)
