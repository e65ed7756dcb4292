"""The provider with one customer, one signed-in phone administrator, and the app `app`, which holds a key."""

import flask
import pytest

from idp.directory.accounts import Account
from idp.unit_of_work import Units
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.dpop.proofs import KeyHolder, Prover
from tests.http.oidc.relying import machine


@pytest.fixture
def account(units: Units) -> Account:
    """A phone administrator."""
    with units.write() as work:
        return builders.active_account(work)


@pytest.fixture
def signed_in(app: flask.Flask, account: Account) -> Browser:
    """A browser in which the phone administrator is signed in."""
    browser = Browser(app)
    browser.with_session(account)
    return browser


@pytest.fixture
def party(app: flask.Flask, units: Units) -> KeyHolder:
    """The app, first party, with a secret and a key."""
    with units.write() as work:
        browsing.registered(work)
    return KeyHolder(app)


@pytest.fixture
def prover(app: flask.Flask) -> Prover:
    """A key that belongs to nobody."""
    return Prover(app)


@pytest.fixture
def ordering(app: flask.Flask, units: Units) -> KeyHolder:
    """A client that asks in its own right."""
    with units.write() as work:
        machine(work)
    return KeyHolder(app, "ordering")
