"""Both apps in a real browser: nothing that axe objects to, nothing cut off at 320 pixels, in light and dark, without script."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import cloudphone.app
import cloudphone.settings
import portal.app
import portal.settings
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import BaseWSGIServer, make_server

from tests.accessibility import violations_in_both_themes
from tests.clients.provider_double import ProviderDouble

PORTAL_PAGES = ["/", "/orders", "/contracts", "/options", "/tickets", "/cloud-phone", "/documents", "/invoices", "/documentation"]
CLOUDPHONE_PAGES = ["/", "/contracts/CP-4711", "/documentation"]
NOBODY_THERE = "/nothing-here"
REFUSED_SIGN_IN = "/oidc/callback?state=unknown"
HEAVIEST = 60_000


class Apps:
    """Both apps on real ports; each knows the other's address."""

    def __init__(self, portal_environment: dict[str, str], cloudphone_environment: dict[str, str]) -> None:
        self.servers = [make_server("127.0.0.1", 0, Flask("none"), threaded=True) for _ in range(2)]
        self.portal, self.cloudphone = (f"http://127.0.0.1:{server.server_port}" for server in self.servers)
        portal_environment |= {
            "PORTAL_BASE_URL": self.portal,
            "PORTAL_CLOUDPHONE_INITIATE_URL": f"{self.cloudphone}/login/initiate",
            "PORTAL_IMPRINT_URL": "https://example.com/imprint",
            "PORTAL_PRIVACY_URL": "https://example.com/privacy",
        }
        cloudphone_environment |= {"CLOUDPHONE_BASE_URL": self.cloudphone, "CLOUDPHONE_PORTAL_URL": self.portal}
        self.servers[0].app = portal.app.create_app(portal.settings.from_environment(portal_environment))
        self.servers[1].app = cloudphone.app.create_app(cloudphone.settings.from_environment(cloudphone_environment))
        self.threads = [threading.Thread(target=self._serve, args=(server,)) for server in self.servers]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def _serve(server: BaseWSGIServer) -> None:
        server.serve_forever(poll_interval=0.01)

    def stop(self) -> None:
        for server, thread in zip(self.servers, self.threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def apps(provider: ProviderDouble, portal_environment: dict[str, str], cloudphone_environment: dict[str, str]) -> Iterator[Apps]:
    running = Apps(portal_environment, cloudphone_environment)
    yield running
    running.stop()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page as wide as the smallest phone."""
    context = browser.new_context(viewport={"width": 320, "height": 640}, locale="de-DE")
    yield context.new_page()
    context.close()


def look(page: Page, address: str) -> None:
    page.goto(address)
    assert violations_in_both_themes(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_every_page_of_the_portal_pleases_axe_and_fits_a_phone(phone: Page, apps: Apps) -> None:
    look(phone, apps.portal + REFUSED_SIGN_IN)
    titles = [phone.title()]
    for path in [*PORTAL_PAGES, NOBODY_THERE]:
        look(phone, apps.portal + path)
        titles.append(phone.title())
    assert len(set(titles)) == len(titles)
    phone.get_by_role("link", name="Übersicht").first.click()
    phone.get_by_role("button", name="Abmelden").click()
    phone.wait_for_url("**/signed-out**")
    look(phone, phone.url)


def test_every_page_of_the_cloud_phone_ui_pleases_axe_and_fits_a_phone(phone: Page, apps: Apps) -> None:
    for path in ["/", REFUSED_SIGN_IN]:
        look(phone, apps.cloudphone + path)
    phone.goto(f"{apps.portal}/cloud-phone")
    phone.get_by_role("link", name="cloud.phone öffnen für Vertrag CP-4711").click()
    phone.wait_for_url("**/contracts/CP-4711")
    for path in [*CLOUDPHONE_PAGES, NOBODY_THERE]:
        look(phone, apps.cloudphone + path)


def test_the_way_into_the_cloud_phone_ui_and_out_works_without_script(browser: Browser, apps: Apps) -> None:
    context = browser.new_context(java_script_enabled=False, locale="de-DE")
    page = context.new_page()
    page.goto(apps.portal)
    page.get_by_role("link", name="cloud.phone Management").click()
    page.get_by_role("link", name="cloud.phone öffnen für Vertrag CP-4712").click()
    expect(page.locator("#contract")).to_have_text("CP-4712")
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/signed-out**")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sie sind abgemeldet")
    context.close()


@pytest.mark.parametrize("name", ["portal", "cloudphone"])
def test_a_page_with_its_style_sheet_is_light(name: str, apps: Apps, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{getattr(apps, name)}/documentation")
    parts = page.evaluate("performance.getEntries().filter(part => 'encodedBodySize' in part).map(part => part.encodedBodySize)")
    page.close()
    assert len(parts) >= 2
    assert 2_000 < sum(parts) < HEAVIEST
