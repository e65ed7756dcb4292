"""Deactivating and reactivating: asked before, effective at once, and never the end of a customer's last administrator."""

import threading
from datetime import datetime

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.authn import sessions
from idp.directory.accounts import Account, Role, lock
from idp.oidc.tokens import session_clients
from idp.outbox.tables import Job
from idp.web.console import standing
from tests.http.console.administrator import HOME
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty
from tests.visitor import PASSWORD, Visitor, deliver, give_password, mails_of, pins_of

ADMIN = Role.ADMINISTRATOR_KUNDENPORTAL


@pytest.fixture
def tanja(people, units) -> Account:
    """Tanja Testerin, an active phone administrator with a password."""
    return give_password(units, people("active_account", username="Tanja.1"))


@pytest.fixture
def invited(people) -> Account:
    """Ines Inbox, invited."""
    return people(username="Ines.1", given_name="Ines", family_name="Inbox", email="ines@example.com")


@pytest.fixture
def second(people) -> Account:
    """A second active Administrator Kundenportal."""
    return people("active_account", role=ADMIN, username="Zweite.1", given_name="Zoe", family_name="Zweit", mobile="+4915155512399")


@pytest.fixture
def noted(units):
    """Tell what the audit log says of events: actor, account, reason."""

    def read(event: str) -> list[tuple]:
        with units.read() as work:
            query = select(AuditEvent.actor_id, AuditEvent.account_id, AuditEvent.detail).where(AuditEvent.event == event)
            return [(actor, account, detail.get("reason")) for actor, account, detail in work.db.execute(query)]

    return read


def address(account: Account, what: str = "deactivate") -> str:
    return f"/console/accounts/{account.id}/{what}"


def signs_in(app, account: Account) -> bool:
    visitor = Visitor(app)
    visitor.sign_in(account.username, PASSWORD)
    return visitor.session is not None


# --- the question


def test_the_question_names_person_and_consequence_and_changes_nothing(console, tanja, now):
    console.open(address(tanja))
    assert console.heading == "Tanja Testerin (Tanja.1) deaktivieren?"
    assert "Die Person wird sofort überall abgemeldet" in console.page.text
    assert now(tanja).is_active


def test_the_question_about_somebody_invited_speaks_of_the_invitation(console, invited):
    console.open(address(invited))
    assert "Der Link der Einladung gilt nicht mehr" in console.page.text


@pytest.mark.parametrize("token", [{}, {"csrf_token": ""}, {"csrf_token": "made.up.token"}])
@pytest.mark.parametrize("what", ["deactivate", "reactivate"])
def test_without_the_pages_token_nothing_changes(console, tanja, now, what, token):
    console.open(address(tanja, what))
    assert console.visitor.post(address(tanja, what), **token).status_code == 400
    assert now(tanja) == tanja


# --- and what it does


def test_a_deactivated_account_says_so_in_the_list_and_in_the_log(console, tanja, max_muster, noted):
    console.submit(address(tanja))
    console.follow()
    assert console.flashes == ["Tanja Testerin ist deaktiviert und wurde überall abgemeldet."]
    assert console.row("Tanja.1")["Status"] == "Deaktiviert"
    assert [entry[:2] for entry in noted("account.deactivated")] == [(max_muster.id, tanja.id)]


def test_deactivating_twice_is_once(console, tanja, noted):
    for _ in range(2):
        assert console.submit(address(tanja)).status_code == 303
    assert len(noted("account.deactivated")) == 1


def test_deactivating_ends_every_session_and_token_and_the_apps_are_told(app, console, tanja, unit, units):
    with unit() as work:
        app_client = browsing.registered(work, backchannel_logout_uri="https://app.example/backchannel").client
    browser = Browser(app)
    session = browser.with_session(tanja)
    party = RelyingParty(app)
    tokens = party.tokens(browser, scope="openid offline_access", prompt="consent")
    with unit() as work:
        sid = session_clients.remember(work, session.id, app_client)
    console.submit(address(tanja))
    assert party.userinfo(tokens["access_token"]).status_code == 401
    assert not party.is_active(tokens["access_token"])
    assert party.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    with units.read() as work:
        assert sessions.live_of(work, tanja.id) == []
        (told,) = work.db.scalars(select(Job.payload).where(Job.kind == "logout_token"))
    assert told == {"client_id": "app", "sid": sid, "account_id": tanja.id}


def test_a_code_of_somebody_deactivated_meanwhile_is_worth_nothing(app, console, tanja, unit):
    with unit() as work:
        browsing.registered(work)
    browser, party = Browser(app), RelyingParty(app)
    browser.with_session(tanja)
    code = party.code(browser)
    console.submit(address(tanja))
    assert party.redeem(code).json["error"] == "invalid_grant"


def test_a_session_of_somebody_deactivated_leads_to_the_sign_in(app, console, tanja, unit):
    with unit() as work:
        browsing.registered(work)
    browser = Browser(app)
    browser.with_session(tanja)
    console.submit(address(tanja))
    assert "/signin/" in browser.authorize().location


def test_a_sign_in_that_waits_for_its_pin_does_not_get_in_any_more(app, console, second, units):
    give_password(units, second)
    visitor = Visitor(app)
    visitor.sign_in(second.username)
    (pin,) = pins_of(app, second.mobile)
    console.submit(address(second))
    visitor.send("pin", pin=pin)
    assert visitor.session is None


def test_an_administrator_deactivated_meanwhile_deactivates_nobody_by_a_form_that_is_open(console, signed_in, second, tanja, now):
    other = signed_in(second)
    assert other.token
    console.submit(address(second))
    other.post(address(tanja))
    assert now(tanja).is_active


def test_the_link_of_a_deactivated_account_leads_nowhere_until_it_is_reactivated(app, console, invited):
    (mail,) = mails_of(app, invited.email)
    console.submit(address(invited))
    visitor = Visitor(app)
    visitor.open(mail.link)
    assert 'name="new_password"' not in visitor.page.text
    console.submit(address(invited, "reactivate"))
    visitor.open(mail.link)
    assert 'name="new_password"' in visitor.page.text


def test_a_planned_invitation_is_not_sent_to_a_deactivated_account(app, console, people, clock):
    planned = people(username="Petra.1", email="petra@example.com", send_at=datetime.fromisoformat("2026-03-02T14:00"))
    console.submit(address(planned))
    clock.advance(hours=2)
    deliver(app)
    assert mails_of(app, planned.email) == []


# --- and back


def test_reactivating_asks_and_lets_in_again_with_the_same_password(app, console, tanja, max_muster, noted):
    console.submit(address(tanja))
    assert not signs_in(app, tanja)
    console.open(address(tanja, "reactivate"))
    assert console.heading == "Tanja Testerin (Tanja.1) reaktivieren?"
    assert not signs_in(app, tanja)
    console.submit(address(tanja, "reactivate"))
    console.follow()
    assert console.flashes == ["Tanja Testerin ist reaktiviert."]
    assert signs_in(app, tanja)
    assert [entry[:2] for entry in noted("account.reactivated")] == [(max_muster.id, tanja.id)]


def test_reactivating_brings_no_session_back(app, console, tanja):
    browser = Browser(app)
    browser.with_session(tanja)
    console.submit(address(tanja))
    console.submit(address(tanja, "reactivate"))
    assert browser.get(HOME).location.startswith(("/signin/", "http://localhost/signin/"))


def test_reactivating_does_not_unlock(console, tanja, unit, now):
    with unit() as work:
        lock(work, tanja.id)
    console.submit(address(tanja))
    console.submit(address(tanja, "reactivate"))
    assert console.row("Tanja.1")["Status"] == "Gesperrt"
    assert not now(tanja).is_active


# --- the last one, and oneself


def test_nobody_deactivates_the_own_account(console, max_muster, second, now, noted):
    answer = console.submit(address(max_muster))
    assert answer.status_code == 403
    assert "Ihr eigenes Benutzerkonto können Sie nicht deaktivieren" in answer.text
    assert now(max_muster).is_active
    assert noted("account.change_refused") == [(max_muster.id, max_muster.id, "not_yourself")]


def test_an_invited_administrator_is_no_reason_to_let_the_last_active_one_go(console, people, max_muster, now):
    people(role=ADMIN, username="Bald.1", mobile="+4915155512388")
    assert console.submit(address(max_muster)).status_code == 403
    assert now(max_muster).is_active


@pytest.fixture
def at_once(signed_in, monkeypatch):
    """Let two administrators deactivate each other, both let in before either has written; gives the answers by status."""

    def run(first: Account, second: Account) -> list:
        pairs = [(signed_in(first), second), (signed_in(second), first)]
        for console, _ in pairs:
            assert console.token
        both_are_in, own, waited = threading.Barrier(2, timeout=30), standing._own, threading.local()

        def own_once_both_are_in(account_id: str) -> Account:
            found = own(account_id)
            if not hasattr(waited, "over"):
                waited.over = True
                both_are_in.wait()
            return found

        monkeypatch.setattr(standing, "_own", own_once_both_are_in)
        threads = [threading.Thread(target=console.post, args=(address(other),)) for console, other in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return sorted((console.page for console, _ in pairs), key=lambda page: page.status_code)

    return run


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_two_administrators_who_deactivate_each_other_at_once_leave_one(at_once, max_muster, second, now, noted):
    answers = at_once(max_muster, second)
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "Das ist der letzte aktive Administrator Kundenportal." in answers[1].text
    assert [now(account).is_active for account in (max_muster, second)].count(True) == 1
    assert len(noted("account.deactivated")) == 1
    assert [reason for *_, reason in noted("account.change_refused")] == ["last_administrator"]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_who_is_deactivated_at_the_same_moment_deactivates_nobody_though_a_third_is_left(at_once, people, max_muster, second, now, noted):
    people("active_account", role=ADMIN, username="Dritte.1", mobile="+4915155512366")
    assert [answer.status_code for answer in at_once(max_muster, second)] == [303, 403]
    assert [now(account).is_active for account in (max_muster, second)].count(True) == 1
    assert [reason for *_, reason in noted("account.change_refused")] == ["not_allowed"]
