"""A session about to end is said in time, and extended by one click."""

from playwright.sync_api import Page, Route, expect

from tests.browser import steps
from tests.browser.stack import Stack

NOTICE = "Sie werden um"


def test_the_notice_comes_two_minutes_before_the_end_and_goes_by_one_click(page: Page, stack: Stack) -> None:
    firm = stack.active_firm()
    page.goto(f"{stack.idp}/console/")
    steps.sign_in(page, stack, firm.username, steps.GOOD_PASSWORD, firm.mobile)
    steps.heading(page, "Benutzerkonten")

    def nearly_over(route: Route) -> None:
        """Answer as the server would half an hour later; the click reaches the real one."""
        if route.request.method == "GET":
            route.fulfill(json={"idle_in": 110, "ends_in": 9000})
        else:
            route.continue_()

    page.route("**/console/session", nearly_over)
    page.clock.install()
    page.reload()
    page.wait_for_load_state("networkidle")
    page.clock.run_for(27 * 60_000)
    expect(page.locator("[data-session-end]")).to_be_hidden()
    page.clock.run_for(70_000)
    expect(page.get_by_role("alert")).to_contain_text(NOTICE)
    page.get_by_role("button", name="Angemeldet bleiben").click()
    expect(page.locator("[data-session-end]")).to_be_hidden()
