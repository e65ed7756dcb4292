"""Several sign-ins at once, other browsers, sessions that go on and sessions that end."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.authn import sessions, signins
from idp.authn.events import EndReason
from idp.authn.levels import ACR_MFA, ACR_PASSWORD
from idp.authn.signins import Requirement, ShownFor
from idp.authn.tables import Session as SessionRow
from idp.crypto import hash_token
from idp.directory import accounts, customers
from tests import builders
from tests.visitor import Visitor, give_password, pins_of


def begin(visitor: Visitor, **requirement) -> str:
    """Begin a sign-in as an app would; gives its id."""
    if visitor.client.get_cookie("idp_browser") is None:
        visitor.open("/signin")
    browser = hash_token(visitor.client.get_cookie("idp_browser").value)
    with visitor.units.write() as work:
        shown_for = ShownFor(app_name="cloud.phone", form_action_origin="https://app.example")
        return signins.start(work, browser, Requirement(**requirement), "/password/forgot/sent?came=back", shown_for)


def completed(visitor: Visitor, signin_id: str):
    """The session that a sign-in made."""
    with visitor.units.read() as work:
        session_id = signins.completed_session_id(work, signin_id)
        return sessions.find_by_id(work, session_id) if session_id else None


def test_the_end_leads_back_to_the_app_that_asked(visitor, phone_admin):
    signin_id = begin(visitor)
    visitor.open(signins.address(signin_id))
    assert "Weiter zu" in visitor.page.text
    assert "cloud.phone" in visitor.page.text
    assert "form-action 'self' https://app.example" in visitor.page.headers["Content-Security-Policy"]
    visitor.sign_in(phone_admin.username)
    assert visitor.address.endswith("/password/forgot/sent?came=back")
    assert completed(visitor, signin_id).account_id == phone_admin.id


def test_two_tabs_sign_in_independently(visitor, phone_admin, admin):
    first, second = begin(visitor), begin(visitor, fresh=True)
    visitor.open(signins.address(first))
    visitor.sign_in(phone_admin.username)
    visitor.open(signins.address(second))
    visitor.sign_in(phone_admin.username)
    assert completed(visitor, first).id == completed(visitor, second).id


def test_a_tab_left_at_its_login_page_goes_on_when_reloaded_after_a_sign_in_elsewhere(visitor, phone_admin, clock):
    waiting = begin(visitor)
    clock.advance(seconds=5)
    visitor.open(signins.address(begin(visitor)))
    visitor.sign_in(phone_admin.username)
    visitor.open(signins.address(waiting))
    assert visitor.address.endswith("?came=back")


def test_a_fresh_sign_in_asks_whatever_session_there_is(visitor, phone_admin, clock):
    waiting = begin(visitor, fresh=True)
    clock.advance(seconds=5)
    visitor.open(signins.address(begin(visitor)))
    visitor.sign_in(phone_admin.username)
    visitor.open(signins.address(waiting))
    assert visitor.heading == "Anmeldung erforderlich"


@pytest.mark.parametrize("hint", ["somebody@example.com", "Admin.Telefonanlage1"])
def test_the_user_id_stands_in_the_field_already_when_the_app_hints_at_it(visitor, hint):
    visitor.open(signins.address(begin(visitor, username_hint=hint)))
    assert f'value="{hint}"' in visitor.page.text


def test_another_browser_is_told_to_start_in_the_application(visitor, another, phone_admin):
    signin_id = begin(visitor)
    stranger = another()
    stranger.open(signins.address(signin_id))
    assert stranger.page.status_code == 400
    assert "Bitte beginnen Sie in der Anwendung neu" in stranger.page.text


def test_a_form_sent_without_cookies_is_refused(visitor, another, phone_admin):
    visitor.open(signins.address(begin(visitor)))
    form = visitor.form("password")
    answer = another().post(form.action, **form.fields | {"username": phone_admin.username, "password": "x"})
    assert answer.status_code == 400


def test_a_sign_in_that_was_open_for_too_long_says_so_and_offers_a_new_one(visitor, phone_admin, clock):
    visitor.open(signins.address(begin(visitor)))
    clock.advance(minutes=30)
    visitor.send("password", username=phone_admin.username, password="whatever it is")
    assert visitor.page.status_code == 410
    assert "Diese Anmeldung war zu lange geöffnet." in visitor.page.text
    assert "?came=back" in visitor.page.text


def test_the_session_gets_a_new_token_at_each_proof(visitor, phone_admin, units):
    visitor.open(signins.address(begin(visitor)))
    visitor.sign_in(phone_admin.username)
    old = visitor.session
    visitor.open(signins.address(begin(visitor, fresh=True)))
    visitor.sign_in(phone_admin.username)
    assert visitor.session != old
    with units.read() as work:
        assert sessions.find(work, old) is None
        assert sessions.find(work, visitor.session)


def test_another_account_in_the_same_browser_replaces_the_session(visitor, phone_admin, units, unit):
    with unit() as work:
        colleague = builders.active_account(work)
    give_password(units, colleague)
    visitor.open(signins.address(begin(visitor)))
    visitor.sign_in(phone_admin.username)
    visitor.open(signins.address(begin(visitor, fresh=True)))
    visitor.sign_in(colleague.username)
    with units.read() as work:
        ended = work.db.execute(select(SessionRow.account_id, SessionRow.end_reason).where(SessionRow.ended_at.is_not(None))).all()
        assert sessions.find(work, visitor.session).account_id == colleague.id
    assert [tuple(row) for row in ended] == [(phone_admin.id, EndReason.REPLACED.value)]


def signed_in_by_password(visitor, unit, units):
    """A phone admin with a confirmed number, signed in by password alone."""
    with unit() as work:
        account = builders.active_account(work, mobile="+4915155598765")
    give_password(units, account)
    visitor.open(signins.address(begin(visitor)))
    visitor.sign_in(account.username)
    with units.read() as work:
        assert sessions.find(work, visitor.session).acr == ACR_PASSWORD
    return account


def test_where_only_the_pin_is_missing_a_button_sends_it(visitor, unit, units, admin, clock):
    account = signed_in_by_password(visitor, unit, units)
    clock.advance(minutes=5)
    signin_id = begin(visitor, acr=ACR_MFA)
    visitor.open(signins.address(signin_id))
    assert visitor.heading == "SMS PIN erforderlich"
    assert pins_of(visitor.app, account.mobile) == []
    visitor.send("pin/send")
    visitor.send("pin", pin=pins_of(visitor.app, account.mobile)[-1])
    session = completed(visitor, signin_id)
    assert session.acr == ACR_MFA
    assert session.auth_time == clock.now - timedelta(minutes=5)


def test_who_wants_to_be_somebody_else_is_asked_for_a_password_instead(visitor, unit, units, admin):
    signed_in_by_password(visitor, unit, units)
    signin_id = begin(visitor, acr=ACR_MFA)
    visitor.open(signins.address(signin_id) + "?other=1")
    assert visitor.heading == "Anmeldung erforderlich"


def test_an_app_that_demands_more_gets_a_pin_from_who_has_a_confirmed_number(visitor, unit, units, admin):
    with unit() as work:
        account = builders.active_account(work, mobile="+4915155598765")
    give_password(units, account)
    signin_id = begin(visitor, acr=ACR_MFA)
    visitor.open(signins.address(signin_id))
    visitor.sign_in(account.username)
    visitor.send("pin", pin=pins_of(visitor.app, account.mobile)[-1])
    assert completed(visitor, signin_id).acr == ACR_MFA


def test_an_app_that_demands_more_than_the_account_can_reach_is_told_to_the_person(visitor, phone_admin):
    visitor.open(signins.address(begin(visitor, acr=ACR_MFA)))
    visitor.sign_in(phone_admin.username)
    assert visitor.page.status_code == 403
    assert "keine bestätigte Handynummer" in visitor.page.text


def test_an_app_that_only_wishes_more_gets_what_the_account_can_reach(visitor, phone_admin):
    signin_id = begin(visitor, acr=ACR_MFA, acr_is_wish=True)
    visitor.open(signins.address(signin_id))
    visitor.sign_in(phone_admin.username)
    assert completed(visitor, signin_id).acr == ACR_PASSWORD


def test_a_customers_policy_demands_a_pin_of_phone_admins_too(visitor, unit, units, admin):
    with unit() as work:
        account = builders.active_account(work, mobile="+4915155598765")
        customers.set_pin_for_all(work, account.customer_id, True)
    give_password(units, account)
    visitor.open(signins.address(begin(visitor)))
    visitor.sign_in(account.username)
    assert visitor.heading == "SMS PIN erforderlich"


def deactivate(work, account_id) -> None:
    accounts.deactivate(work, accounts.find(work, account_id).customer_id, account_id)


@pytest.mark.parametrize("act", [accounts.lock, deactivate])
def test_locking_and_deactivating_end_the_session(act, visitor, phone_admin, unit, units):
    visitor.open(signins.address(begin(visitor)))
    visitor.sign_in(phone_admin.username)
    with unit() as work:
        act(work, phone_admin.id)
    with units.read() as work:
        assert sessions.find(work, visitor.session) is None
