"""One running provider on SQLite for all tests of a test process, and one process of each foreign client."""

from collections.abc import Iterator

import pytest

from tests.conformance.person import Person
from tests.conformance.provider import Provider
from tests.conformance.stock_client import StockClient


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
