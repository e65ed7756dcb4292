"""Engines and applications that a test process makes once and gives to one test after the other.

Putting the provider together and compiling its routes and statements costs more than most tests do. What an application knows stands in
its units of work and in the database, and both are new for each test; what else it could remember is put back here.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, create_engine, event

import idp.app
from idp.database import configure_engines, db, prepare_engines
from idp.oidc.keys.ring import ring_of
from idp.pages.limits import InProcess
from idp.settings import Settings
from idp.unit_of_work import Units
from tests.servers import ROOT

TEMPLATES = ROOT / ".cache" / "templates"
"""Compiled templates, found by the checksum of their source; else each application would compile them anew."""

MOST_APPS = 6
Clock = Callable[[], Any]

_engines: dict[str, tuple[Engine, Engine]] = {}
_apps: OrderedDict[str, tuple[flask.Flask, dict[str, Any]]] = OrderedDict()


def engines_of(settings: Settings) -> tuple[Engine, Engine]:
    """Give the writing and the reading engine of an installation, for parts that know nothing of the application."""
    config = configure_engines(settings)
    if repr(config) not in _engines:
        reading = dict(config["SQLALCHEMY_BINDS"]["read"])
        made = create_engine(config["SQLALCHEMY_DATABASE_URI"], **config["SQLALCHEMY_ENGINE_OPTIONS"]), create_engine(**reading)
        prepare_engines(*made)
        without_waiting_for_the_disk(made)
        _engines[repr(config)] = made
    return _engines[repr(config)]


def new_app(settings: Settings, clock: Clock) -> flask.Flask:
    """Put an application together."""
    app = idp.app.create_app(settings, clock=clock)
    app.testing = True
    TEMPLATES.mkdir(parents=True, exist_ok=True)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(TEMPLATES))
    without_waiting_for_the_disk(engines_in(app))
    return app


def app_of(settings: Settings, clock: Clock) -> flask.Flask:
    """Give the application with these settings, as if it had just been put together; routes cannot be added to it."""
    key = repr((_values(settings), idp.app.FACES))
    if key not in _apps:
        app = new_app(settings, clock)
        _apps[key] = app, app.config | {}
    _apps.move_to_end(key)
    while len(_apps) > MOST_APPS:
        close(_apps.popitem(last=False)[1][0])
    app, config = _apps[key]
    _forget(app, config, settings, clock)
    return app


def _values(settings: Settings) -> dict[str, Any]:
    """Give all that differs between two applications; only units of work ask for the data folder."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields if name != "data_dir"}
    return {name: value.get_secret_value() if hasattr(value, "get_secret_value") else value for name, value in values.items()}


def _forget(app: flask.Flask, config: dict[str, Any], settings: Settings, clock: Clock) -> None:
    """Put back what an application may remember of the test before."""
    app.config.clear()
    app.config.update(config)
    known = cast("Units", app.extensions["idp.units"])
    units = Units(*known.engines[:2], settings, known.secrets, clock, idp.app.handlers())
    app.extensions |= {"idp.units": units, "idp.settings": settings}
    if "idp.keys" in app.extensions:
        app.extensions["idp.keys"] = ring_of(units)
    if "idp.ready" in app.extensions:
        app.extensions["idp.ready"]._kept.clear()
    if isinstance(app.extensions["idp.form_limit"], InProcess):
        app.extensions["idp.form_limit"]._counted.clear()


def engines_in(app: flask.Flask) -> list[Engine]:
    """Give an application's engines."""
    with app.app_context():
        return list(db.engines.values())


def close(app: flask.Flask) -> None:
    """Close an application's database connections."""
    for engine in engines_in(app):
        engine.dispose()


def let_go(file: Path) -> None:
    """Close all connections to a SQLite file."""
    _dispose(engine for engine in _all_engines() if engine.url.database == str(file))


def close_all() -> None:
    """Close all connections."""
    _dispose(_all_engines())
    _engines.clear()
    _apps.clear()


def _all_engines() -> Iterator[Engine]:
    for pair in _engines.values():
        yield from pair
    for app, _ in _apps.values():
        yield from engines_in(app)


def _dispose(engines: Iterable[Engine]) -> None:
    for engine in engines:
        engine.dispose()


def without_waiting_for_the_disk(engines: Iterable[Engine]) -> None:
    """Let SQLite leave the moment of writing to the system: a test's database need not survive a power cut."""
    for engine in engines:
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _do_not_wait)


def _do_not_wait(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")
