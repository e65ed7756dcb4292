"""One running provider on SQLite for all tests of a test process, and one process of each foreign client.

Raw requests go to an application of each test's own, as everywhere.
"""

from collections.abc import Iterator

import flask
import pytest

from idp.directory.accounts import Account
from idp.unit_of_work import Units
from tests.conformance.person import Person
from tests.conformance.provider import Provider
from tests.conformance.stock_client import StockClient
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.conftest import keys_made_once  # noqa: F401 - a fixture for all tests of this folder
from tests.http.oidc.registration.conftest import published, publishing, registrar  # noqa: F401 - likewise
from tests.http.oidc.relying import RelyingParty


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """The running provider."""
    running = Provider(tmp_path_factory.mktemp("provider"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def person(provider: Provider) -> Person:
    """A person whose browser is new."""
    return Person(provider)


@pytest.fixture(scope="module")
def signed_in(provider: Provider) -> Person:
    """A person who has signed in already, by password and PIN; to be asked nothing more."""
    person = Person(provider)
    person.signed_in(f"{provider.idp}/signin", provider.administrator)
    return person


@pytest.fixture(scope="session")
def stock_client(provider: Provider) -> Iterator[StockClient]:
    """A Node.js process with the certified client library."""
    with StockClient(provider.idp) as started:
        yield started


# --- raw requests


@pytest.fixture
def account(units: Units) -> Account:
    """A phone administrator with a password, who signs in without a PIN."""
    return browsing.with_password(units, browsing.phone_admin)


@pytest.fixture
def visitor(app: flask.Flask) -> Browser:
    """A browser that nobody has used yet."""
    return Browser(app)


@pytest.fixture
def party(app: flask.Flask, units: Units) -> RelyingParty:
    """The app `app` as certification registers it: confidential, PKCE not required."""
    with units.write() as work:
        browsing.registered(work, require_pkce=False)
    return RelyingParty(app)
