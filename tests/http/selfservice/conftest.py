"""A customer that somebody wants an account of."""

from collections.abc import Callable

import flask
import pytest

from idp.directory.accounts import Account
from tests import builders
from tests.visitor import Visitor


@pytest.fixture
def admin(unit) -> Account:
    """Max Muster, Administrator Kundenportal of customer 2300229, active."""
    with unit() as work:
        return builders.administrator(work)


@pytest.fixture
def visitor(app: flask.Flask) -> Visitor:
    """A browser."""
    return Visitor(app)


@pytest.fixture
def another(app: flask.Flask) -> Callable[..., Visitor]:
    """Make further browsers."""

    def make(**options: str) -> Visitor:
        return Visitor(app, **options)

    return make
