"""J2: the login of the Administrator Kundenportal, with a PIN at every new authentication."""

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.stack import Stack

TILES = [
    "Ihre Aufträge",
    "Ihre Verträge",
    "Optionen",
    "Ihre Support-Tickets",
    "cloud.phone Management",
    "Ihre Vertragsunterlagen",
    "Ihre Rechnungen",
]


def test_j2_login_of_the_administrator_kundenportal(page: Page, stack: Stack, shoot) -> None:
    user = stack.demo_user("customer2300229")
    page.goto(stack.portal)
    steps.heading(page, "Anmeldung erforderlich")
    for words in ("Sie sind aktuell nicht angemeldet.", "Melden Sie sich mit Ihrer Kennung für den Service an."):
        expect(page.get_by_text(words)).to_be_visible()
    for link in ("Passwort vergessen", "Benutzerkonto erstellen"):
        expect(page.get_by_role("link", name=link)).to_be_visible()
    shoot(page, "login")
    steps.sign_in(page, stack, user["username"], user["password"], user["mobile"])
    steps.heading(page, "Hallo Max Muster, herzlich willkommen im Kundenportal")
    for tile in TILES:
        expect(page.get_by_role("link", name=tile).first).to_be_visible()
    shoot(page, "portal")


def test_j2_in_english(stack: Stack, another_browser) -> None:
    user = stack.demo_user("customer2300229")
    page = another_browser(locale="en-GB").new_page()
    page.goto(stack.portal)
    steps.sign_in(page, stack, user["username"], user["password"], user["mobile"], "en")
    expect(page).to_have_url(f"{stack.portal}/")
    page.goto(f"{stack.portal}/language/en")
    steps.heading(page, "Hello Max Muster, welcome to the customer portal")


def test_the_next_login_asks_for_a_pin_again(page: Page, stack: Stack) -> None:
    firm = stack.active_firm()
    for _ in range(2):
        page.goto(stack.portal)
        steps.sign_in(page, stack, firm.username, steps.GOOD_PASSWORD, firm.mobile)
        page.get_by_role("button", name="Abmelden").first.click()
        steps.heading(page, "Sie sind abgemeldet")


def test_two_tabs_sign_in_without_disturbing_each_other(page: Page, stack: Stack) -> None:
    firm = stack.active_firm()
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"{stack.portal}/contracts")
    before = stack.newest(firm.mobile, "sms")
    steps.enter_password(other, firm.username, steps.GOOD_PASSWORD)
    first_pin = stack.message(firm.mobile, "sms", before)
    steps.enter_password(page, firm.username, steps.GOOD_PASSWORD)
    steps.enter_pin(page, stack, firm.mobile, first_pin.id)
    expect(page).to_have_url(f"{stack.portal}/contracts")
    other.locator("input[name=pin]").fill(first_pin.pin)
    other.get_by_role("button", name="Bestätigen").click()
    expect(other).to_have_url(f"{stack.portal}/contracts")


def test_a_wrong_password_and_an_unknown_name_look_the_same(page: Page, stack: Stack) -> None:
    shown = []
    for name in ("customer2300229", "niemand.hier"):
        page.context.clear_cookies()
        page.goto(stack.portal)
        steps.enter_password(page, name, "ganz sicher nicht das richtige")
        expect(page.locator("#error-summary")).to_be_visible()
        shown.append(page.locator("main").inner_text().replace(name, ""))
    assert shown[0] == shown[1]


def test_signing_in_works_without_javascript(stack: Stack, another_browser) -> None:
    user = stack.demo_user("customer2300229")
    page = another_browser(java_script_enabled=False).new_page()
    page.goto(stack.portal)
    steps.sign_in(page, stack, user["username"], user["password"], user["mobile"])
    steps.heading(page, "Hallo Max Muster, herzlich willkommen im Kundenportal")
