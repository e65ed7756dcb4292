"""What axe objects to on a page, in light and in dark."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

BY_THEME = ["color-contrast", "link-in-text-block"]
"""The rules whose answer another theme can change: a theme is colours alone."""


def violations(page: Page, *rules: str) -> list[dict[str, Any]]:
    """Run axe on the page as it is, by all of its rules or by these."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    return list(page.evaluate("options => axe.run(options).then(found => found.violations)", options))


def violations_in_both_themes(page: Page) -> list[dict[str, Any]]:
    """Run axe by all rules in dark, and by those of colours in light."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found = violations(page)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return found + violations(page, *BY_THEME)
