"""The provider with one customer, one signed-in phone administrator, and the app `app`, which holds a key."""

import flask
import pytest

from idp.unit_of_work import Units
from tests.http.oidc import browsing
from tests.http.oidc.dpop.proofs import KeyHolder, Prover
from tests.http.oidc.relying import machine


@pytest.fixture
def party(app: flask.Flask, units: Units) -> KeyHolder:
    """The app, first party, with a secret and a key."""
    with units.write() as work:
        browsing.registered(work)
    return KeyHolder(app)


@pytest.fixture
def prover(app: flask.Flask) -> Prover:
    """A key that belongs to nobody."""
    return Prover(app)


@pytest.fixture
def ordering(app: flask.Flask, units: Units) -> KeyHolder:
    """A client that asks in its own right."""
    with units.write() as work:
        machine(work)
    return KeyHolder(app, "ordering")
