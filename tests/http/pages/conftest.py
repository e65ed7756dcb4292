"""The provider with a few sample pages."""

import re
from collections.abc import Callable

import flask
import pytest
from flask.testing import FlaskClient

from idp import pages
from tests.http.pages.sample import machine_blueprint, sample_blueprint


@pytest.fixture(autouse=True)
def only_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the other faces out, so that their routes and settings play no part here."""
    monkeypatch.setattr("idp.app.FACES", (pages.init_app,))


@pytest.fixture
def app(fresh_app: flask.Flask) -> flask.Flask:
    """The provider with sample pages; in testing mode an unknown exception still becomes a page."""
    fresh_app.register_blueprint(sample_blueprint())
    fresh_app.register_blueprint(machine_blueprint())
    return fresh_app


@pytest.fixture
def csrf_token(client: FlaskClient) -> Callable[[], str]:
    """Take the token from a form."""

    def token() -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sample/form").text)
        assert found
        return found[1]

    return token
