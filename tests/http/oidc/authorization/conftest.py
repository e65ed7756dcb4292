"""The provider with one customer, one app and one visitor."""

import flask
import pytest

from idp.directory.accounts import Account
from idp.unit_of_work import Units
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser


@pytest.fixture
def visitor(app: flask.Flask, unit) -> Browser:
    """A browser that nobody has used yet; the app `app` is registered, first party."""
    with unit() as work:
        browsing.registered(work)
    return Browser(app)


@pytest.fixture
def other_visitor(app: flask.Flask) -> Browser:
    """Another visitor."""
    return Browser(app)


@pytest.fixture
def account(units: Units) -> Account:
    """A phone administrator with a password, who signs in without a PIN."""
    return browsing.with_password(units, browsing.phone_admin)


@pytest.fixture
def administrator(units: Units) -> Account:
    """The customer's main contact with a password, who confirms by PIN."""
    return browsing.with_password(units, builders.administrator)


@pytest.fixture
def signed_in(visitor: Browser, account: Account) -> Browser:
    """The browser, signed in as the phone administrator."""
    visitor.with_session(account)
    return visitor
