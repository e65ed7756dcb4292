"""J1: from the ordering system's document to an active Administrator Kundenportal."""

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.stack import Stack, masked, new_firm


def test_j1_activation_of_the_administrator_kundenportal(page: Page, stack: Stack, shoot) -> None:
    firm = new_firm()
    created, answer = stack.provision(firm.number, firm.document)
    assert created == 201
    assert [(a["username"], a["status"]) for a in answer["accounts"]] == [(firm.username, "invitation_sent")]

    mail = stack.message(firm.email, "mail")
    assert mail.subject == "Ihr Zugang zum Kundenportal"
    for words in ("Sehr geehrter Herr Muster", f"Ihr Benutzername lautet: {firm.username}", "Passwort ändern"):
        assert words in mail.text or words in mail.html

    page.goto(mail.link)
    steps.heading(page, "Passwort festlegen")
    expect(page.get_by_text("Bitte legen Sie ein neues Kennwort fest")).to_be_visible()
    shoot(page, "activation")
    page.get_by_label("Neues Kennwort", exact=True).fill(steps.GOOD_PASSWORD)
    page.get_by_label("Neues Kennwort Wiederholung").fill(steps.GOOD_PASSWORD)
    page.get_by_role("button", name="Speichern").click()

    steps.heading(page, "SMS PIN erforderlich")
    expect(page.get_by_text("Bitte geben Sie die per SMS erhaltene PIN ein")).to_be_visible()
    expect(page.get_by_text(masked(firm.mobile))).to_be_visible()
    shoot(page, "pin")
    steps.enter_pin(page, stack, firm.mobile, 0)

    expect(page.get_by_text("Ihr Kennwort wurde festgelegt.")).to_be_visible()
    page.locator("a.btn-primary").click()
    steps.heading(page, "Anmeldung erforderlich")
    accounts = stack.provision(firm.number, firm.document)[1]["accounts"]
    assert [account["status"] for account in accounts] == ["active"]


def test_j1_in_english(stack: Stack, another_browser) -> None:
    firm = new_firm(locale="en")
    assert stack.provision(firm.number, firm.document)[0] == 201
    mail = stack.message(firm.email, "mail")
    assert mail.subject == "Your access to the customer portal"
    page = another_browser(locale="en-GB").new_page()
    page.goto(mail.link)
    steps.heading(page, "Set password")
    page.get_by_label("New password", exact=True).fill(steps.GOOD_PASSWORD)
    page.get_by_label("Repeat new password").fill(steps.GOOD_PASSWORD)
    page.get_by_role("button", name="Save").click()
    steps.heading(page, "SMS PIN required")
    steps.enter_pin(page, stack, firm.mobile, 0, "en")
    expect(page.get_by_text("Your password has been set.")).to_be_visible()


def test_opening_the_link_does_not_consume_it_and_a_used_one_says_so_before_anything_is_typed(page: Page, stack: Stack) -> None:
    firm = new_firm()
    stack.provision(firm.number, firm.document)
    link = stack.message(firm.email, "mail").link
    for _ in range(3):
        page.goto(link)
        steps.heading(page, "Passwort festlegen")
    steps.set_password(page)
    steps.enter_pin(page, stack, firm.mobile, 0)
    expect(page.get_by_text("Ihr Kennwort wurde festgelegt.")).to_be_visible()

    page.goto(link)
    expect(page.locator("input[name=new_password]")).to_have_count(0)
    expect(page.get_by_role("link", name="Passwort vergessen")).to_be_visible()
