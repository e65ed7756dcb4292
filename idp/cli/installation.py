"""Open the installation that a command works on: its settings, its application without a web server, its units of work.

    with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
        ...

A command given no profile uses that of the last start in the same data folder (`instance.json`), so that `idp demo users`
means the demo that runs there.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from idp.app import create_app
from idp.cli.output import chosen_profile
from idp.settings import Settings, config_named, load_settings
from idp.unit_of_work import Units

__all__ = ["opened", "opened_app", "remember", "remembered", "settings_here"]


@dataclass(frozen=True, slots=True)
class Instance:
    """How the installation of a data folder was started last."""

    profile: str
    port: int
    issuer: str


def settings_here(**overrides: Any) -> Settings:
    """Load the settings that the command line, the environment, or else the last start in the data folder name."""
    profile = chosen_profile()
    if profile or config_named():
        return load_settings(profile, **overrides)
    settings = load_settings("small", **overrides)
    last = remembered(settings.data_dir)
    if last is None:
        return settings
    known = load_settings(last.profile, **overrides)
    return known if known.issuer else known.model_copy(update={"port": last.port, "issuer": last.issuer})


@contextmanager
def opened_app() -> Iterator[Flask]:
    """Put the application together and enter its context, with no web server."""
    app = create_app(settings_here())
    with app.app_context():
        yield app


@contextmanager
def opened() -> Iterator[Units]:
    """Give the units of work of the installation."""
    with opened_app() as app:
        units = app.extensions["idp.units"]
        assert isinstance(units, Units)
        yield units


def remember(settings: Settings) -> None:
    """Note in the data folder how this start was made."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    noted = Instance(settings.profile, settings.port, settings.issuer_address)
    file(settings.data_dir).write_text(json.dumps(asdict(noted)), encoding="utf-8")


def remembered(data_dir: Path) -> Instance | None:
    """Read how the last start in a data folder was made."""
    try:
        return Instance(**json.loads(file(data_dir).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def file(data_dir: Path) -> Path:
    """Name the file of this memory."""
    return data_dir / "instance.json"
