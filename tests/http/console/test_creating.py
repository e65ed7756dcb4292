"""»Benutzerkonto erstellen«: who can be created, when the invitation goes out, and what is refused."""

import pytest

from idp.directory import contracts
from idp.directory.accounts import find_by_username
from tests import builders
from tests.http.console.administrator import HOME, MOBILE, new_person
from tests.visitor import deliver, mails_of

PAGE = "/console/accounts/new"
EMAIL = "tanja.testerin@example.com"


@pytest.fixture
def created(units):
    """Find an account by its user name."""

    def find(username="Admin.Telefonanlage1"):
        with units.read() as work:
            return find_by_username(work, username)

    return find


@pytest.fixture
def limits(units):
    """Read to which contracts an account is limited."""

    def read(account):
        with units.read() as work:
            return sorted(contracts.granted(work, account.id)) if account.limited_to_contracts else None

    return read


def test_a_phone_administrator_is_created_and_invited_at_once(app, console):
    console.submit(PAGE, **new_person())
    console.follow()
    assert console.address == HOME
    assert console.flashes == [f"Das Konto Admin.Telefonanlage1 ist angelegt; die Einladung geht an {EMAIL}."]
    row = console.row("Admin.Telefonanlage1")
    assert row["Status"] == "Einladung versendet"
    [mail] = mails_of(app, EMAIL)
    assert "Ihr Benutzername lautet: Admin.Telefonanlage1" in mail.text


def test_a_further_portal_administrator_is_created(console):
    console.submit(PAGE, **new_person(type="administrator-kundenportal", role="administrator-kundenportal", mobile="0151 5551 2345"))
    row = console.row("Admin.Telefonanlage1")
    assert (row["Rolle"], row["Handynummer"]) == ("Administrator Kundenportal", "+49 151 5551 2345")


def test_a_role_left_open_follows_the_type(console, created):
    console.submit(PAGE, **new_person(type="administrator-kundenportal", role="", mobile=MOBILE))
    assert created().role == "administrator-kundenportal"


def test_the_role_counts_where_it_differs_from_the_type(console, created):
    console.submit(PAGE, **new_person(type="administrator-kundenportal", role="administrator-telefonanlage"))
    assert created().role == "administrator-telefonanlage"


def test_a_portal_administrator_needs_a_mobile_number(console, created):
    assert console.submit(PAGE, **new_person(role="administrator-kundenportal")).status_code == 422
    assert list(console.problems) == ["mobile"]
    assert created() is None


@pytest.mark.parametrize("number", ["0211 550011", "12", "+44 7700 900123", "keine"])
def test_what_is_no_mobile_number_is_refused_at_its_field(console, created, number):
    assert console.submit(PAGE, **new_person(mobile=number)).status_code == 422
    assert list(console.problems) == ["mobile"]
    assert created() is None


def test_what_was_typed_is_kept_beside_the_problems(console):
    console.submit(PAGE, **new_person(email="niemand", sending="later", send_at="2026-03-10T09:00"))
    fields = console.visitor.form("username").fields
    assert (fields["username"], fields["email"], fields["send_at"]) == ("Admin.Telefonanlage1", "niemand", "2026-03-10T09:00")


def test_problems_are_listed_in_the_order_of_the_page(console):
    console.submit(PAGE, **new_person(username="", given_name="", email="", sending="later"))
    assert list(console.problems)[::-1] == ["username", "given_name", "email", "send_at"]


# --- user names


def test_a_taken_name_is_refused_with_free_ones(console, people):
    people(username="Admin.Telefonanlage1")
    assert console.submit(PAGE, **new_person()).status_code == 422
    assert console.problems == {
        "username": "Diese Nutzerkennung ist nicht verfügbar. Frei sind: Admin.Telefonanlage12, Admin.Telefonanlage13, Tanja.Testerin."
    }


def test_a_name_of_another_customer_is_taken_too_and_nothing_else_is_told(console, unit):
    with unit() as work:
        other = builders.customer(work, builders.OTHER_NUMBER)
        builders.invited_account(work, other, username="Fremde.Kennung")
    console.submit(PAGE, **new_person(username="FREMDE.kennung"))
    assert list(console.problems) == ["username"]
    assert builders.OTHER_NUMBER not in console.page.text


def test_asking_for_taken_names_is_limited_and_lifts_itself(console, people, clock, created):
    people(username="Admin.Telefonanlage1")
    answers = [console.post(PAGE, **new_person()).status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]
    assert 0 < int(console.page.headers["Retry-After"]) <= 3600
    assert console.post(PAGE, **new_person(username="Ganz.Frei")).status_code == 429
    for _ in range(3):
        clock.advance(minutes=25)
        console.open(HOME)
    assert console.post(PAGE, **new_person(username="Ganz.Frei")).status_code == 303
    assert created("Ganz.Frei")


@pytest.mark.parametrize("name", ["customer2300777", "Customer4", "ab", "mit leer zeichen", "x" * 65, "a\u200bb\u200bc", "<b>name</b>" * 9])
def test_a_name_that_cannot_be_is_refused_at_its_field(console, name):
    assert console.submit(PAGE, **new_person(username=name)).status_code == 422
    assert list(console.problems) == ["username"]


# --- now or later


def test_a_planned_invitation_goes_out_at_its_minute(app, console, clock):
    console.submit(PAGE, **new_person(sending="later", send_at="2026-03-02T13:20"))
    console.follow()
    assert console.flashes == ["Das Konto Admin.Telefonanlage1 ist angelegt; die Einladung geht zum geplanten Zeitpunkt hinaus."]
    assert console.row("Admin.Telefonanlage1")["Geplant bis"] == "Mo., 02.03.2026, 13:20 Uhr"
    clock.advance(minutes=19, seconds=59)
    deliver(app)
    assert mails_of(app, EMAIL) == []
    clock.advance(seconds=1)
    assert len(mails_of(app, EMAIL)) == 1
    row = console.row("Admin.Telefonanlage1")
    assert (row["Status"], row["Einladungsversand"], row["Geplant bis"]) == ("Einladung versendet", "Nein", "/")


@pytest.mark.parametrize(
    "when",
    [
        "2026-03-02T12:59",  # a minute ago in Germany
        "2026-03-02T13:00",  # now
        "2026-03-29T02:30",  # skipped when the clocks are put forward
        "2027-03-03T13:00",  # more than a year away
        "0001-01-01T00:00",
        "9999-12-31T23:59",
        "2026-13-01T10:00",
        "morgen",
        "",
    ],
)
def test_a_time_that_cannot_be_is_refused_at_its_field(console, created, when):
    assert console.submit(PAGE, **new_person(sending="later", send_at=when)).status_code == 422
    assert list(console.problems) == ["send_at"]
    assert created() is None


def test_the_past_is_refused_in_words(console):
    console.submit(PAGE, **new_person(sending="later", send_at="2026-03-02T12:59"))
    assert console.problems["send_at"] == "Diese Zeit ist vorbei. Bitte wählen Sie eine in der Zukunft."


def test_a_time_is_not_needed_for_an_invitation_at_once(console, created):
    console.submit(PAGE, **new_person(sending="now", send_at="2020-01-01T10:00"))
    assert created()


# --- contracts


def test_all_contracts_are_the_usual(console, created, limits):
    console.submit(PAGE, **new_person(contracts=[builders.PHONE_1]))
    assert limits(created()) is None


def test_an_account_is_limited_to_the_chosen_contracts(console, created, limits):
    console.submit(PAGE, **new_person(all_contracts=[], contracts=[builders.PHONE_1]))
    assert limits(created()) == [builders.PHONE_1]


def test_neither_all_nor_any_contract_is_taken_for_an_oversight(console, created):
    assert console.submit(PAGE, **new_person(all_contracts=[])).status_code == 422
    assert console.problems == {"contracts": "Bitte wählen Sie mindestens einen Vertrag oder alle."}
    assert created() is None


def test_a_portal_administrator_may_always_use_all_contracts(console, created, limits):
    console.submit(PAGE, **new_person(role="administrator-kundenportal", mobile=MOBILE, all_contracts=[], contracts=[builders.PHONE_1]))
    assert limits(created()) is None


@pytest.mark.parametrize("chosen", [["CP-0815"], [builders.PHONE_1, "2300777-CP-4711"], [builders.PHONE_1, ""], ["\x00"]])
def test_contracts_that_are_not_the_customers_are_refused(console, created, unit, chosen):
    with unit() as work:
        builders.customer(work, builders.OTHER_NUMBER)
    assert console.submit(PAGE, **new_person(all_contracts=[], contracts=chosen)).status_code == 422
    assert list(console.problems) == ["contracts"]
    assert created() is None


def test_only_active_cloud_phone_contracts_are_offered(console, unit):
    with unit() as work:
        document = builders.document()
        phone_2, others = document.contracts[1], (document.contracts[0], document.contracts[2])
        builders.customer(work, contracts=(*others, type(phone_2)(phone_2.id, phone_2.product, phone_2.label, active=False)))
    console.open(PAGE)
    offered = [name for name in (builders.PHONE_1, builders.PHONE_2, builders.INTERNET) if f'value="{name}"' in console.page.text]
    assert offered == [builders.PHONE_1]


def test_without_phone_contracts_an_account_is_not_limited_to_none(console, unit, created, limits):
    with unit() as work:
        builders.customer(work, contracts=())
    console.submit(PAGE, **new_person(all_contracts=[]))
    assert limits(created()) is None


# --- twice


def test_a_form_sent_again_creates_nothing_more(app, console):
    console.submit(PAGE, **new_person())
    assert console.post(PAGE, **new_person()).status_code == 422
    assert len(mails_of(app, EMAIL)) == 1
    console.open(HOME)
    assert len(console.rows) == 2
