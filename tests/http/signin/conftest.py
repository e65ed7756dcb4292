"""People with accounts and passwords, and browsers for them."""

from collections.abc import Callable

import flask
import pytest

from idp.directory.accounts import Account
from idp.unit_of_work import Units
from tests import builders
from tests.visitor import Visitor, give_password


@pytest.fixture
def admin(units: Units, unit) -> Account:
    """Max Muster, Administrator Kundenportal, active: signs in with password and PIN."""
    with unit() as work:
        account = builders.administrator(work)
    return give_password(units, account)


@pytest.fixture
def phone_admin(units: Units, unit, admin: Account) -> Account:
    """Tanja Testerin, Administrator Telefonanlage, active: signs in with a password alone."""
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
