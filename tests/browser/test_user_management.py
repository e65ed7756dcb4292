"""J3, J4 and J5: a phone admin is created, activated, signs in and lands in the cloud phone UI for one contract."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.stack import Stack, new_firm

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


def open_console(page: Page, stack: Stack, username: str, mobile: str) -> None:
    """Sign in to the portal and go on to the console by its link."""
    page.goto(stack.portal)
    steps.sign_in(page, stack, username, steps.GOOD_PASSWORD, mobile)
    page.get_by_role("link", name="Benutzerverwaltung Kundenportal").first.click()
    steps.heading(page, "Benutzerkonten")


def row_of(page: Page, username: str):
    return page.get_by_role("row").filter(has_text=username)


def create_phone_admin(page: Page, username: str, email: str, *, later: str | None = None) -> None:
    """Fill in »Benutzerkonto erstellen« as the guide says."""
    page.get_by_role("link", name="Benutzerkonto erstellen").first.click()
    steps.heading(page, "Benutzerkonto erstellen")
    page.get_by_role("group", name="Typ").get_by_label("Administrator Telefonanlage").check()
    page.get_by_label("Rolle", exact=True).select_option(label="Administrator Telefonanlage")
    page.get_by_label("Nutzerkennung").fill(username)
    page.get_by_label("Vorname").fill("Tanja")
    page.get_by_label("Nachname").fill("Testerin")
    page.get_by_label("E-Mail-Adresse").fill(email)
    if later:
        page.get_by_label("Später senden").check()
        expect(page.locator("label[for=send_at] .optional")).to_be_hidden()
        page.get_by_label("Geplant bis").fill(later)
    page.locator("form.card button.btn-primary").click()


def test_j3_j4_j5_from_creating_a_phone_admin_to_single_sign_on(page: Page, stack: Stack, another_browser, shoot) -> None:
    firm = stack.active_firm()
    open_console(page, stack, firm.username, firm.mobile)
    expect(page.get_by_role("columnheader")).to_have_text([*COLUMNS, "Aktionen"])

    username, email = f"Admin.Telefonanlage.{firm.number}", f"tanja@k{firm.number}.example"
    create_phone_admin(page, username, email)
    expect(page.get_by_role("status").filter(has_text=username)).to_be_visible()
    row = row_of(page, username)
    expect(row.get_by_role("cell").nth(0)).to_have_text("1102")
    for words in ("Einladung versendet", "Nein", "/", "Administrator Telefonanlage", "Tanja Testerin"):
        expect(row.get_by_text(words, exact=True).first).to_be_visible()
    shoot(page, "console")

    phone_admin = another_browser().new_page()
    mail = stack.message(email, "mail")
    assert "Sehr geehrte(r) Tanja Testerin" in mail.text
    phone_admin.goto(mail.link)
    phone_admin.get_by_label("Neues Kennwort", exact=True).fill(steps.GOOD_PASSWORD)
    phone_admin.get_by_label("Neues Kennwort Wiederholung").fill(steps.GOOD_PASSWORD)
    phone_admin.get_by_role("button", name="Kennwort festlegen").click()
    expect(phone_admin.get_by_text("Ihr Kennwort wurde festgelegt.")).to_be_visible()
    page.reload()
    expect(row_of(page, username)).to_contain_text("Aktiv")

    phone_admin.goto(stack.portal)
    steps.sign_in(phone_admin, stack, username, steps.GOOD_PASSWORD)
    phone_admin.get_by_role("link", name="cloud.phone Management").first.click()
    shoot(phone_admin, "contracts")
    phone_admin.get_by_role("row").or_(phone_admin.get_by_role("listitem")).filter(has_text=firm.phone_contract).get_by_role(
        "link"
    ).last.click()
    expect(phone_admin).to_have_url(f"{stack.cloudphone}/contracts/{firm.phone_contract}")
    for words in ("Tanja Testerin", "Administrator Telefonanlage", firm.phone_contract):
        expect(phone_admin.get_by_text(words).first).to_be_visible()
    shoot(phone_admin, "cloudphone")
    phone_admin.get_by_role("link", name="Dokumentation").first.click()
    expect(phone_admin.get_by_role("heading", level=1)).to_contain_text("Dokumentation")


def test_j3_a_scheduled_invitation_is_shown_moved_and_cancelled(page: Page, stack: Stack) -> None:
    first, moved = ((datetime.now(UTC) + timedelta(days=days)).date() for days in (40, 41))
    firm = stack.active_firm()
    open_console(page, stack, firm.username, firm.mobile)
    username = f"Spaeter.{firm.number}"
    create_phone_admin(page, username, f"spaeter@k{firm.number}.example", later=f"{first}T09:30")
    row = row_of(page, username)
    expect(row).to_contain_text("Einladung geplant")
    expect(row.get_by_role("cell").nth(2)).to_have_text("Ja")
    expect(row.get_by_role("cell").nth(3)).to_contain_text(f"{first:%d.%m.%Y}, 09:30 Uhr")

    row.locator("summary").click()
    row.get_by_role("link", name="Geplanten Zeitpunkt ändern").click()
    page.get_by_label("Geplant bis").fill(f"{moved}T10:00")
    page.get_by_role("button", name="Speichern").click()
    expect(row_of(page, username).get_by_role("cell").nth(3)).to_contain_text(f"{moved:%d.%m.%Y}, 10:00 Uhr")

    row_of(page, username).locator("summary").click()
    row_of(page, username).get_by_role("link", name="Geplante Einladung zurücknehmen").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(username)
    page.get_by_role("button", name="Einladung zurücknehmen").click()
    expect(row_of(page, username)).to_contain_text("Nicht eingeladen")


def test_j3_deactivating_signs_out_and_reactivating_lets_in_again(page: Page, stack: Stack) -> None:
    firm = stack.active_firm()
    open_console(page, stack, firm.username, firm.mobile)
    username = f"Weg.{firm.number}"
    create_phone_admin(page, username, f"weg@k{firm.number}.example")
    row_of(page, username).locator("summary").click()
    row_of(page, username).get_by_role("link", name="Deaktivieren").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Tanja Testerin ({username}) deaktivieren?")
    page.get_by_role("button", name="Deaktivieren").click()
    expect(row_of(page, username)).to_contain_text("Deaktiviert")
    row_of(page, username).locator("summary").click()
    row_of(page, username).get_by_role("link", name="Reaktivieren").click()
    page.get_by_role("button", name="Reaktivieren").click()
    expect(row_of(page, username)).to_contain_text("Einladung versendet")


def test_j1_j2_and_j5_on_postgresql(page: Page, stack_on_postgres: Stack) -> None:
    firm = steps.activated_firm(page, stack_on_postgres, new_firm())
    page.goto(f"{stack_on_postgres.portal}/cloud-phone")
    steps.sign_in(page, stack_on_postgres, firm.username, steps.GOOD_PASSWORD, firm.mobile)
    page.locator(f"a[href*='{firm.phone_contract}']").last.click()
    expect(page).to_have_url(f"{stack_on_postgres.cloudphone}/contracts/{firm.phone_contract}")


def test_j8_an_access_request_is_verified_approved_and_invited(page: Page, stack: Stack, another_browser) -> None:
    firm = stack.active_firm()
    asking = another_browser().new_page()
    asking.goto(stack.portal)
    asking.get_by_role("link", name="Benutzerkonto erstellen").click()
    email = f"neu@k{firm.number}.example"
    asking.get_by_label("Kundennummer").fill(firm.number)
    asking.get_by_label("Vorname").fill("Nora")
    asking.get_by_label("Nachname").fill("Neu")
    asking.get_by_label("E-Mail-Adresse").fill(email)
    asking.locator("input[name=username]").fill(f"nora.neu.{firm.number}")
    asking.locator("form button.btn-primary").click()
    mail = stack.message(email, "mail")
    asking.goto(mail.link)
    asking.locator("form button.btn-primary").click()
    steps.heading(asking, "Vielen Dank, Ihre Adresse ist bestätigt")

    open_console(page, stack, firm.username, firm.mobile)
    page.get_by_role("link", name="Zugangsanfragen (1)").click()
    page.get_by_role("link", name="Freigeben").click()
    page.get_by_role("button", name="Freigeben").click()
    invitation = stack.message(email, "mail", mail.id)
    assert invitation.subject == "Ihr Zugang zum Kundenportal"
    asking.goto(invitation.link)
    steps.heading(asking, "Passwort festlegen")
