"""The provider with one signed-in phone administrator and the app `app`, which has a key."""

import flask
import pytest

from idp.directory.accounts import Account
from idp.unit_of_work import Units
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty
from tests.http.oidc.signing import signer


@pytest.fixture
def account(units: Units) -> Account:
    """A phone administrator."""
    with units.write() as work:
        return builders.active_account(work)


@pytest.fixture
def party(app: flask.Flask, units: Units) -> RelyingParty:
    """The app, first party."""
    with units.write() as work:
        browsing.registered(work, jwks=signer().jwks)
    return RelyingParty(app)


@pytest.fixture
def signed_in(app: flask.Flask, account: Account, party: RelyingParty) -> Browser:
    """A browser in which the phone administrator is signed in."""
    browser = Browser(app)
    browser.with_session(account)
    return browser


@pytest.fixture
def visitor(app: flask.Flask, party: RelyingParty) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(app)
