"""The provider with one customer, one signed-in phone administrator, and the app `app`."""

import flask
import pytest

from idp.unit_of_work import Units
from tests.http.oidc import browsing
from tests.http.oidc.relying import RelyingParty


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
