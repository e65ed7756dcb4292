"""A directory whose domain events are noted."""

from collections.abc import Iterator
from typing import Any

import pytest

from idp.directory import accounts
from idp.directory.accounts import AccountChange
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


@pytest.fixture
def max_muster(unit, muster):
    """The main contact, active."""
    with unit() as work:
        return builders.administrator(work, muster)


@pytest.fixture
def tanja(unit, muster):
    """An active phone administrator."""
    with unit() as work:
        return builders.active_account(work, muster, mobile="+4915155512399")


def acting(account) -> Actor:
    """Give the actor that an account is."""
    return Actor(ActorKind.PERSON, account.id)


def said(account, **changes) -> AccountChange:
    """Say what an account is already, with changes."""
    known = {
        "role": account.role,
        "given_name": account.given_name,
        "family_name": account.family_name,
        "email": account.email,
        "mobile": account.mobile or "",
        "salutation": account.salutation,
    }
    return AccountChange(**(known | changes))


def edit(unit, account, actor=None, **changes):
    """Edit an account as a person or as the system."""
    with unit(*([acting(actor)] if actor else [])) as work:
        return accounts.edit(work, account.customer_id, account.id, said(account, **changes))


def now(units, account):
    """Read an account anew."""
    with units.read() as work:
        return builders.refreshed(work, account)
