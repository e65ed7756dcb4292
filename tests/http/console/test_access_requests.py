"""J8's decision: people who asked for an account wait in the console until somebody there approves or rejects, once."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select

from idp.directory import access_requests, customers
from idp.directory.access_requests import AccessRequest, AccessWish
from idp.directory.tables import Account as AccountRow
from idp.web.console import requests as view
from tests import builders
from tests.http.console.administrator import HOME
from tests.visitor import Visitor, mails_of

LIST = "/console/requests"
EMAIL = "nora.neu@example.com"
DECIDED = "Über diese Anfrage wurde bereits entschieden, oder sie ist abgelaufen."


@pytest.fixture
def asked(app, unit, max_muster) -> Callable[..., AccessRequest]:
    """Let somebody ask for an account and prove the mail address: `asked(username="nora")`."""

    def ask(number: str = builders.NUMBER, **said: str) -> AccessRequest:
        known = {"customer_number": number, "given_name": "Nora", "family_name": "Neu", "email": EMAIL, "username": "Nora.Neu"}
        wish = AccessWish(**(known | said))
        with unit() as work:
            access_requests.receive(work, wish, network="192.0.2.77")
        link = mails_of(app, wish.email)[-1].link
        with unit() as work:
            access_requests.verify(work, link.rpartition("/")[2])
            return access_requests.list_waiting(work, customers.find_by_number(work, number).id)[-1]

    return ask


@pytest.fixture
def nora(asked) -> AccessRequest:
    """Nora Neu's request, which waits."""
    return asked()


@pytest.fixture
def usernames(units) -> Callable[[], list[str]]:
    """The user names of all accounts."""

    def read() -> list[str]:
        with units.read() as work:
            return sorted(work.db.scalars(select(AccountRow.username)))

    return read


def address(request: AccessRequest, decision: str) -> str:
    return f"{LIST}/{request.id}/{decision}"


def decide(console, request: AccessRequest, decision: str, **fields: str):
    """Send the form of a decision as its page offers it, with these fields."""
    console.open(address(request, decision))
    form = console.visitor.form(decision)
    return console.post(form.action, **(form.fields | fields))


def subjects(app, to: str = EMAIL) -> list[str]:
    """The mails to an address without the one that proves it."""
    return [mail.subject for mail in mails_of(app, to)][1:]


# --- the list


def test_what_waits_is_listed_and_counted(console, nora):
    console.open(LIST)
    (row,) = console.rows
    assert (row["Vor- und Nachname"], row["E-Mail-Adresse"], row["Gewünschte Nutzerkennung"]) == ("Nora Neu", EMAIL, "Nora.Neu")
    assert "Zugangsanfragen (1)" in console.page.text


def test_without_requests_the_page_says_so(console):
    console.open(LIST)
    assert "Keine Zugangsanfragen" in console.page.text


def test_an_address_that_is_not_proven_is_not_laid_before_anybody(console, unit):
    with unit() as work:
        wish = AccessWish(customer_number=builders.NUMBER, given_name="Nora", family_name="Neu", email=EMAIL, username="nora")
        access_requests.receive(work, wish, network="192.0.2.77")
    console.open(LIST)
    assert EMAIL not in console.page.text


def test_the_oldest_stands_first(console, asked, clock):
    asked(email="one@example.com")
    clock.advance(minutes=5)
    asked(email="two@example.com")
    console.open(LIST)
    assert [row["E-Mail-Adresse"] for row in console.rows] == ["one@example.com", "two@example.com"]


def test_what_was_typed_is_shown_as_text(console, asked):
    request = asked(family_name="O'Neil & Söhne {{ 7*7 }}")
    for page in (LIST, address(request, "approve"), address(request, "reject")):
        console.open(page)
        assert "O&#39;Neil &amp; Söhne {{ 7*7 }}" in console.page.text


# --- »Freigeben«


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_opening_the_question_decides_nothing(console, nora, app, usernames, decision):
    before = usernames()
    console.open(address(nora, decision))
    assert "Nora Neu" in console.heading
    assert (usernames(), subjects(app)) == (before, [])
    console.open(LIST)
    assert len(console.rows) == 1


def test_approving_sends_the_normal_invitation(app, console, nora):
    decide(console, nora, "approve")
    console.follow()
    assert console.flashes == [f"Freigegeben. Die Einladung geht an {EMAIL}."]
    assert "Keine Zugangsanfragen" in console.page.text
    assert subjects(app) == ["Ihr Zugang zum Kundenportal"]
    row = console.row("Nora.Neu")
    assert (row["Status"], row["Rolle"]) == ("Einladung versendet", "Administrator Telefonanlage")
    visitor = Visitor(app)
    visitor.open(mails_of(app, EMAIL)[-1].link)
    assert 'name="new_password"' in visitor.page.text


def test_the_wished_user_name_can_be_replaced(console, nora, usernames):
    decide(console, nora, "approve", username="Nora.Besser")
    assert "Nora.Besser" in usernames()
    assert "Nora.Neu" not in usernames()


def test_a_taken_user_name_is_refused_at_its_field_and_the_request_waits_on(app, console, nora, people):
    people(username="nora.neu")
    answer = decide(console, nora, "approve")
    assert answer.status_code == 422
    assert "nicht verfügbar" in console.problems["username"]
    assert subjects(app) == []
    assert decide(console, nora, "approve", username="Nora.Neu2").status_code == 303


@pytest.mark.parametrize("username", ["", " ", "customer2300229", "a b", "x" * 100_00, "nora\x00neu"])
def test_an_impossible_user_name_is_refused_and_creates_nothing(console, nora, usernames, username):
    before = usernames()
    answer = decide(console, nora, "approve", username=username)
    assert answer.status_code == 422
    assert usernames() == before


def test_a_policy_of_pins_asks_for_a_mobile_number(console, nora, unit, customer):
    with unit() as work:
        customers.set_pin_for_all(work, customer.id, True)
    assert decide(console, nora, "approve").status_code == 422
    assert "mobile" in console.problems
    assert decide(console, nora, "approve", mobile="+49 151 555 12377").status_code == 303


# --- »Ablehnen«


def test_rejecting_asks_creates_nothing_and_tells_the_person(app, console, nora, usernames):
    before = usernames()
    console.open(address(nora, "reject"))
    assert console.heading == "Anfrage von Nora Neu ablehnen?"
    decide(console, nora, "reject")
    console.follow()
    assert console.flashes == ["Die Anfrage von Nora Neu ist abgelehnt."]
    assert console.visitor.page.text.count(EMAIL) == 0
    assert (usernames(), len(subjects(app))) == (before, 1)
    assert "Ihr Zugang zum Kundenportal" not in subjects(app)


# --- once


@pytest.mark.parametrize("second", ["approve", "reject"])
@pytest.mark.parametrize("first", ["approve", "reject"])
def test_what_is_decided_is_not_decided_again(app, console, nora, usernames, first, second):
    console.open(address(nora, second))
    form = console.visitor.form(second)
    decide(console, nora, first)
    before = usernames(), subjects(app)
    console.post(form.action, **(form.fields | {"username": "Ganz.Anders"}))
    console.follow()
    assert console.flashes[-1] == DECIDED
    console.open(address(nora, second))
    assert console.flashes[-1] == DECIDED
    assert (usernames(), subjects(app)) == before


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_what_has_expired_meanwhile_is_not_decided(console, nora, clock, signed_in, max_muster, decision):
    clock.advance(days=31)
    later = signed_in(max_muster)
    later.open(address(nora, decision))
    assert later.flashes[-1] == DECIDED


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("decisions", [("approve", "approve"), ("approve", "reject"), ("reject", "reject")], ids="-".join)
def test_of_two_decisions_at_once_one_counts(app, console, signed_in, max_muster, nora, usernames, monkeypatch, decisions):
    consoles = [console, signed_in(max_muster)]
    before, forms = usernames(), []
    for one, decision in zip(consoles, decisions, strict=True):
        one.open(address(nora, decision))
        forms.append(one.visitor.form(decision))
        assert one.token
    both_have_looked, own, waited = threading.Barrier(2, timeout=30), view._own, threading.local()

    def own_once_both_have_looked(request_id: str) -> AccessRequest:
        found = own(request_id)
        if not hasattr(waited, "over"):
            waited.over = True
            both_have_looked.wait()
        return found

    monkeypatch.setattr(view, "_own", own_once_both_have_looked)
    names = ("Nora.Eins", "Nora.Zwei")
    threads = [
        threading.Thread(target=one.post, args=(form.action,), kwargs=form.fields | {"username": name})
        for one, form, name in zip(consoles, forms, names, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    monkeypatch.undo()
    said = []
    for one in consoles:
        one.follow()
        said.append(one.flashes[-1])
    assert said.count(DECIDED) == 1
    approved = any(words.startswith("Freigegeben") for words in said)
    assert len(usernames()) == len(before) + approved
    assert len(subjects(app)) == 1


# --- whose


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_another_customers_request_is_not_found(app, console, asked, unit, usernames, decision):
    with unit() as work:
        builders.administrator(work, builders.customer(work, builders.OTHER_NUMBER))
    foreign = asked(builders.OTHER_NUMBER)
    before = usernames()
    assert console.open(address(foreign, decision)).status_code == 404
    assert console.post(address(foreign, decision), username="Nora.Neu").status_code == 404
    assert (usernames(), subjects(app)) == (before, [])


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_phone_administrator_decides_nothing(signed_in, nora, people, app, usernames, decision):
    before = usernames()
    tanja = people("active_account", username="Tanja.1")
    visitor = signed_in(tanja).visitor
    assert visitor.open(address(nora, decision)).status_code == 403
    assert visitor.post(address(nora, decision), csrf_token="x").status_code in (400, 403)
    assert (usernames(), subjects(app)) == (sorted([*before, "Tanja.1"]), [])


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_without_the_pages_token_nothing_is_decided(console, nora, app, usernames, decision):
    before = usernames()
    console.open(HOME)
    assert console.visitor.post(address(nora, decision), username="Nora.Neu").status_code == 400
    assert (usernames(), subjects(app)) == (before, [])
