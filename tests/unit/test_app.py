"""The one table of handlers knows every event that a package can emit."""

import dataclasses
import importlib
import pkgutil

import idp
from idp import app


def events() -> set[type]:
    """Find the domain events: the frozen dataclasses of every `events` module."""
    names = [module.name for module in pkgutil.walk_packages(idp.__path__, "idp.") if module.name.endswith(".events")]
    modules = [importlib.import_module(name) for name in names]
    return {
        value
        for module in modules
        for value in vars(module).values()
        if dataclasses.is_dataclass(value) and value.__module__ == module.__name__
    }


def test_every_event_has_a_handler():
    assert events() - set(app.handlers()) == set()


def test_every_handler_has_an_event():
    assert set(app.handlers()) - events() == set()
