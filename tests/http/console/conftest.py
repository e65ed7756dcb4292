"""An administrator in the console, and who else there is."""

from collections.abc import Callable

import flask
import pytest

from idp.directory.accounts import Account
from idp.directory.customers import Customer
from idp.unit_of_work import Units
from tests import builders
from tests.http.console.administrator import Administrator
from tests.visitor import give_password, signed_in_browser


@pytest.fixture
def customer(unit) -> Customer:
    """The first customer, with two cloud-phone contracts and one other."""
    with unit() as work:
        return builders.customer(work)


@pytest.fixture
def max_muster(unit, units: Units, customer: Customer) -> Account:
    """Max Muster, the customer's Administrator Kundenportal, active."""
    with unit() as work:
        account = builders.administrator(work, customer)
    return give_password(units, account)


@pytest.fixture
def signed_in(app: flask.Flask) -> Callable[..., Administrator]:
    """Open the console for an account: `signed_in(account)`; `acr=` for another level."""

    def opened(account: Account, **options: str) -> Administrator:
        return Administrator(signed_in_browser(app, account, **options))

    return opened


@pytest.fixture
def console(signed_in: Callable[..., Administrator], max_muster: Account) -> Administrator:
    """Max Muster in the console."""
    return signed_in(max_muster)


@pytest.fixture
def people(unit, customer: Customer) -> Callable[..., Account]:
    """Make further accounts of the customer: `people("invited_account", family_name="Zander")`."""

    def make(kind: str = "invited_account", **said) -> Account:
        with unit() as work:
            return getattr(builders, kind)(work, customer, **said)

    return make


@pytest.fixture
def now(units: Units) -> Callable[[Account], Account]:
    """Read an account as it is now."""

    def read(account: Account) -> Account:
        with units.read() as work:
            return builders.refreshed(work, account)

    return read
