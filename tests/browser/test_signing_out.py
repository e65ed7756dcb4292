"""J6 and J7: signing out anywhere ends every app's session; »Passwort vergessen«."""

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.stack import Firm, Stack
from tests.servers import on_this_machine, wait_until

SECONDS = 5


def signed_in_everywhere(page: Page, stack: Stack, firm: Firm) -> Page:
    """Sign in to the portal, and from there to the cloud phone UI in a second tab."""
    page.goto(f"{stack.portal}/cloud-phone")
    steps.sign_in(page, stack, firm.username, steps.GOOD_PASSWORD, firm.mobile)
    phone = page.context.new_page()
    phone.goto(page.locator(f"a[href*='{firm.phone_contract}']").last.get_attribute("href") or "")
    expect(phone).to_have_url(f"{stack.cloudphone}/contracts/{firm.phone_contract}")
    return phone


def asks_to_sign_in(page: Page, address: str) -> bool:
    page.goto(address)
    return page.get_by_role("heading", name="Anmeldung erforderlich").count() == 1


def test_j6_signing_out_of_the_portal_ends_the_cloud_phone_session_within_seconds(page: Page, stack: Stack) -> None:
    firm = stack.active_firm()
    phone = signed_in_everywhere(page, stack, firm)
    page.get_by_role("button", name="Abmelden").first.click()
    steps.heading(page, "Sie sind abgemeldet")
    wait_until(lambda: asks_to_sign_in(phone, f"{stack.cloudphone}/contracts/{firm.phone_contract}"), seconds=on_this_machine(SECONDS))
    assert asks_to_sign_in(page, stack.portal)


def test_j6_signing_out_of_the_cloud_phone_ends_the_portal_session_within_seconds(page: Page, stack: Stack) -> None:
    firm = stack.active_firm()
    phone = signed_in_everywhere(page, stack, firm)
    phone.get_by_role("button", name="Abmelden").first.click()
    steps.heading(phone, "Sie sind abgemeldet")
    wait_until(lambda: asks_to_sign_in(page, stack.portal), seconds=on_this_machine(SECONDS))


def test_a_locked_account_is_signed_out_everywhere(page: Page, stack: Stack) -> None:
    firm = stack.active_firm()
    phone = signed_in_everywhere(page, stack, firm)
    stack.command("account", "lock", firm.username)
    wait_until(lambda: asks_to_sign_in(phone, f"{stack.cloudphone}/contracts/{firm.phone_contract}"), seconds=on_this_machine(SECONDS))
    wait_until(lambda: asks_to_sign_in(page, stack.portal), seconds=on_this_machine(SECONDS))


def test_j7_a_forgotten_password_is_set_anew_with_a_pin(page: Page, stack: Stack) -> None:
    firm = stack.active_firm()
    page.goto(stack.portal)
    page.get_by_role("link", name="Passwort vergessen").click()
    before = stack.newest(firm.email, "mail")
    page.locator("input[name=username]").fill(firm.username)
    page.locator("form button.btn-primary").click()
    link = stack.message(firm.email, "mail", before).link
    sms_before = stack.newest(firm.mobile, "sms")
    page.goto(link)
    steps.set_password(page, "sieben blaue Fahrräder im Regen 12")
    steps.enter_pin(page, stack, firm.mobile, sms_before)
    expect(page.get_by_text("Ihr Kennwort wurde festgelegt.")).to_be_visible()
    page.goto(stack.portal)
    steps.sign_in(page, stack, firm.username, "sieben blaue Fahrräder im Regen 12", firm.mobile)
    steps.heading(page, "Hallo Max Muster, herzlich willkommen im Kundenportal")
