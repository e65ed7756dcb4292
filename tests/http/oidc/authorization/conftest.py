"""The provider with one customer, one app and one visitor."""

from collections.abc import Callable
from typing import Any

import flask
import pytest

from idp.directory.accounts import Account
from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests import builders
from tests.conftest import SettableClock
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.signing import REFERENCE, claims_at, signer


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


@pytest.fixture
def signing(signed_in: Browser, unit) -> Browser:
    """A browser that is signed in; the app has registered a key and an address of requests."""
    with unit() as work:
        clients.change(work, "app", {"jwks": signer().jwks, "request_uris": [REFERENCE]})
    return signed_in


@pytest.fixture
def unsigning(signing: Browser, unit) -> Browser:
    """The same, and the app has registered that it does not sign."""
    with unit() as work:
        clients.change(work, "app", {"request_object_signing_alg": "none"})
    return signing


@pytest.fixture
def only_signing(signing: Browser, unit) -> Browser:
    """The same, and the app has registered that it signs each request."""
    with unit() as work:
        clients.change(work, "app", {"require_signed_request_object": True})
    return signing


@pytest.fixture
def claims(clock: SettableClock) -> Callable[..., dict[str, Any]]:
    """Make the claims of an object that is good, but for the changes."""
    return lambda **changes: claims_at(clock(), **changes)
