"""Staff sign in by a sign-in of their own; their session is none of the public area's, and the other way round."""

import flask
import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.authn import sessions
from idp.authn.areas import Area
from idp.authn.events import EndReason
from idp.authn.levels import ACR_PASSWORD
from idp.authn.tables import Session
from idp.directory import accounts
from idp.directory.accounts import Account, Role
from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests import builders
from tests.http.oidc import browsing
from tests.http.staff.conftest import CALLBACK, CLIENTS, NEW, new_app
from tests.visitor import Visitor, give_password, pins_of

PAGES = [CLIENTS, NEW, "/staff/clients/app", "/staff/clients/app/edit", "/staff/clients/app/metadata", "/staff/clients/app/secret",
         "/staff/clients/app/registration-token",
         "/staff/clients/app/secret/end-old", "/staff/clients/app/disable", "/staff/clients/app/enable", "/staff/clients/app/delete",
         "/staff/clients/app/registration-token",
         "/staff/resources", "/staff/resources-new", "/staff/resources/seen", "/staff/resources/seen/edit", "/staff/resources/seen/delete",
         "/staff/resource-identifier?value=x", "/staff/resource-scope?value=x", "/staff/resource-client?value=x",
         "/staff/client-resource?value=x",
         "/staff/registration-tokens", "/staff/registration-tokens/new", "/staff/redirect-uri?value=x"]  # fmt: skip


@pytest.fixture(autouse=True)
def _(seen_resource) -> None:
    """There is something to see on each page."""


@pytest.fixture
def visitor(app: flask.Flask) -> Visitor:
    return Visitor(app)


def through_the_signin(app: flask.Flask, visitor: Visitor, account: Account) -> None:
    visitor.sign_in(account.username)
    visitor.send("pin", pin=pins_of(app, builders.MOBILE)[-1])


def test_password_and_pin_lead_back_to_the_page_with_a_session_of_staffs_own(app, visitor: Visitor, operator, units: Units) -> None:
    visitor.open(NEW)
    assert visitor.heading == "Anmeldung erforderlich"
    through_the_signin(app, visitor, operator)
    assert visitor.address == NEW
    assert visitor.session is None
    assert visitor.client.get_cookie("idp_staff").http_only
    with units.read() as work:
        assert work.db.execute(select(Session.area, Session.account_id)).all() == [("staff", operator.id)]


def test_the_sign_in_asks_for_the_pin_each_time(app, visitor: Visitor, operator) -> None:
    visitor.open(CLIENTS)
    visitor.sign_in(operator.username)
    assert visitor.heading == "SMS PIN erforderlich"


def test_a_customer_with_the_right_password_is_told_where_to_sign_in(app, visitor: Visitor, unit, units: Units) -> None:
    with unit() as work:
        max_muster = builders.administrator(work)
    give_password(units, max_muster)
    visitor.open(CLIENTS)
    visitor.sign_in(max_muster.username)
    assert "Diese Anmeldung ist nur für unsere Mitarbeiterinnen und Mitarbeiter." in visitor.page.text
    with units.read() as work:
        assert work.db.execute(select(Session.id)).all() == []


def test_a_customer_with_a_wrong_password_is_not_told_which_it_is(visitor: Visitor, unit) -> None:
    with unit() as work:
        builders.administrator(work)
    visitor.open(CLIENTS)
    visitor.sign_in("customer2300229", "falsch")
    assert "Mitarbeiter" not in visitor.page.text
    assert "Nutzerkennung oder Passwort" in visitor.page.text


def test_the_page_offers_no_way_to_an_account(visitor: Visitor) -> None:
    visitor.open(CLIENTS)
    assert "Benutzerkonto erstellen" not in visitor.page.text
    assert "/password/forgot" in visitor.page.text


@pytest.mark.parametrize("page", PAGES)
def test_a_public_session_opens_no_page(signed_in, operator, registered, page: str) -> None:
    registered()
    visitor = signed_in(operator, area=Area.PUBLIC)
    visitor.open(page)
    assert visitor.heading == "Anmeldung erforderlich"


def test_the_token_of_a_public_session_in_staffs_cookie_counts_for_nothing(signed_in, operator) -> None:
    visitor = signed_in(operator, area=Area.PUBLIC)
    visitor.client.set_cookie("idp_staff", visitor.session)
    visitor.open(CLIENTS)
    assert visitor.heading == "Anmeldung erforderlich"


def test_a_staff_session_is_no_session_for_apps(app, staff: Visitor, registered) -> None:
    registered()
    staff.client.set_cookie("idp_session", staff.client.get_cookie("idp_staff").value)
    answer = browsing.Browser(app)
    answer.client = staff.client
    assert "/signin/" in answer.authorize().location
    assert "login_required" in answer.authorize(prompt="none").location


def test_a_public_sign_in_for_an_app_is_not_finished_by_a_staff_session(app, staff: Visitor, registered) -> None:
    registered()
    staff.open("/signin")
    assert staff.heading == "Anmeldung erforderlich"


@pytest.mark.parametrize("page", PAGES)
def test_the_service_desk_sees_nothing_of_apps(signed_in, unit, registered, page: str) -> None:
    registered(client_name="Geheimer Name")
    with unit() as work:
        servicedesk = builders.staff_account(work, Role.SERVICEDESK)
    visitor = signed_in(servicedesk)
    assert visitor.open(page).status_code == 403
    assert "Apps verwaltet der Betrieb." in visitor.page.text
    assert "Geheimer Name" not in visitor.page.text


@pytest.mark.parametrize("page", [page for page in PAGES if "?" not in page])
def test_the_service_desk_changes_nothing(signed_in, unit, registered, units: Units, page: str) -> None:
    registered()
    with unit() as work:
        servicedesk = builders.staff_account(work, Role.SERVICEDESK)
    visitor = signed_in(servicedesk)
    visitor.open("/staff/")
    token = visitor.form("csrf_token").fields["csrf_token"]
    assert visitor.post(page, csrf_token=token, **new_app()).status_code in (403, 405)
    with units.read() as work:
        assert [record.client.id for record in clients.list_all(work)] == ["app"]
        assert clients.record(work, "app").disabled_at is None


def test_the_service_desk_has_a_start_page(signed_in, unit) -> None:
    with unit() as work:
        servicedesk = builders.staff_account(work, Role.SERVICEDESK)
    visitor = signed_in(servicedesk)
    visitor.open("/staff/")
    assert "Hier gibt es nichts zu tun" in visitor.page.text
    assert CLIENTS not in visitor.page.text


def test_a_session_below_the_second_factor_is_not_enough(signed_in, operator) -> None:
    visitor = signed_in(operator, acr=ACR_PASSWORD)
    visitor.open(CLIENTS)
    assert "/signin/" in visitor.address


def test_a_customers_account_is_not_let_in_by_whatever_session(signed_in, unit) -> None:
    with unit() as work:
        max_muster = builders.administrator(work)
    visitor = signed_in(max_muster)
    visitor.open("/staff/")
    assert visitor.heading == "Anmeldung erforderlich"


def test_an_idle_session_is_out_and_a_form_of_it_changes_nothing(staff: Visitor, clock, units: Units) -> None:
    staff.open(NEW)
    fields = staff.form("client_name").fields
    clock.advance(minutes=31)
    answer = staff.post(NEW, **(fields | new_app()))
    assert (answer.status_code, answer.location) == (303, "/staff/")
    with units.read() as work:
        assert clients.list_all(work) == []


def test_pages_count_as_use_of_the_session(staff: Visitor, clock) -> None:
    for _ in range(3):
        clock.advance(minutes=20)
        assert staff.open(CLIENTS).status_code == 200
        assert staff.heading == "Apps"


def test_who_is_locked_meanwhile_is_out(staff: Visitor, unit, operator) -> None:
    with unit() as work:
        accounts.lock(work, operator.id)
    staff.open(CLIENTS)
    assert staff.heading == "Anmeldung erforderlich"


def test_signing_out_ends_the_session_and_says_so(staff: Visitor, units: Units, operator) -> None:
    staff.open(CLIENTS)
    staff.send("/staff/sign-out")
    assert staff.heading == "Sie sind abgemeldet"
    assert staff.client.get_cookie("idp_staff") is None
    with units.read() as work:
        assert sessions.live_of(work, operator.id, Area.STAFF) == []
        noted = work.db.execute(select(AuditEvent.actor_kind, AuditEvent.actor_id).where(AuditEvent.event == "logout.requested")).all()
    assert noted == [("staff", operator.id)]
    staff.open(CLIENTS)
    assert staff.heading == "Anmeldung erforderlich"


def test_signing_out_elsewhere_leaves_the_staff_session_alone(app, staff: Visitor, unit, operator) -> None:
    with unit() as work:
        sessions.end_of_person(work, operator.id, EndReason.LOGOUT)
    assert staff.open(CLIENTS).status_code == 200


def test_the_page_is_told_when_the_session_ends(staff: Visitor, clock) -> None:
    staff.open(CLIENTS)
    assert staff.client.get("/staff/session").json == {"idle_in": 1800, "ends_in": 36000}
    token = staff.form("csrf_token").fields["csrf_token"]
    clock.advance(minutes=10)
    assert staff.client.post("/staff/session", data={"csrf_token": token}).json == {"idle_in": 1800, "ends_in": 35400}
    clock.advance(minutes=31)
    assert staff.client.get("/staff/session").status_code == 401


@pytest.mark.parametrize("page", [page for page in PAGES if "?" not in page])
def test_without_token_no_form_is_taken(staff: Visitor, registered, units: Units, page: str) -> None:
    registered()
    staff.open(CLIENTS)
    assert staff.post(page, **new_app()).status_code in (400, 405)
    with units.read() as work:
        assert [record.client.id for record in clients.list_all(work)] == ["app"]


def test_a_form_of_another_site_is_refused(staff: Visitor, units: Units) -> None:
    staff.open(NEW)
    fields = staff.form("client_name").fields | new_app()
    answer = staff.client.post(NEW, data=fields, headers={"Sec-Fetch-Site": "cross-site"}, base_url="http://localhost")
    assert answer.status_code == 400
    with units.read() as work:
        assert clients.list_all(work) == []


def test_the_audit_log_names_the_operator(staff: Visitor, operator, units: Units) -> None:
    staff.open(NEW)
    staff.send("client_name", **new_app(redirect_uris=CALLBACK))
    with units.read() as work:
        query = select(AuditEvent.actor_kind, AuditEvent.actor_id, AuditEvent.client_id).where(AuditEvent.event == "client.created")
        assert work.db.execute(query).all() == [("staff", operator.id, "kalender")]
