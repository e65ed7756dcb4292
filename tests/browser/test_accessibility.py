"""Every page: axe finds nothing in either theme, nothing scrolls sideways at 320 px, and it stays small."""

import gzip
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from idp.directory import accounts
from idp.messaging.rendering import render_mail
from idp.oidc.authorization import consent
from idp.oidc.clients import clients, resources
from idp.settings import Settings
from idp.unit_of_work import SYSTEM
from tests.accessibility import violations_in_both_themes
from tests.browser import steps
from tests.browser.stack import Stack, new_firm
from tests.conftest import PATIENCE

LARGEST_PAGE = 60 * 1024


@pytest.fixture(scope="session")
def signed_in(browser, browser_context_args, stack: Stack) -> Iterator[BrowserContext]:
    """A browser in which an administrator is signed in, who lets the app `granted` have access."""
    context = browser.new_context(**browser_context_args)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    firm = stack.active_firm()
    with stack.app.extensions["idp.units"].write(SYSTEM) as work:
        account = accounts.find_by_username(work, firm.username)
        assert account
        granted = clients.register(work, {"client_name": "Kalender", "redirect_uris": ["https://granted.example/cb"]}, client_id="granted")
        consent.remember(work, granted.client, account.id, ("openid", "email", "offline_access"))
    page.goto(f"{stack.portal}/cloud-phone")
    steps.sign_in(page, stack, firm.username, steps.GOOD_PASSWORD, firm.mobile)
    expect(page).to_have_url(f"{stack.portal}/cloud-phone")
    page.goto(f"{stack.cloudphone}/login/initiate?iss={stack.idp}&target_link_uri={stack.cloudphone}/contracts/{firm.phone_contract}")
    yield context
    context.close()


@pytest.fixture(scope="session")
def staff(browser, browser_context_args, stack: Stack) -> Iterator[BrowserContext]:
    """A browser in which an operator is signed in; there is an app `seen` to look at."""
    context = browser.new_context(**browser_context_args)
    context.set_default_timeout(PATIENCE * 1000)
    steps.enter_as_staff(context.new_page(), stack)
    with stack.app.extensions["idp.units"].write(SYSTEM) as work:
        clients.register(work, {"client_name": "Kalender", "redirect_uris": ["https://seen.example/cb"]}, client_id="seen")
    yield context
    context.close()


def check(page: Page, name: str) -> None:
    """Look at one page in both themes and on a narrow phone."""
    found = violations_in_both_themes(page)
    assert found == [], name
    wide = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 640})
    too_wide = sideways(page)
    page.set_viewport_size(wide)
    assert too_wide <= 0, f"{name} scrolls sideways by {too_wide} px"


def sideways(page: Page) -> int:
    """Tell by how many pixels a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def size_of(page: Page) -> int:
    """Measure a page with its style sheets, compressed."""
    bodies = [page.request.get(page.url).body()]
    bodies += [
        page.request.get(address).body() for address in page.locator("link[rel=stylesheet]").evaluate_all("all => all.map(one => one.href)")
    ]
    return sum(len(gzip.compress(body)) for body in bodies)


OPEN_PAGES = [
    "/signin",
    "/password/forgot",
    "/access-request",
    "/activate/unknown",
    "/password/reset/unknown",
    "/nowhere",
    "/device",
    "/device/unknown",
    "/demo/mailbox",
    "/demo/phone",
]


@pytest.mark.parametrize("path", OPEN_PAGES)
def test_pages_before_signing_in(page: Page, stack: Stack, path: str) -> None:
    page.goto(stack.idp + path)
    check(page, path)


def test_activation_and_pin_pages(page: Page, stack: Stack) -> None:
    firm = new_firm()
    stack.provision(firm.number, firm.document)
    page.goto(stack.message(firm.email, "mail").link)
    check(page, "activation")
    steps.set_password(page, "zu kurz")
    expect(page.locator("#error-summary")).to_be_visible()
    check(page, "activation with errors")
    steps.set_password(page)
    steps.heading(page, "SMS PIN erforderlich")
    check(page, "pin")
    page.locator("input[name=pin]").fill("0000000")
    page.get_by_role("button", name="Bestätigen").click()
    expect(page.locator("#error-summary")).to_be_visible()
    check(page, "pin with error")
    steps.enter_pin(page, stack, firm.mobile, 0)
    expect(page.get_by_text("Ihr Kennwort wurde festgelegt.")).to_be_visible()
    check(page, "activated")


def test_long_names_do_not_make_a_phone_scroll_sideways(page: Page, stack: Stack) -> None:
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauamt"
    firm = new_firm()
    firm.document["name"] = firm.document["contracts"][0]["label"] = long
    firm = stack.active_firm(firm, given_name="Anna-Maria", family_name=long)
    page.goto(stack.portal)
    steps.sign_in(page, stack, firm.username, steps.GOOD_PASSWORD, firm.mobile)
    expect(page.get_by_role("heading", level=1)).to_contain_text(long)
    metadata = {"client_name": long, "redirect_uris": ["https://long.example/cb"], "token_endpoint_auth_method": "none"}
    with stack.app.extensions["idp.units"].write(SYSTEM) as work:
        clients.register(work, metadata, client_id="long")
    asked = "client_id=long&redirect_uri=https://long.example/cb&response_type=code&scope=openid&code_challenge_method=S256"
    consent_page = f"{stack.idp}/authorize?{asked}&code_challenge={'a' * 43}"
    page.goto(consent_page)
    steps.heading(page, f"{long} bittet um Zugriff")
    page.set_viewport_size({"width": 320, "height": 640})
    for address in (
        stack.portal, f"{stack.portal}/cloud-phone", f"{stack.idp}/console/", f"{stack.idp}/console/accounts/new", f"{stack.idp}/account/",
        consent_page, f"{stack.idp}/end-session",
    ):  # fmt: skip
        page.goto(address)
        for box in page.get_by_label("Darf alle Cloud-Telefonie-Verträge nutzen").all():
            box.uncheck()
        assert sideways(page) <= 0, address


def test_a_mail_with_the_longest_names_fits_a_phone(page: Page) -> None:
    person = {"salutation": "", "given_name": "Anna-Maria", "family_name": "N" * 60, "username": "n" * 64}
    settings = Settings(issuer="https://login.example", portal_url="https://portal.example")
    page.set_viewport_size({"width": 320, "height": 640})
    page.set_content(render_mail(settings, "mail/invitation", "de", person | {"link": "https://login.example/activate/" + "t" * 43}).html)
    expect(page.get_by_text("n" * 64)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("path", ["/console/", "/console/?search=niemand", "/console/accounts/new", "/console/requests"])
def test_console_pages(signed_in: BrowserContext, stack: Stack, path: str) -> None:
    page = signed_in.new_page()
    page.goto(stack.idp + path)
    check(page, path)
    page.close()


def test_the_page_of_an_account_with_its_sessions(signed_in: BrowserContext, stack: Stack) -> None:
    page = signed_in.new_page()
    page.goto(f"{stack.idp}/console/")
    page.goto(stack.idp + (page.locator("a[href^='/console/accounts/']", has_text="Bearbeiten").first.get_attribute("href") or ""))
    expect(page.get_by_role("heading", name="Wo diese Person angemeldet ist")).to_be_visible()
    check(page, "account with sessions")
    page.close()


@pytest.mark.parametrize("path", ["/account/", "/account/apps/granted/revoke", "/account/sessions", "/account/sessions/sign-out"])
def test_pages_of_my_account(signed_in: BrowserContext, stack: Stack, path: str) -> None:
    page = signed_in.new_page()
    page.goto(stack.idp + path)
    check(page, path)
    page.close()


@pytest.mark.parametrize(
    "path",
    [
        "/clients", "/clients?search=niemand", "/clients-new", "/clients/seen", "/clients/seen/edit", "/clients/seen/metadata",
        "/clients/seen/delete", "/resources", "/resources-new", "/registration-tokens", "/registration-tokens/new", "/session/signed-out",
    ],
)  # fmt: skip
def test_staff_pages(staff: BrowserContext, stack: Stack, path: str) -> None:
    page = staff.new_page()
    page.goto(f"{stack.idp}/staff{path}")
    check(page, path)
    page.close()


def test_staffs_pages_of_a_resource(staff: BrowserContext, stack: Stack) -> None:
    with stack.app.extensions["idp.units"].write(SYSTEM) as work:
        made = resources.create(work, "https://seen.example/api", name="Telefone", scopes=["seen:read"], introspection_client_id="seen")
        clients.change(work, "seen", {"resources": ["https://seen.example/api"]})
    page = staff.new_page()
    for what in ("", "/edit", "/delete"):
        page.goto(f"{stack.idp}/staff/resources/{made.id}{what}")
        check(page, f"resource {what}")
    page.close()


@pytest.mark.parametrize(
    "path", ["/", "/contracts", "/orders", "/tickets", "/documents", "/invoices", "/options", "/cloud-phone", "/documentation"]
)
def test_portal_pages(signed_in: BrowserContext, stack: Stack, path: str) -> None:
    page = signed_in.new_page()
    page.goto(stack.portal + path)
    check(page, path)
    page.close()


@pytest.mark.parametrize("path", ["/", "/documentation"])
def test_cloud_phone_pages(signed_in: BrowserContext, stack: Stack, path: str) -> None:
    page = signed_in.new_page()
    page.goto(stack.cloudphone + path)
    check(page, path)
    page.close()


@pytest.mark.parametrize("path", ["/signin", "/password/forgot", "/access-request"])
def test_a_page_with_its_style_sheets_is_under_60_kb(page: Page, stack: Stack, path: str) -> None:
    page.goto(stack.idp + path)
    assert size_of(page) < LARGEST_PAGE


def test_the_console_with_its_style_sheets_is_under_60_kb(signed_in: BrowserContext, stack: Stack) -> None:
    page = signed_in.new_page()
    page.goto(f"{stack.idp}/console/")
    assert size_of(page) < LARGEST_PAGE
    page.close()
