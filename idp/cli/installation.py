"""Open the installation that a command works on: its settings, its application without a web server, its units of work.

with opened() as units, units.write(OPERATOR_AT_SHELL) as work:
    ...
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from idp.app import create_app
from idp.cli.instance import settings_here
from idp.operations.master_secret import check_master_secret
from idp.unit_of_work import Units

__all__ = ["opened", "opened_app", "settings_here"]


@contextmanager
def opened_app() -> Iterator[Flask]:
    """Put the application together and enter its context, with no web server. Raises: SettingsError when the secret is another's."""
    settings = settings_here()
    check_master_secret(settings)
    app = create_app(settings)
    with app.app_context():
        yield app


@contextmanager
def opened() -> Iterator[Units]:
    """Give the units of work of the installation."""
    with opened_app() as app:
        units = app.extensions["idp.units"]
        assert isinstance(units, Units)
        yield units
