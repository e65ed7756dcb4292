"""Operators give an app that registered itself another token to manage itself with."""

import flask
import pytest

from idp.oidc.clients import initial_tokens
from idp.unit_of_work import Units
from tests.http.oidc.registration.conftest import Registrar
from tests.http.staff.conftest import CLIENTS
from tests.http.staff.operating import APP, confirmed, said, shown_values
from tests.visitor import Visitor


@pytest.fixture
def registrar(app: flask.Flask, units: Units) -> Registrar:
    """Somebody whom the operator gave a token."""
    with units.write() as work:
        return Registrar(app, initial_tokens.create(work, "the tests").secret)


@pytest.fixture
def made(registrar: Registrar) -> dict:
    """An app that registered itself."""
    return registrar.made()


def test_rfc7592_2_1_a_new_registration_token_is_shown_once_and_the_old_one_ends(staff: Visitor, registrar, made) -> None:
    page = f"{CLIENTS}/{made['client_id']}"
    assert f"{page}/registration-token" in staff.open(page).text
    shown = confirmed(staff, f"{page}/registration-token")
    assert (shown.status_code, shown.headers["Cache-Control"]) == (201, "no-store")
    token, address = shown_values(shown.text)
    assert address == made["registration_client_uri"]
    assert registrar.managing(made).status_code == 401
    assert registrar.managing(made, token=token).status_code == 200
    assert token not in staff.open(page).text


def test_asking_twice_makes_one_token(staff: Visitor, registrar, made, clock) -> None:
    page = f"{CLIENTS}/{made['client_id']}"
    clock.advance(minutes=1)
    staff.open(f"{page}/registration-token")
    fields = staff.form("seen").fields
    token = shown_values(staff.post(f"{page}/registration-token", **fields).text)[0]
    clock.advance(seconds=1)
    assert staff.post(f"{page}/registration-token", **fields).location == page
    for seen in ("", "yesterday"):
        assert staff.post(f"{page}/registration-token", **(fields | {"seen": seen})).location == page
    assert registrar.managing(made, token=token).status_code == 200


def test_an_app_of_the_operators_own_has_no_such_token(staff: Visitor, registered) -> None:
    registered()
    assert f"{APP}/registration-token" not in staff.open(APP).text
    assert "Eigene Registrierung" not in said(staff.page.text)
    staff.open(f"{APP}/registration-token")
    assert staff.address == APP


def test_an_unknown_app_is_not_found(staff: Visitor) -> None:
    assert staff.open(f"{CLIENTS}/nobody/registration-token").status_code == 404
