"""The portal's pages: who sees what, in which words, under which headers."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import portal.app
import portal.settings
import pytest

from tests.clients.conftest import CLOUDPHONE, PORTAL, Browser
from tests.clients.provider_double import ProviderDouble

ALL_TILES = [
    "Ihre Aufträge",
    "Ihre Verträge",
    "Optionen",
    "Ihre Support-Tickets",
    "cloud.phone Management",
    "Ihre Vertragsunterlagen",
    "Ihre Rechnungen",
]
PAGES = ["/", "/orders", "/contracts", "/options", "/tickets", "/cloud-phone", "/documents", "/invoices", "/documentation"]
FORBIDDEN_TO_PHONE_ADMINS = ["/orders", "/contracts", "/options", "/tickets", "/documents", "/invoices"]


def tiles(page: str) -> list[str]:
    return [part.split("</strong>")[0] for part in unescape(page).split("<span><strong>")[1:]]


def phone_admin(provider: ProviderDouble) -> None:
    provider.claims |= {"roles": ["administrator-telefonanlage"], "name": "Tanja Testerin"}


def test_the_administrator_is_greeted_and_sees_all_tiles_in_the_guides_order(portal_browser: Browser) -> None:
    portal_browser.sign_in()
    page = portal_browser.get("/").text
    assert "<h1>Hallo Max Muster, herzlich willkommen im Muster Kundenportal</h1>" in page
    assert tiles(page) == ALL_TILES


def test_an_empty_brand_leaves_no_double_space(portal_environment: dict[str, str], portal_browser: Browser) -> None:
    portal_environment.pop("PORTAL_BRAND")
    portal_browser.client.application = portal.app.create_app(portal.settings.from_environment(portal_environment))
    portal_browser.sign_in()
    assert "herzlich willkommen im Kundenportal</h1>" in portal_browser.get("/").text


def test_a_phone_admin_sees_what_the_role_needs(portal_browser: Browser, provider: ProviderDouble) -> None:
    phone_admin(provider)
    portal_browser.sign_in()
    assert tiles(portal_browser.get("/").text) == ["cloud.phone Management", "Dokumentation"]


@pytest.mark.parametrize(
    "contracts",
    [
        [],
        [{"id": "CP-1", "product": "cloud_phone", "label": "", "active": False}],
        [{"id": "FI-1", "product": "fiber", "label": "", "active": True}],
    ],
    ids=["none", "ended", "another product"],
)
def test_without_an_active_cloud_phone_contract_there_is_no_tile_for_it(
    portal_browser: Browser, provider: ProviderDouble, contracts: list[dict[str, object]]
) -> None:
    provider.contracts = contracts
    portal_browser.sign_in()
    assert tiles(portal_browser.get("/").text) == [tile for tile in ALL_TILES if tile != "cloud.phone Management"]
    assert "keinen aktiven cloud.phone-Vertrag" in portal_browser.get("/cloud-phone").text


@pytest.mark.parametrize("roles", [[], ["servicedesk"], None, "administrator-kundenportal"], ids=str)
def test_an_account_without_a_customers_role_is_told_whom_to_ask(portal_browser: Browser, provider: ProviderDouble, roles: object) -> None:
    provider.claims["roles"] = roles
    portal_browser.sign_in()
    page = portal_browser.get("/").text
    assert tiles(page) == []
    assert "Für Ihre Rolle gibt es hier noch nichts." in page


@pytest.mark.parametrize("page", FORBIDDEN_TO_PHONE_ADMINS)
def test_a_page_of_another_role_is_refused_and_not_only_hidden(portal_browser: Browser, provider: ProviderDouble, page: str) -> None:
    phone_admin(provider)
    portal_browser.sign_in()
    assert portal_browser.get(page).status_code == 403


def test_only_the_administrator_is_led_to_the_user_management(portal_browser: Browser, provider: ProviderDouble) -> None:
    link = f'<a href="{provider.issuer}/console">Benutzerverwaltung Kundenportal</a>'
    portal_browser.sign_in()
    assert link in portal_browser.get("/").text
    phone_admin(provider)
    portal_browser.sign_in("/login")
    assert link not in portal_browser.get("/").text


def test_the_header_shows_service_phone_and_e_mail(portal_browser: Browser) -> None:
    page = portal_browser.get("/signed-out").text
    assert 'href="tel:0800123456"' in page
    assert 'href="mailto:service@example.com"' in page


def test_the_contract_picker_links_to_the_cloud_phone_ui_by_core_4(portal_browser: Browser, provider: ProviderDouble) -> None:
    portal_browser.sign_in()
    page = unescape(portal_browser.get("/cloud-phone").text)
    issuer = provider.issuer.replace(":", "%3A").replace("/", "%2F")
    target = f"{CLOUDPHONE}/contracts/CP-4712".replace(":", "%3A").replace("/", "%2F")
    assert f'href="{CLOUDPHONE}/login/initiate?iss={issuer}&target_link_uri={target}"' in page
    assert page.count("/login/initiate?") == 2


def test_another_customer_has_none_of_the_demo_data(portal_browser: Browser, provider: ProviderDouble) -> None:
    provider.claims["customer_number"] = "2300230"
    portal_browser.sign_in()
    assert "Es gibt noch keine Rechnungen." in portal_browser.get("/invoices").text


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_there_in_both_languages(portal_browser: Browser, page: str) -> None:
    portal_browser.sign_in()
    assert '<html lang="de">' in portal_browser.get(page).text
    portal_browser.get("/language/en")
    assert '<html lang="en">' in portal_browser.get(page).text


def test_english_has_the_words_of_the_guide(portal_browser: Browser, provider: ProviderDouble) -> None:
    provider.claims["locale"] = "en-GB"
    portal_browser.sign_in()
    page = portal_browser.get("/").text
    assert "<h1>Hello Max Muster, welcome to the Muster customer portal</h1>" in page
    assert tiles(page)[0] == "Your orders"
    assert "€418.76" in portal_browser.get("/invoices").text


def test_a_chosen_language_is_wished_for_at_the_provider_too(portal_browser: Browser) -> None:
    portal_browser.get("/language/en")
    assert "ui_locales=en" in portal_browser.get("/").location


@pytest.mark.parametrize(
    "back", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "/a\r\nX: y"]
)
def test_the_language_switch_leads_nowhere_else(portal_browser: Browser, back: str) -> None:
    assert portal_browser.get("/language/en", query_string={"back": back}).location == "/"


def test_a_provider_whose_contracts_do_not_answer_asks_for_patience(portal_browser: Browser, provider: ProviderDouble) -> None:
    portal_browser.sign_in()
    provider.contracts_status = 500
    assert portal_browser.get("/").status_code == 503


@pytest.mark.parametrize("path", ["/signed-out", "/nothing-here", "/oidc/callback", "/health/live"])
def test_every_answer_forbids_script_frames_and_caching(portal_browser: Browser, provider: ProviderDouble, path: str) -> None:
    headers = portal_browser.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert f"form-action 'self' {provider.issuer}" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("page", [*PAGES, "/signed-out", "/nothing-here"])
def test_no_page_has_inline_style_or_script(portal_browser: Browser, page: str) -> None:
    portal_browser.sign_in()
    text = portal_browser.get(page).text
    assert "<script" not in text
    assert "<style" not in text
    assert " style=" not in text


def test_names_are_escaped(portal_browser: Browser, provider: ProviderDouble) -> None:
    provider.claims["name"] = "<b>Max</b>"
    portal_browser.sign_in()
    assert "<b>Max" not in portal_browser.get("/").text


def test_the_cookie_cannot_be_read_by_script_or_sent_by_other_sites(portal_browser: Browser) -> None:
    cookie = portal_browser.get("/").headers["Set-Cookie"]
    assert cookie.startswith("portal_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_on_https_the_cookie_is_bound_to_the_host(portal_environment: dict[str, str]) -> None:
    portal_environment["PORTAL_BASE_URL"] = "https://portal.example.com"
    app = portal.app.create_app(portal.settings.from_environment(portal_environment))
    cookie = app.test_client().get("/language/en", base_url="https://portal.example.com").headers["Set-Cookie"]
    assert cookie.startswith("__Host-portal_session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_on_another_name_a_path_with_a_line_break_is_led_on_as_it_was_asked_for(portal_browser: Browser) -> None:
    answer = portal_browser.client.get("/a%0Ab?c=d", base_url="http://127.0.0.1:8001")
    assert answer.location == "http://localhost:8001/a%0Ab?c=d"


def test_on_the_developers_machine_127_0_0_1_leads_to_localhost(portal_browser: Browser) -> None:
    answer = portal_browser.client.get("/orders?a=1", base_url="http://127.0.0.1:8001")
    assert answer.location == f"{PORTAL}/orders?a=1"


def test_an_own_failure_is_one_bland_sentence_with_a_number(portal_browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    portal_browser.sign_in()

    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("portal.demo_data.entries", broken)
    answer = portal_browser.get("/orders")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Vorgangsnummer" in answer.text


def test_a_broken_store_is_not_ready_and_still_answers_with_a_page(portal_environment: dict[str, str], portal_browser: Browser) -> None:
    portal_browser.sign_in()
    Path(portal_environment["PORTAL_DATA_DIR"], "portal.sqlite3").write_bytes(b"not a database" * 500)
    assert portal_browser.get("/health/ready").status_code == 503
    assert portal_browser.get("/health/live").status_code == 200
    answer = portal_browser.get("/")
    assert answer.status_code == 500
    assert "Etwas ist schiefgegangen" in answer.text


def test_a_wrong_method_says_which_is_right(portal_browser: Browser) -> None:
    answer = portal_browser.get("/logout")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
