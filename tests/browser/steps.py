"""What people do in the browser, step by step, in the words of the pages."""

from playwright.sync_api import Page, expect

from tests.browser.stack import GOOD_PASSWORD, Firm, Stack

WORDS = {
    "de": {
        "login": "Anmeldung erforderlich",
        "user": "Nutzerkennung",
        "password": "Passwort",
        "submit": "Anmelden",
        "confirm": "Bestätigen",
    },
    "en": {"login": "Sign-in required", "user": "User ID", "password": "Password", "submit": "Sign in", "confirm": "Confirm"},
}


def heading(page: Page, words: str) -> None:
    """Expect the page with this heading."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def enter_password(page: Page, username: str, password: str, language: str = "de") -> None:
    """Fill in the login page."""
    words = WORDS[language]
    heading(page, words["login"])
    page.get_by_label(words["user"], exact=True).fill(username)
    page.get_by_label(words["password"], exact=True).fill(password)
    page.get_by_role("button", name=words["submit"], exact=True).click()


def enter_pin(page: Page, stack: Stack, mobile: str, after: int, language: str = "de") -> None:
    """Read the PIN on the phone and type it."""
    expect(page.locator("input[name=pin]")).to_be_visible()
    page.locator("input[name=pin]").fill(stack.message(mobile, "sms", after).pin)
    page.get_by_role("button", name=WORDS[language]["confirm"], exact=True).click()


def sign_in(page: Page, stack: Stack, username: str, password: str, mobile: str | None = None, language: str = "de") -> None:
    """Sign in at the login page that is shown, with a PIN when the account has a number."""
    after = stack.newest(mobile, "sms") if mobile else 0
    enter_password(page, username, password, language)
    if mobile:
        enter_pin(page, stack, mobile, after, language)


def enter_as_staff(page: Page, stack: Stack, username: str = "betrieb") -> None:
    """Sign in as one of the carrier's own people."""
    known = stack.demo_user(username)
    page.goto(f"{stack.idp}/staff/")
    sign_in(page, stack, username, known["password"], known["mobile"])
    expect(page.locator(".top .person")).to_be_visible()


def set_password(page: Page, password: str = GOOD_PASSWORD) -> None:
    """Fill in both fields of the new password and send it by the page's main button."""
    page.locator("input[name=new_password]").fill(password)
    page.locator("input[name=new_password_repeat]").fill(password)
    page.locator("form:has(input[name=new_password]) button.btn-primary").click()


def activated_firm(page: Page, stack: Stack, firm: Firm) -> Firm:
    """Provision a customer and activate its first administrator (J1)."""
    assert stack.provision(firm.number, firm.document)[0] == 201
    page.goto(stack.message(firm.email, "mail").link)
    set_password(page)
    enter_pin(page, stack, firm.mobile, 0)
    expect(page.get_by_text("Ihr Kennwort wurde festgelegt.")).to_be_visible()
    return firm
