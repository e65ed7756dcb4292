"""A directory whose domain events are noted."""

from collections.abc import Iterator
from typing import Any

import pytest

from idp.directory.customers import Customer
from idp.settings import Settings
from idp.unit_of_work import Actor, ActorKind, Units
from tests import builders
from tests.conftest import SettableClock
from tests.recording import noting_units


@pytest.fixture
def directory(settings: Settings, clock: SettableClock) -> Iterator[tuple[Units, list[Any]]]:
    """Units of work, and what they tell."""
    with noting_units(settings, clock) as pair:
        yield pair


@pytest.fixture
def units(directory: tuple[Units, list[Any]]) -> Units:
    """Units of work without the application."""
    return directory[0]


@pytest.fixture
def told(directory: tuple[Units, list[Any]]) -> list[Any]:
    """The domain events so far."""
    return directory[1]


@pytest.fixture
def muster(unit) -> Customer:
    """Customer 2300229 with its contracts; its main contact is invited."""
    with unit() as work:
        return builders.customer(work)


def acting(account) -> Actor:
    """Give the actor that an account is."""
    return Actor(ActorKind.PERSON, account.id)
