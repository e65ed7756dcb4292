"""Sending an invitation again, and moving or taking back a planned one."""

from datetime import datetime

import pytest

from idp.directory.accounts import deactivate, lock
from tests import builders
from tests.http.console.administrator import HOME
from tests.visitor import Visitor, deliver, mails_of

LATER = datetime.fromisoformat("2026-03-10T09:00")


@pytest.fixture
def tanja(people):
    """Tanja Testerin, invited."""
    return people(username="Tanja.1", email="tanja@example.com")


@pytest.fixture
def planned(people):
    """Petra Plan, whose invitation waits until Tuesday, 10 March, 09:00."""
    return people(username="Petra.1", given_name="Petra", family_name="Plan", email="petra@example.com", send_at=LATER)


def address(account, what):
    return f"/console/accounts/{account.id}/invitation/{what}"


def press(console, account, what="send"):
    """Press a row's button in the list."""
    console.row(account.username)
    console.visitor.send(address(account, what))


# --- again


def test_a_new_invitation_goes_out_and_the_link_before_is_void(app, console, tanja):
    [first] = mails_of(app, tanja.email)
    press(console, tanja)
    assert console.flashes == ["Eine neue Einladung geht an tanja@example.com. Frühere Links sind ungültig."]
    first, second = mails_of(app, tanja.email)
    visitor = Visitor(app)
    visitor.open(first.link)
    assert 'name="new_password"' not in visitor.page.text
    visitor.open(second.link)
    assert 'name="new_password"' in visitor.page.text


def test_pressing_twice_sends_one_mail(app, console, tanja):
    deliver(app)
    console.row(tanja.username)
    form = console.visitor.form(address(tanja, "send"))
    answers = [console.post(form.action, **form.fields).status_code for _ in range(2)]
    assert answers == [303, 303]
    console.follow()
    assert console.flashes[-1] == (
        "Die Einladung hat sich inzwischen geändert; es wurde nichts weiter gesendet. Die Liste zeigt den Stand."
    )
    deliver(app)
    assert len(mails_of(app, tanja.email)) == 2  # with the first invitation


def test_an_expired_invitation_is_sent_again(app, tanja, clock, signed_in, max_muster):
    clock.advance(days=15)
    console = signed_in(max_muster)
    assert console.row(tanja.username)["Status"] == "Einladung abgelaufen"
    press(console, tanja)
    assert console.row(tanja.username)["Status"] == "Einladung versendet"


def test_invitations_of_one_account_are_limited(app, console, tanja):
    for _ in range(10):
        deliver(app)
        press(console, tanja)
    assert console.flashes == ["Zu viele Versuche. Bitte warten Sie einen Moment und versuchen Sie es noch einmal."]
    assert len(mails_of(app, tanja.email)) == 10


@pytest.mark.parametrize("state", ["active", "deactivated", "locked"])
def test_who_cannot_be_invited_gets_no_mail(app, console, unit, people, customer, state):
    account = people("active_account" if state == "active" else "invited_account")
    sent = len(mails_of(app, account.email))
    with unit() as work:
        if state == "deactivated":
            deactivate(work, customer.id, account.id)
        if state == "locked":
            lock(work, account.id)
    assert console.post(address(account, "send")).status_code == 303
    console.follow()
    assert len(console.flashes) == 1
    assert len(mails_of(app, account.email)) == sent


# --- planned ones


def test_a_planned_invitation_is_sent_now_instead(app, console, planned):
    assert mails_of(app, planned.email) == []
    press(console, planned)
    assert len(mails_of(app, planned.email)) == 1
    assert console.row(planned.username)["Einladungsversand"] == "Nein"


def test_a_planned_invitation_is_moved(app, console, planned, clock):
    console.open(address(planned, "move"))
    assert console.heading == "Geplanten Zeitpunkt ändern"
    assert console.visitor.form("send_at").fields["send_at"] == "2026-03-10T09:00"
    console.post(address(planned, "move"), send_at="2026-03-02T13:05")
    console.follow()
    assert console.flashes == ["Die Einladung für Petra Plan ist neu geplant."]
    assert console.row(planned.username)["Geplant bis"] == "Mo., 02.03.2026, 13:05 Uhr"
    clock.advance(minutes=5)
    assert len(mails_of(app, planned.email)) == 1


@pytest.mark.parametrize("when", ["2026-03-02T12:59", "2026-03-29T02:30", "2030-01-01T10:00", "0001-01-01T00:00", "bald", ""])
def test_an_invitation_is_not_moved_to_a_time_that_cannot_be(console, planned, when):
    assert console.submit(address(planned, "move"), send_at=when).status_code == 422
    assert list(console.problems) == ["send_at"]
    assert console.row(planned.username)["Geplant bis"] == "Di., 10.03.2026, 09:00 Uhr"


def test_a_planned_invitation_is_taken_back_after_a_question(app, console, planned, clock, signed_in, max_muster):
    console.open(address(planned, "cancel"))
    assert console.heading == "Einladung für Petra Plan (Petra.1) zurücknehmen?"
    assert "Es wird keine E-Mail gesendet." in console.page.text
    console.post(address(planned, "cancel"))
    console.follow()
    assert console.flashes == ["Die Einladung für Petra Plan ist zurückgenommen. Das Konto bleibt; Sie können später einladen."]
    assert console.row(planned.username)["Status"] == "Nicht eingeladen"
    clock.advance(days=10)
    assert mails_of(app, planned.email) == []


def test_asking_takes_nothing_back(console, planned):
    console.open(address(planned, "cancel"))
    assert console.row(planned.username)["Status"] == "Einladung geplant"


@pytest.mark.parametrize("what", ["move", "cancel"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_has_been_sent_meanwhile_is_neither_moved_nor_taken_back(app, planned, clock, signed_in, max_muster, what, method):
    clock.advance(days=8)
    deliver(app)
    console = signed_in(max_muster)
    page = console.open(address(planned, what)) if method == "GET" else console.post(address(planned, what), send_at="2026-04-10T09:00")
    assert page.status_code == (200 if method == "GET" else 303)
    if method == "POST":
        console.follow()
    assert console.address == HOME
    assert console.flashes == ["Es wartet keine geplante Einladung mehr; vielleicht wurde sie gerade versendet."]
    assert console.row(planned.username)["Status"] == "Einladung versendet"


def test_a_planned_time_that_comes_between_question_and_answer_wins(app, console, planned, unit, units, clock):
    """The mail leaves between the page and its form."""
    console.submit(address(planned, "move"), send_at="2026-03-02T13:01")
    console.open(address(planned, "cancel"))
    clock.advance(minutes=1)
    deliver(app)
    assert console.post(address(planned, "cancel")).status_code == 303
    with units.read() as work:
        assert builders.refreshed(work, planned).activated_at is None
    assert console.row(planned.username)["Status"] == "Einladung versendet"
