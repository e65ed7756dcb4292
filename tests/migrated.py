"""Databases as `idp db upgrade` makes them: with all migrations, and nothing in them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from idp.operations import schema
from tests import servers
from tests.conftest import make_settings

Make = Callable[[str], str]


@pytest.fixture(scope="module")
def sqlite_migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    schema.upgrade(make_settings(f"sqlite:///{folder / 'idp.sqlite3'}", folder))
    return folder / "idp.sqlite3"


@pytest.fixture(scope="module")
def postgres_migrated(postgres: servers.Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a PostgreSQL database to be copied."""
    with postgres.database() as url:
        schema.upgrade(make_settings(url, tmp_path_factory.mktemp("migrated")))
        yield url.rpartition("/")[2]


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Make an empty database of a kind, and give its address: `empty_database("postgresql")`."""
    made: list[Path] = []
    with ExitStack() as at_end:

        def make(kind: str) -> str:
            if kind == "postgresql":
                server: servers.Postgres = request.getfixturevalue("postgres")
                return at_end.enter_context(server.database(request.getfixturevalue("postgres_migrated")))
            made.append(tmp_path / f"database-{len(made)}.sqlite3")
            shutil.copyfile(request.getfixturevalue("sqlite_migrated"), made[-1])
            return f"sqlite:///{made[-1]}"

        yield make
