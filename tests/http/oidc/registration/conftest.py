"""Clients whose documents are fetched from a server of the test."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import flask
import pytest
from werkzeug.test import TestResponse

from idp.oidc.clients import fetching, initial_tokens
from idp.unit_of_work import Units
from tests import publisher
from tests.http.oidc.browsing import REDIRECT_URI
from tests.publisher import HOST, PUBLIC_ADDRESS, Internet, Publisher

ALLOWED = ["localhost", "inside.example", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::1/128"]
"""Exceptions of the operator's, which do not count for who registers itself."""
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
    fetching.use(units, Internet(port, {HOST: [PUBLIC_ADDRESS]} | INTERNAL, ALLOWED, seconds=0.5))
    yield made
    fetching.use(units, None)


class Registrar:
    """Somebody who registers clients at the endpoint, with an initial access token."""

    def __init__(self, app: flask.Flask, token: str) -> None:
        self.client = app.test_client()
        self.token = token

    def register(self, **changes: Any) -> TestResponse:
        """Register a client with one redirect URI; None leaves a member out."""
        known = {"redirect_uris": [REDIRECT_URI], "client_name": "Some App"}
        metadata = {name: value for name, value in (known | changes).items() if value is not None}
        return self.post(json=metadata)

    def post(self, *, token: str | None = "", **options: Any) -> TestResponse:
        """Send anything."""
        return self.client.post("/register", headers=bearer(self.token if token == "" else token), **options)

    def made(self, **changes: Any) -> dict[str, Any]:
        """Register a client and give what was answered."""
        response = self.register(**changes)
        assert response.status_code == 201, response.text
        return dict(response.json)

    def managing(self, made: dict[str, Any], method: str = "GET", *, token: str | None = None, **options: Any) -> TestResponse:
        """Call the client's own address with its own token, unless told otherwise."""
        path = urlsplit(made["registration_client_uri"]).path
        return self.client.open(path, method=method, headers=bearer(token or made["registration_access_token"]), **options)


def bearer(token: str | None) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {token}"} if token is not None else {}


@pytest.fixture
def registrar(app: flask.Flask, units: Units) -> Registrar:
    """Somebody whom the operator gave a token."""
    with units.write() as work:
        made = initial_tokens.create(work, "the tests")
    return Registrar(app, made.secret)
