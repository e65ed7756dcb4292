"""»Benutzerkonten«: the table of the guide, found, sorted, filtered, and read in pages."""

import base64
import re
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update

from idp.directory import accounts
from idp.directory.tables import Invitation
from tests import builders
from tests.http.console.administrator import HOME
from tests.visitor import deliver

COLUMNS = [
    "Benutzer ID",
    "Status",
    "Einladungsversand",
    "Geplant bis",
    "Nutzerkennung",
    "Rolle",
    "Vor- und Nachname",
    "E-Mail-Adresse",
    "Telefonnummer",
    "Handynummer",
]
STATUSES = {
    "active": "Aktiv",
    "invitation_sent": "Einladung versendet",
    "invitation_scheduled": "Einladung geplant",
    "invitation_expired": "Einladung abgelaufen",
    "delivery_failed": "Zustellung fehlgeschlagen",
    "not_invited": "Nicht eingeladen",
    "deactivated": "Deaktiviert",
    "locked": "Gesperrt",
}


@pytest.fixture
def one_of_each(app, unit, units, clock, customer, max_muster, people):
    """An account of each status, with the status as user name."""
    people(username="invitation_expired")
    deliver(app)
    clock.advance(days=15)
    for status in ("invitation_sent", "delivery_failed", "deactivated", "locked", "not_invited"):
        people(username=status)
    people("active_account", username="active")
    people(username="invitation_scheduled", send_at=datetime.fromisoformat("2026-03-20T09:30"))
    deliver(app)
    with unit() as work:
        found = {row.account.username: row.account.id for row in accounts.list_page(work, customer.id).rows}
        accounts.deactivate(work, customer.id, found["deactivated"])
        accounts.lock(work, found["locked"])
        failed, never = found["delivery_failed"], found["not_invited"]
        work.db.execute(update(Invitation).where(Invitation.account_id == failed).values(delivered_at=None, delivery_failed_at=work.now))
        work.db.execute(update(Invitation).where(Invitation.account_id == never).values(ended_at=work.now, end_reason="cancelled"))
    return found


def usernames(console, address=HOME):
    console.open(address)
    return [row["Nutzerkennung"] for row in console.rows]


def test_the_table_has_exactly_the_columns_of_the_guide(console):
    console.open(HOME)
    assert console.headings == [*COLUMNS, "Aktionen"]
    assert list(console.rows[0]) == [*COLUMNS, "Aktionen"]


def test_a_row_says_what_is_known_of_an_account(console, people):
    people("active_account", username="Tanja.1", phone="+4921155512345", mobile="+4915155512346", email="tanja@example.com")
    assert console.row("Tanja.1") == {
        "Benutzer ID": "1102",
        "Status": "Aktiv",
        "Einladungsversand": "Nein",
        "Geplant bis": "/",
        "Nutzerkennung": "Tanja.1",
        "Rolle": "Administrator Telefonanlage",
        "Vor- und Nachname": "Tanja Testerin",
        "E-Mail-Adresse": "tanja@example.com",
        "Telefonnummer": "+49 211 5551 2345",
        "Handynummer": "+49 151 5551 2346",
        "Aktionen": "",
    }


def test_a_planned_invitation_is_shown_with_its_time_in_germany(console, people):
    people(username="Spaeter.1", send_at=datetime.fromisoformat("2026-07-01T09:30"))
    row = console.row("Spaeter.1")
    assert (row["Status"], row["Einladungsversand"], row["Geplant bis"]) == ("Einladung geplant", "Ja", "Mi., 01.07.2026, 09:30 Uhr")


@pytest.mark.parametrize(("status", "words"), STATUSES.items())
def test_each_status_is_named_and_filtered_by(one_of_each, console, status, words):
    console.open(f"{HOME}?status={status}")
    assert {row["Status"] for row in console.rows} == {words}
    assert status in [row["Nutzerkennung"] for row in console.rows]
    assert 'aria-current="true"><svg' in console.page.text.partition('class="filters"')[2]


def test_without_a_filter_all_are_listed_and_counted(one_of_each, console):
    assert set(usernames(console)) == {*STATUSES, f"customer{builders.NUMBER}"}
    assert "9 Benutzerkonten" in console.page.text


@pytest.mark.parametrize("typed", ["zander", "ZANDER", "Zoe Zander", "zoe.z", "zoe@beispiel", "1102", "0151 5551 7777", "  zander  "])
def test_a_search_finds_by_name_user_name_address_and_numbers(console, people, typed):
    people(username="Zoe.Z", given_name="Zoe", family_name="Zander", email="zoe@beispiel.example", mobile="+4915155517777")
    people(username="Anna.A", given_name="Anna", family_name="Adler", email="anna@beispiel.example")
    assert usernames(console, f"{HOME}?search={typed}") == ["Zoe.Z"]
    assert "1 Benutzerkonto<" in console.page.text


def test_a_search_without_hits_says_so_and_leads_back_to_all(console):
    console.open(HOME + "?search=niemand")
    assert "Nichts gefunden" in console.page.text
    assert f'href="{HOME}">Alle anzeigen' in console.page.text


def test_search_filter_and_order_hold_together(one_of_each, console):
    console.open(f"{HOME}?search=invitation&status=invitation_sent&sort=username&direction=asc")
    assert [row["Nutzerkennung"] for row in console.rows] == ["invitation_sent"]
    form = console.visitor.form("search").fields
    assert form == {"search": "invitation", "status": "invitation_sent", "sort": "username", "direction": "asc"}


def test_what_was_typed_is_shown_as_text(console):
    console.open(HOME + "?search=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in console.page.text


def test_the_newest_account_stands_first(console, people):
    people(username="Erste.1")
    people(username="Zweite.2")
    assert usernames(console) == ["Zweite.2", "Erste.1", f"customer{builders.NUMBER}"]


@pytest.mark.parametrize("sort", ["number", "username", "name", "email", "role"])
def test_a_column_sorts_both_ways(console, people, sort):
    for word in ("berta", "anton", "caesar"):
        people(username=f"{word}.x", given_name="X", family_name=word, email=f"{word}@example.com")
    up, down = (usernames(console, f"{HOME}?sort={sort}&direction={way}") for way in ("asc", "desc"))
    assert up == down[::-1]
    by_word = [name for name in up if name.endswith(".x")]
    assert by_word == (sorted(by_word) if sort in ("username", "name", "email") else ["berta.x", "anton.x", "caesar.x"])


def test_the_heading_of_a_column_turns_its_order(console, people):
    people()
    console.open(HOME + "?sort=username&direction=asc")
    assert 'aria-sort="ascending"' in console.page.text
    heading = console.page.text.partition('aria-sort="ascending"')[2].partition('<a href="')[2].partition('"')[0]
    asked = parse_qs(urlsplit(heading.replace("&amp;", "&")).query)
    assert asked == {"sort": ["username"]}
    console.open(heading.replace("&amp;", "&"))
    assert 'aria-sort="descending"' in console.page.text


def next_page(console):
    found = re.search(r'href="([^"]+)" rel="next"', console.page.text)
    return found[1].replace("&amp;", "&") if found else None


@pytest.fixture
def many(unit, customer, max_muster):
    with unit() as work:
        for number in range(120):
            builders.invited_account(work, customer, username=f"viele.{number:03}", given_name="A", family_name=f"B{number % 7}")


def pages_of(console, address):
    seen = []
    while address:
        seen.append(usernames(console, address))
        address = next_page(console)
    return seen


@pytest.mark.parametrize("order", ["", "?sort=name&direction=asc", "?sort=role&direction=desc"])
def test_pages_show_each_account_once(console, many, order):
    pages = pages_of(console, HOME + order)
    assert [len(page) for page in pages] == [50, 50, 21]
    assert len({name for page in pages for name in page}) == 121


def test_a_page_stays_in_its_place_while_rows_come(console, many, people):
    console.open(HOME)
    following = next_page(console)
    before = usernames(console, following)
    people(username="inzwischen.neu")
    assert usernames(console, following) == before


def test_a_later_page_leads_back_to_the_first(console, many):
    console.open(HOME)
    console.open(next_page(console))
    assert f'<a class="btn btn-quiet" href="{HOME}">' in console.page.text
    assert "Erste Seite" in console.page.text


@pytest.mark.parametrize(
    "query",
    [
        "status=nonsense",
        "sort=password",
        "direction=sideways",
        "cursor=AAAA",
        "cursor=%00%ff",
        "cursor=" + "x" * 3000,
        "cursor=" + base64.urlsafe_b64encode(b"[" * 6000).decode(),
        "cursor=" + base64.urlsafe_b64encode(b"1" * 6000).decode(),
        "search=%00",
        "search=%ed%a0%80",
        "search=%25_%5C",
        "search=" + "x" * 100_000,
        "search=a&search=b&status=active&status=locked",
        "search=99999999999999999999",
    ],
)
def test_an_address_changed_by_hand_still_shows_a_list(console, query):
    assert console.open(f"{HOME}?{query}").status_code == 200
    assert console.heading == "Benutzerkonten"


@pytest.mark.parametrize(
    ("status", "actions"),
    {
        "active": {"Bearbeiten", "Deaktivieren"},
        "invitation_sent": {"Bearbeiten", "Einladung erneut senden", "Deaktivieren"},
        "invitation_scheduled": {
            "Bearbeiten",
            "Geplanten Zeitpunkt ändern",
            "Jetzt senden",
            "Geplante Einladung zurücknehmen",
            "Deaktivieren",
        },
        "invitation_expired": {"Bearbeiten", "Einladung erneut senden", "Deaktivieren"},
        "delivery_failed": {"Bearbeiten", "Einladung erneut senden", "Deaktivieren"},
        "not_invited": {"Bearbeiten", "Einladung senden", "Deaktivieren"},
        "deactivated": {"Bearbeiten", "Reaktivieren"},
        "locked": {"Bearbeiten", "Deaktivieren"},
    }.items(),
)
def test_a_rows_menu_offers_what_fits_its_status(one_of_each, console, status, actions):
    assert offered(console, status) == actions


def test_the_own_row_offers_no_deactivation(console, max_muster):
    assert offered(console, max_muster.username) == {"Bearbeiten"}
    assert "(Sie)" in console.page.text


def offered(console, username):
    console.row(username)
    menu = console.page.text.partition("<td role=")[2].partition('<div class="menu-list">')[2].partition("</div>")[0]
    words = menu.replace("</button>", "</a>").split("</a>")[:-1]
    return {item.rpartition("</svg>")[2] for item in words if item.strip() and item.rpartition("</svg>")[2]}
