"""Staff of the carrier in their own pages."""

from collections.abc import Callable

import flask
import pytest
from sqlalchemy import update

from idp import crypto
from idp.authn import sessions
from idp.authn.areas import Area
from idp.authn.levels import ACR_MFA, AMR_OF
from idp.directory.accounts import Account, Role
from idp.identifiers import new_token
from idp.oidc.clients import clients, resources
from idp.oidc.clients.resources import Resource
from idp.oidc.clients.tables import Resource as ResourceRow
from idp.unit_of_work import SYSTEM, Units
from tests import builders
from tests.http.oidc import browsing
from tests.visitor import Visitor, give_password

CLIENTS = "/staff/clients"
NEW = "/staff/clients-new"
CALLBACK = "https://app.example/callback"


@pytest.fixture
def operator(unit, units: Units) -> Account:
    """Somebody of operations."""
    with unit() as work:
        account = builders.staff_account(work, Role.OPERATOR, username="betrieb", given_name="Bea", family_name="Betrieb")
    return give_password(units, account)


def staff_browser(app: flask.Flask, account: Account, *, acr: str = ACR_MFA, area: Area = Area.STAFF) -> Visitor:
    """Give a browser in which an account has a session of an area already."""
    visitor, browser = Visitor(app), new_token()
    with visitor.units.write(SYSTEM) as work:
        _, token = sessions.start(
            work, account, acr=acr, amr=AMR_OF[acr], browser=crypto.hash_token(browser), signin_id=None, device_label="Test",
            replaces=None, area=area,
        )  # fmt: skip
    visitor.client.set_cookie("idp_browser", browser)
    visitor.client.set_cookie("idp_staff" if area is Area.STAFF else "idp_session", token)
    return visitor


@pytest.fixture
def signed_in(app: flask.Flask) -> Callable[..., Visitor]:
    """Open staff's pages for an account: `signed_in(account)`."""
    return lambda account, **options: staff_browser(app, account, **options)


@pytest.fixture
def staff(signed_in, operator: Account) -> Visitor:
    """Bea Betrieb in staff's pages."""
    return signed_in(operator)


@pytest.fixture
def seen_resource(unit) -> Resource:
    """A resource whose id is `seen`."""
    with unit() as work:
        made = resources.create(work, "https://seen.example/api", name="Geheimer Dienst", scopes=["seen:read"])
        work.db.execute(update(ResourceRow).values(id="seen"))
    return made


@pytest.fixture
def registered(unit) -> Callable[..., clients.Client]:
    """Register an app: `registered("app", client_name="…")`."""

    def make(client_id: str = "app", **metadata: object) -> clients.Client:
        with unit() as work:
            return browsing.registered(work, client_id, **metadata).client

    return make


def new_app(**changes: str) -> dict[str, str]:
    """What an operator fills in for a web app."""
    known = {"client_name": "Kalender", "kind": "web", "redirect_uris": CALLBACK, "scope": "openid profile", "client_id": "kalender"}
    known["first_party"] = ""
    return known | changes
