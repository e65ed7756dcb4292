"""Fixtures by the names that every Flask developer knows, on real databases that are made once and emptied for each test."""

import gc
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import flask
import pytest
from flask.globals import app_ctx
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import create_engine
from xdist.scheduler import LoadFileScheduling

from idp.cli import root
from idp.database import Base
from idp.operations import logs
from idp.settings import Settings
from idp.unit_of_work import SYSTEM, Actor, UnitOfWork, Units
from tests import reused, servers
from tests.signing_keys import add_signing_keys

gc.set_threshold(20_000, 20, 100)  # what a test leaves behind is little; looking for it at the usual pace costs more than it frees

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""A Monday in winter time: 13:00 in Berlin."""

PATIENCE = 20
"""Seconds after which a test gives up to wait for a page, a message or a process: a machine under load is slow, not wrong."""

FIRST = ("tests/browser/", "tests/conformance/", "tests/ops/")
"""Folders whose tests run real servers and take longest."""

MASTER_SECRET = "a secret for tests that is long enough to be one"


class SettableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **length: float) -> None:
        """Let time pass: `clock.advance(minutes=5)`."""
        self.now += timedelta(**length)


@pytest.fixture(scope="session", autouse=True)
def logs_as_in_production() -> None:
    """Write the product's own log lines, so that a test can look at them."""
    logs.set_up("DEBUG")
    for other in ("mail.log", "asyncio"):  # the double of a mail server goes on talking when its test is over
        logging.getLogger(other).setLevel(logging.ERROR)


@pytest.fixture(scope="session", autouse=True)
def no_connection_left() -> Iterator[None]:
    """Close at the end what tests have used one after the other."""
    yield
    reused.close_all()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process of the run is left alone with it at the end."""
    items.sort(key=lambda item: next(rank for rank, folder in enumerate((*FIRST, "")) if item.nodeid.startswith(folder)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Keep the tests of a file in one process, and those together that share running servers."""
    config.option.loadscopereorder = False
    return TogetherScheduling(config, log)


class TogetherScheduling(LoadFileScheduling):
    """Hands out whole files, and whole folders where starting what they need takes long."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in FIRST if nodeid.startswith(folder)), super()._split_scope(nodeid))


# --- databases


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables, to be copied."""
    file = tmp_path_factory.mktemp("template") / "template.sqlite3"
    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    add_signing_keys(engine, MASTER_SECRET, NOON)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    """A PostgreSQL server of this test process, with a template database that has all tables."""
    server = servers.Postgres()
    try:
        server.execute("CREATE DATABASE template_idp")
        engine = create_engine(server.url("template_idp"))
        Base.metadata.create_all(engine)
        add_signing_keys(engine, MASTER_SECRET, NOON)
        engine.dispose()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def emptied_postgres(postgres: servers.Postgres) -> Iterator[servers.Emptied]:
    """A PostgreSQL database for one test after the other: making one takes half a second, emptying it a hundredth of that."""
    with postgres.database("template_idp") as url:
        yield from servers.emptied(url)
        reused.close_all()


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The place of the SQLite database for one test after the other: with the same address they can have the same application."""
    return tmp_path_factory.mktemp("sqlite") / "idp.sqlite3"


@pytest.fixture
def sqlite_url(sqlite_template: Path, sqlite_file: Path) -> str:
    """The address of a fresh SQLite database with all tables."""
    reused.let_go(sqlite_file)
    for suffix in ("", "-wal", "-shm"):
        sqlite_file.with_name(sqlite_file.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(sqlite_template, sqlite_file)
    return f"sqlite:///{sqlite_file}"


@pytest.fixture
def postgres_url(emptied_postgres: servers.Emptied) -> str:
    """The address of a PostgreSQL database with all tables, and no rows but signing keys."""
    return emptied_postgres.anew()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The address of the test's database: SQLite, or what `parametrize("database", ["postgresql"], indirect=True)` asks for."""
    kind = getattr(request, "param", "sqlite")
    url: str = request.getfixturevalue({"sqlite": "sqlite_url", "postgresql": "postgres_url"}[kind])
    return url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.Redis]:
    """A Redis server of this test process."""
    server = servers.Redis()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: servers.Redis) -> str:
    """The address of an empty Redis."""
    redis_server.empty()
    return redis_server.url


# --- the application


@pytest.fixture
def clock() -> SettableClock:
    """The time of the test's application; it stands still until the test moves it."""
    return SettableClock()


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Settings of an installation with demo transports; override this fixture for others."""
    return make_settings(database, tmp_path)


def make_settings(database: str, data_dir: Path, **other: object) -> Settings:
    """Settings with cheap password hashes and without anything of this machine."""
    values = {
        "profile": "small",
        "issuer": "http://localhost",
        "data_dir": data_dir,
        "database_url": database,
        "master_secret": MASTER_SECRET,
        "mail_sender": "demo",
        "sms_sender": "demo",
        "metrics_port": 0,
        "argon2_memory_kib": 64,
        "argon2_rounds": 1,
    }
    return Settings(**(values | other))


@pytest.fixture
def app(settings: Settings, clock: SettableClock) -> flask.Flask:
    """The provider, put together on the test's database; a test that adds routes to it takes `fresh_app`."""
    return reused.app_of(settings, clock)


@pytest.fixture
def fresh_app(settings: Settings, clock: SettableClock) -> Iterator[flask.Flask]:
    """The provider, put together for this test alone."""
    with closing_app(settings, clock) as made:
        yield made


@contextmanager
def closing_app(settings: Settings, clock: Callable[[], datetime]) -> Iterator[flask.Flask]:
    """Put an application together, and close its database connections at the end."""
    made = reused.new_app(settings, clock)
    try:
        yield made
    finally:
        reused.close(made)


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    """A browser without JavaScript, with cookies of its own."""
    return app.test_client()


@pytest.fixture
def units(app: flask.Flask) -> Units:
    """The application's units of work."""
    return app.extensions["idp.units"]


@pytest.fixture
def unit(units: Units) -> Callable[..., AbstractContextManager[UnitOfWork]]:
    """Open a writing unit of work: `with unit() as work:`; `with unit(actor) as work:`."""

    def opened(actor: Actor = SYSTEM) -> AbstractContextManager[UnitOfWork]:
        return units.write(actor)

    return opened


class Result:
    """What a command answered."""

    def __init__(self, exit_code: int, output: str, errors: str) -> None:
        self.exit_code = exit_code
        self.output = output
        self.errors = errors


@pytest.fixture
def runner(settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run an `idp` command on the test's installation: `runner("keys", "list", "--json").output`."""
    for name, value in settings.model_dump(include=settings.model_fields_set).items():
        shown = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        monkeypatch.setenv(f"IDP_{name.upper()}", str(shown))

    def run(*arguments: str) -> Result:
        capfd.readouterr()
        exit_code = root.run(list(arguments))
        return Result(exit_code, *capfd.readouterr())

    return run


# --- the browser


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Use the system's Chromium; as root it runs without its sandbox."""
    expect.set_options(timeout=PATIENCE * 1000)
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-gpu"]
    return browser_type_launch_args | {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", *quiet]}


# --- guards


@pytest.fixture(autouse=True)
def no_context_leaks() -> Iterator[None]:
    """Fail a test that leaves an application context behind."""
    yield
    leaked = bool(app_ctx)
    while app_ctx:
        app_ctx.pop()
    assert not leaked, "an application context was left open"


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them."""
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Find ports on which nobody listens."""
    return servers.free_port
