"""Operators register an app in the browser."""

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.stack import Stack


def test_an_operator_registers_an_app_whose_redirect_uris_are_checked_while_typed(page: Page, stack: Stack) -> None:
    steps.enter_as_staff(page, stack)
    page.get_by_role("link", name="App registrieren").click()
    page.get_by_label("Name der App").fill("Anrufstatistik")
    page.locator("#redirect_uris").fill("https://anrufe.example/cb\nhttp://anrufe.example/cb")
    told = page.get_by_role("list", name="Prüfung der Redirect-URIs").get_by_role("listitem")
    expect(told).to_have_text(
        [
            "https://anrufe.example/cb kann registriert werden",
            "http://anrufe.example/cb muss mit https beginnen; http ist nur für den eigenen Rechner (localhost)",
        ]
    )
    page.locator("#redirect_uris").fill("com.example.anrufe:/cb")
    expect(told).to_have_text(["com.example.anrufe:/cb hat ein eigenes Schema, das nur native Apps haben dürfen"])
    page.get_by_label("Browser-App oder native App").check()
    expect(told).to_have_text(["com.example.anrufe:/cb kann registriert werden"])
    page.get_by_label("Web-App", exact=True).check()
    page.locator("#redirect_uris").fill("https://anrufe.example/cb")
    expect(told).to_have_text(["https://anrufe.example/cb kann registriert werden"])
    page.get_by_role("button", name="Registrieren").click()
    steps.heading(page, "Anrufstatistik ist registriert")
    expect(page.get_by_text("Dieses Secret wird nur jetzt angezeigt.")).to_be_visible()
    page.get_by_role("link", name="Zur App").click()
    steps.heading(page, "Anrufstatistik")


def test_an_operator_registers_a_resource_that_is_checked_while_typed(page: Page, stack: Stack) -> None:
    steps.enter_as_staff(page, stack)
    page.get_by_role("link", name="Ressourcen").click()
    page.get_by_role("link", name="Ressource registrieren").first.click()
    page.get_by_label("Name des Dienstes").fill("Anrufliste")
    page.locator("#identifier").fill("anrufe.example")
    told = page.get_by_role("list", name="Prüfung der Kennung").get_by_role("listitem")
    expect(told).to_have_text(["Die Kennung muss eine vollständige Adresse sein, ohne Teil hinter #."])
    page.locator("#identifier").fill("https://anrufe.example/api")
    expect(told).to_have_text(["https://anrufe.example/api kann registriert werden"])
    page.locator("#scopes").fill("anrufe:lesen\nopenid")
    expect(page.get_by_role("list", name="Prüfung der Scopes").get_by_role("listitem")).to_have_text(
        ["anrufe:lesen kann verwendet werden", "Der Scope openid ist vergeben oder enthält unzulässige Zeichen."]
    )
    page.locator("#scopes").fill("anrufe:lesen")
    page.get_by_role("button", name="Registrieren").click()
    steps.heading(page, "Anrufliste")
