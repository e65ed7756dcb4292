"""Who may enter the console, and where everybody else is led."""

import pytest

from idp.authn import sessions
from idp.authn.events import EndReason
from idp.authn.levels import ACR_PASSWORD
from idp.directory.accounts import Role, deactivate
from tests import builders
from tests.http.console.administrator import HOME, MOBILE
from tests.visitor import Visitor, give_password, pins_of

PAGE = "/console/accounts/new"


@pytest.fixture
def visitor(app):
    return Visitor(app)


def through_the_signin(app, visitor, account):
    visitor.sign_in(account.username)
    visitor.send("pin", pin=pins_of(app, MOBILE)[-1])


def test_an_administrator_with_a_second_factor_enters(console):
    assert console.open(HOME).status_code == 200
    assert console.heading == "Benutzerkonten"


def test_who_is_not_signed_in_signs_in_with_a_pin_and_comes_back_to_the_page(app, visitor, max_muster):
    visitor.open(PAGE + "?lang=de")
    assert visitor.heading == "Anmeldung erforderlich"
    through_the_signin(app, visitor, max_muster)
    assert visitor.address == PAGE + "?lang=de"
    assert visitor.heading == "Benutzerkonto erstellen"


def test_a_session_by_password_alone_is_asked_for_the_pin(app, signed_in, max_muster):
    console = signed_in(max_muster, acr=ACR_PASSWORD)
    console.open(PAGE)
    assert "/signin/" in console.address
    assert 'name="password"' not in console.page.text


def test_a_form_without_session_leads_to_the_signin_and_changes_nothing(app, visitor, max_muster, units):
    visitor.open("/signin")
    token = visitor.form("password").fields["csrf_token"]
    answer = visitor.post(f"/console/accounts/{max_muster.id}/deactivate", csrf_token=token)
    assert (answer.status_code, answer.location) == (303, HOME)
    visitor.open(answer.location)
    assert visitor.heading == "Anmeldung erforderlich"
    with units.read() as work:
        assert builders.refreshed(work, max_muster).is_active


@pytest.mark.parametrize("acr", ["urn:idp:acr:password", "urn:idp:acr:mfa"])
def test_an_administrator_of_the_phone_system_is_told_whom_to_ask(signed_in, people, max_muster, acr):
    console = signed_in(people("active_account", mobile=MOBILE), acr=acr)
    assert console.open(HOME).status_code == 403
    assert "Die Benutzerverwaltung ist für den Administrator Kundenportal." in console.page.text


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SERVICEDESK])
def test_staff_are_refused(signed_in, unit, max_muster, role):
    with unit() as work:
        account = builders.staff_account(work, role)
    console = signed_in(account)
    assert console.open(HOME).status_code == 403
    assert "Muster GmbH" not in console.page.text


def test_a_phone_administrator_who_signs_in_for_the_console_is_told_too(app, visitor, units, people, max_muster):
    account = give_password(units, people("active_account", mobile=MOBILE))
    visitor.open(HOME)
    through_the_signin(app, visitor, account)
    assert visitor.page.status_code == 403


def test_who_is_deactivated_meanwhile_is_out_at_the_next_click(console, unit, customer, max_muster, people):
    people("active_account", role=Role.ADMINISTRATOR_KUNDENPORTAL)
    console.open(HOME)
    with unit() as work:
        deactivate(work, customer.id, max_muster.id)
    console.open(HOME)
    assert console.heading == "Anmeldung erforderlich"


def test_who_is_deactivated_meanwhile_changes_nothing_by_a_form_that_is_open(console, unit, customer, max_muster, people, now):
    other = people("active_account", role=Role.ADMINISTRATOR_KUNDENPORTAL)
    assert console.token
    with unit() as work:
        deactivate(work, customer.id, max_muster.id)
    assert console.post(f"/console/accounts/{other.id}/deactivate").location == HOME
    assert now(other).is_active


def test_a_session_that_was_ended_elsewhere_is_out(console, unit, max_muster):
    console.open(HOME)
    with unit() as work:
        sessions.end_all_of(work, [max_muster.id], EndReason.LOGOUT)
    console.open(HOME)
    assert console.heading == "Anmeldung erforderlich"


def test_every_page_counts_as_use_of_the_session(console, clock):
    for _ in range(5):
        clock.advance(minutes=20)
        assert console.open(HOME).status_code == 200
        assert console.heading == "Benutzerkonten"


def test_an_idle_session_is_out(console, clock):
    console.open(HOME)
    clock.advance(minutes=31)
    console.open(HOME)
    assert console.heading == "Anmeldung erforderlich"


def test_a_very_long_address_is_not_kept_over_the_signin(app, visitor, max_muster):
    visitor.open(HOME + "?search=" + "x" * 3000)
    assert visitor.heading == "Anmeldung erforderlich"
    through_the_signin(app, visitor, max_muster)
    assert visitor.address == HOME
