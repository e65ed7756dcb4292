"""The list of apps, the page of one, and the list of resources."""

import re
from html import unescape

import pytest

from idp.oidc.clients import clients, resources
from tests.http.oidc import browsing
from tests.http.oidc.relying import RelyingParty
from tests.http.staff.conftest import CALLBACK, CLIENTS
from tests.http.staff.operating import APP, said
from tests.visitor import Visitor


def test_the_list_shows_name_kind_state_and_last_use(staff: Visitor, registered, unit, clock, app) -> None:
    registered(client_name="Kalender")
    registered("ordering", client_name="Bestellsystem", grant_types=["client_credentials"], redirect_uris=[], scope="provisioning")
    with unit() as work:
        clients.enable(work, "ordering", enabled=False)
    RelyingParty(app, "app").post("/revoke", {"token": "x"})
    text = " ".join(said(staff.open(CLIENTS).text).split())
    assert re.search(r"Bestellsystem ordering Maschine .*Ausgeschaltet nie", text)
    assert re.search(r"Kalender app Web-App \(eigene\) Eingeschaltet Mo\., 02\.03\.2026, 13:00 Uhr", text)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("kal", ["Kalender"]),
        ("KALENDER", ["Kalender"]),
        ("uhr", ["Uhr"]),
        ("nichts", []),
        ("%", []),
        ("_", []),
        ("id-of", ["Kalender", "Uhr"]),
    ],
)
def test_the_list_is_searched_by_name_and_id(staff: Visitor, registered, words: str, found: list[str]) -> None:
    registered("id-of-k", client_name="Kalender")
    registered("id-of-u", client_name="Uhr")
    page = staff.open(f"{CLIENTS}?search={words.replace('%', '%25')}")
    assert re.findall(r'<a href="/staff/clients/id-of-.">(\w+)</a>', page.text) == found


def test_the_list_is_filtered_by_state(staff: Visitor, registered, unit) -> None:
    registered("on")
    registered("off")
    with unit() as work:
        clients.enable(work, "off", enabled=False)
    assert re.findall(r"<code>(\w+)</code>", staff.open(f"{CLIENTS}?state=disabled").text) == ["off"]
    assert re.findall(r"<code>(\w+)</code>", staff.open(f"{CLIENTS}?state=enabled").text) == ["on"]
    assert re.findall(r"<code>(\w+)</code>", staff.open(f"{CLIENTS}?state=nonsense").text) == ["off", "on"]
    assert "Nichts gefunden" in staff.open(f"{CLIENTS}?state=registered").text


def test_a_long_list_goes_on_over_pages_without_loss(staff: Visitor, unit) -> None:
    with unit() as work:
        for number in range(120):
            browsing.registered(work, f"app-{number:03d}", client_name=f"App {number % 7}")
    seen: list[str] = []
    address: str | None = CLIENTS
    while address:
        page = staff.open(address).text
        seen += re.findall(r"<code>(app-\d+)</code>", page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = unescape(following[1]) if following else None
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize(
    "query", ["after=nobody", "after=%00", "search=%00", "search=" + "x" * 3000, "search=%ED%A0%80", "after=%ED%A0%80"]
)
def test_a_strange_address_shows_a_list(staff: Visitor, registered, query: str) -> None:
    registered()
    assert staff.open(f"{CLIENTS}?{query}").status_code == 200


def test_the_page_of_an_app_shows_what_matters(staff: Visitor, registered) -> None:
    registered(backchannel_logout_uri="https://app.example/bc")
    text = said(staff.open(APP).text)
    for words in ("app", CALLBACK, "https://app.example/bc", "Mo., 02.03.2026, 13:00 Uhr", "auf der Kommandozeile", "Neuestes Secret"):
        assert words in text, words


def test_an_unknown_app_is_not_found(staff: Visitor) -> None:
    for page in ("", "/edit", "/metadata", "/secret", "/disable", "/delete"):
        assert staff.open(f"{CLIENTS}/nobody{page}").status_code == 404
    assert 'href="/staff/">Zur Startseite</a>' in staff.page.text
    assert staff.open(f"{CLIENTS}/%00").status_code == 404
    assert staff.open(f"{CLIENTS}/%ED%A0%80/edit").status_code == 404


def test_resources_are_listed(staff: Visitor, unit, registered) -> None:
    registered()
    assert "Noch keine Ressourcen" in staff.open("/staff/resources").text
    with unit() as work:
        resources.create(work, "https://phones.example/api", name="Telefone", scopes=["phones:read"], introspection_client_id="app")
    text = said(staff.open("/staff/resources").text)
    assert all(words in text for words in ("Telefone", "https://phones.example/api", "phones:read", "app"))


def test_names_are_shown_as_text(staff: Visitor, registered) -> None:
    registered(client_name="<script>alert(1)</script>")
    for page in (CLIENTS, APP, f"{APP}/edit", f"{APP}/metadata", f"{APP}/delete"):
        assert "<script>alert" not in staff.open(page).text
