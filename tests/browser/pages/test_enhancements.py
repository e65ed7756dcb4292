"""What the small scripts add, and that pages do without them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.accessibility import violations_in_both_themes


@pytest.fixture
def form(page: Page, address: str) -> Page:
    """A page with one field of each kind."""
    page.goto(f"{address}/sample/form")
    return page


@pytest.fixture
def console(page: Page, address: str) -> Page:
    """A page of the console."""
    page.goto(f"{address}/sample/console")
    page.wait_for_load_state("networkidle")  # its small modules are there
    return page


@pytest.fixture
def without_script(another_browser: Callable[..., BrowserContext]) -> Page:
    """A browser with JavaScript off."""
    return another_browser(java_script_enabled=False).new_page()


def test_a_password_can_be_looked_at_and_hidden_again(form: Page) -> None:
    form.fill("#password", "leise flattern Segel")
    button = form.locator("[data-reveal=password]")
    button.click()
    expect(form.locator("#password")).to_have_attribute("type", "text")
    expect(button).to_have_text("Verbergen")
    button.click()
    expect(form.locator("#password")).to_have_attribute("type", "password")


def test_a_password_is_sent_hidden(form: Page) -> None:
    form.locator("[data-reveal=password]").click()
    form.locator("main form .btn-primary").click()
    expect(form.locator("#password")).to_have_attribute("type", "password")


def test_the_rules_tick_themselves_off(form: Page) -> None:
    met = form.locator(".rules .met")
    form.fill("#new_password", "kurz")
    expect(met).to_have_count(2)
    form.fill("#new_password", "Muster flattern 123456")
    expect(met).to_have_count(1)
    form.fill("#new_password", "leise flattern Segel")
    expect(met).to_have_count(3)


def test_sending_again_waits_and_says_how_long(page: Page, address: str) -> None:
    page.clock.install()
    page.goto(f"{address}/sample/form")
    button = page.locator("[data-wait]")
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_contain_text("(in 30 s)")
    button.click(force=True)  # as a person would; the driver itself never presses what says it is disabled
    expect(page).to_have_url(f"{address}/sample/form")
    page.clock.run_for(31_000)
    expect(button).not_to_have_attribute("aria-disabled", "true")
    button.click()
    page.wait_for_url(f"{address}/sample/console")


def test_an_open_menu_closes_by_escape_and_gives_the_focus_back(console: Page) -> None:
    summary = console.locator("td summary").first
    summary.press("Enter")
    expect(console.locator("td details[open]")).to_have_count(1)
    console.keyboard.press("Escape")
    expect(console.locator("details[open]")).to_have_count(0)
    expect(summary).to_be_focused()


def test_only_one_menu_is_open(console: Page) -> None:
    console.locator("td summary").nth(0).click()
    console.locator("header summary").click()
    expect(console.locator("details[open]")).to_have_count(1)


@pytest.mark.parametrize("browser_fixture", ["page", "without_script"])
def test_the_summary_of_errors_has_the_focus(request: pytest.FixtureRequest, address: str, browser_fixture: str) -> None:
    browser: Page = request.getfixturevalue(browser_fixture)
    browser.goto(f"{address}/sample/form")
    browser.locator("main form .btn-primary").click()
    expect(browser.locator("#error-summary")).to_be_focused()


def test_a_link_of_the_summary_leads_into_its_field(form: Page) -> None:
    form.locator("main form .btn-primary").click()
    form.locator("#error-summary a[href='#username']").click()
    expect(form.locator("#username")).to_be_focused()


def test_a_second_press_sends_nothing(form: Page) -> None:
    sent = []
    form.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    form.locator("main form .btn-primary").dblclick()
    expect(form.locator("#error-summary")).to_be_visible()
    assert sent == ["POST"]


def test_without_script_nothing_is_offered_that_needs_one(without_script: Page, address: str) -> None:
    without_script.goto(f"{address}/sample/form")
    expect(without_script.locator("[data-reveal]").first).to_be_hidden()


def test_without_script_menus_open_and_forms_work(without_script: Page, address: str) -> None:
    without_script.goto(f"{address}/sample/console")
    without_script.locator("td summary").first.click()
    expect(without_script.locator("td .menu-list").first).to_be_visible()
    without_script.goto(f"{address}/sample/form")
    without_script.locator("[data-wait]").click()
    expect(without_script.locator(".notice.good").first).to_contain_text("Kopiert")


def test_the_first_tab_offers_to_skip_to_the_content(console: Page) -> None:
    console.keyboard.press("Tab")
    expect(console.get_by_text("Zum Inhalt springen")).to_be_in_viewport()
    console.keyboard.press("Enter")
    expect(console.locator("main")).to_be_focused()


def test_the_language_switch_keeps_the_place(form: Page, address: str) -> None:
    form.get_by_role("link", name="English").click()
    expect(form).to_have_url(f"{address}/sample/form?lang=en")
    expect(form.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("path", ["form", "console"])
def test_axe_finds_nothing_with_everything_open(page: Page, address: str, path: str) -> None:
    page.goto(f"{address}/sample/{path}")
    for summary in page.locator("summary").all()[:2]:
        summary.evaluate("one => { one.parentElement.open = true; }")
    assert violations_in_both_themes(page) == []


def test_a_theme_that_is_set_overrules_the_systems(page: Page, address: str) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/sample/form")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    assert (light, page.evaluate("getComputedStyle(document.body).backgroundColor")) == ("rgb(244, 246, 248)", "rgb(17, 22, 28)")


@pytest.mark.parametrize("path", ["form", "console", "no-such-page"])
def test_nothing_scrolls_sideways_on_any_screen(page: Page, address: str, path: str) -> None:
    """320 px is a phone's width, and 1280 px at a zoom of 400 % (WCAG 2.2 §1.4.10)."""
    page.goto(f"{address}/sample/{path}")
    for width in (320, 640, 767, 1247, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, width


def test_targets_are_large_enough_for_a_thumb(console: Page) -> None:
    """WCAG 2.2 §2.5.8; ours 44 px, inside of texts and tables 24 px."""
    sizes = console.evaluate(
        "[...document.querySelectorAll('.btn, summary, .tabs a, .foot a')].map(one => one.getBoundingClientRect().height)"
    )
    assert len(sizes) > 10
    assert min(sizes) >= 44


def test_reduced_motion_is_respected(page: Page, address: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{address}/sample/form")
    assert page.evaluate("getComputedStyle(document.querySelector('.btn')).transitionDuration") in ("0s", "none", "")


def test_no_script_fails_and_nothing_is_blocked(page: Page, address: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in ("form", "console"):
        page.goto(f"{address}/sample/{path}", wait_until="networkidle")
    assert said == []
