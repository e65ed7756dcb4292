"""Invited people with their links, and browsers for them."""

from collections.abc import Callable

import flask
import pytest

from idp.directory.accounts import Account
from idp.unit_of_work import Units
from tests import builders
from tests.visitor import Visitor, give_password


@pytest.fixture
def invited_admin(unit) -> Account:
    """Max Muster, Administrator Kundenportal, invited."""
    with unit() as work:
        return builders.main_account(work, builders.customer(work))


@pytest.fixture
def invited_phone_admin(unit, invited_admin: Account) -> Account:
    """Tanja Testerin, Administrator Telefonanlage, invited."""
    with unit() as work:
        return builders.invited_account(work)


@pytest.fixture
def active_admin(unit, units: Units) -> Account:
    """Max Muster, active, with a password."""
    with unit() as work:
        account = builders.administrator(work)
    return give_password(units, account)


@pytest.fixture
def active_phone_admin(unit, units: Units, active_admin: Account) -> Account:
    """Tanja Testerin, active, with a password."""
    with unit() as work:
        account = builders.active_account(work)
    return give_password(units, account)


@pytest.fixture
def visitor(app: flask.Flask) -> Visitor:
    """A browser."""
    return Visitor(app)


@pytest.fixture
def another(app: flask.Flask) -> Callable[..., Visitor]:
    """Make further browsers."""

    def make(**options: str) -> Visitor:
        return Visitor(app, **options)

    return make


@pytest.fixture
def link(unit) -> Callable[[Account], str]:
    """Read the address in an invitation's mail, before it is sent."""

    def read(account: Account) -> str:
        with unit() as work:
            return f"/activate/{builders.link_token(work, account)}"

    return read
