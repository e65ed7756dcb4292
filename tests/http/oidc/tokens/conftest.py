"""The provider with one customer, one signed-in phone administrator, and the app `app`."""

import flask
import pytest

from idp.directory.accounts import Account
from idp.unit_of_work import Units
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty


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
def party(app: flask.Flask, units: Units) -> RelyingParty:
    """The app, first party, registered for contracts in detail."""
    with units.write() as work:
        browsing.registered(work, authorization_details_types=["cloud_phone"])
    return RelyingParty(app)


@pytest.fixture
def other_party(app: flask.Flask, units: Units) -> RelyingParty:
    """Another app."""
    with units.write() as work:
        browsing.registered(work, "other")
    return RelyingParty(app, "other")
