"""The demo's data made and read by the application; apart from `demo.py`, so that a usual start need not load all of it."""

from typing import Any

from idp.app import create_app
from idp.demo import data
from idp.operations import demo_files
from idp.settings import Settings
from idp.unit_of_work import Units

__all__ = ["current_users", "make_demo"]


def make_demo(settings: Settings, *, portal: str, cloudphone: str) -> None:
    """Make what is missing of the demo's data for these addresses."""
    data.make(units_of(settings), settings.data_dir, data.Apps(portal, cloudphone))


def current_users(settings: Settings) -> list[dict[str, Any]]:
    """Read the demo's users with the states that they have now."""
    return data.current(units_of(settings), demo_files.users(settings.data_dir))


def units_of(settings: Settings) -> Units:
    """Put the application together and give its units of work."""
    units = create_app(settings).extensions["idp.units"]
    assert isinstance(units, Units)
    return units
