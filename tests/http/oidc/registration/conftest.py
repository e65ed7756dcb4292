"""Clients whose documents are fetched from a server of the test."""

from collections.abc import Iterator

import pytest

from idp.oidc.clients import fetching
from idp.unit_of_work import Units
from tests import publisher
from tests.publisher import HOST, PUBLIC_ADDRESS, Internet, Publisher

INTERNAL = {"inside.example": ["10.0.0.8"], "metadata.example": ["169.254.169.254"], "both.example": [PUBLIC_ADDRESS, "127.0.0.1"]}


@pytest.fixture(scope="session")
def publishing() -> Iterator[tuple[Publisher, int]]:
    """A running publisher and its port."""
    made = Publisher()
    with publisher.running(made) as port:
        yield made, port


@pytest.fixture
def published(publishing: tuple[Publisher, int], units: Units) -> Iterator[Publisher]:
    """What the host app.example publishes; other names lead to internal hosts."""
    made, port = publishing
    made.documents, made.asked = {}, []
    fetching.use(units, Internet(port, {HOST: [PUBLIC_ADDRESS]} | INTERNAL, seconds=0.5))
    yield made
    fetching.use(units, None)
