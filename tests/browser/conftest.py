"""A real Chromium against the three running servers."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.stack import Stack
from tests.conftest import PATIENCE
from tests.servers import Postgres, Redis

SCREENSHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A browser of somebody in Germany."""
    return browser_context_args | {"locale": "de-DE", "timezone_id": "Europe/Berlin", "viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def page(page: Page) -> Page:
    """A page that gives up after some time."""
    page.set_default_timeout(PATIENCE * 1000)
    return page


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running demo on SQLite."""
    yield from _running(Stack(tmp_path_factory.mktemp("stack")))


@pytest.fixture(scope="session")
def stack_on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, redis_server: Redis) -> Iterator[Stack]:
    """The running demo on PostgreSQL and Redis."""
    with postgres.database() as url:
        environment = {"IDP_DATABASE_URL": url, "IDP_REDIS_URL": redis_server.url}
        yield from _running(Stack(tmp_path_factory.mktemp("stack-postgres"), environment))


def _running(stack: Stack) -> Iterator[Stack]:
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def another_browser(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Callable[..., BrowserContext]]:
    """Open further browsers with cookies of their own: `another_browser(locale="en-GB")`."""
    opened: list[BrowserContext] = []

    def open_one(**other: Any) -> BrowserContext:
        context = browser.new_context(**(browser_context_args | other))
        context.set_default_timeout(PATIENCE * 1000)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """Keep a picture of a page for the README when `SCREENSHOTS` names a folder."""

    def picture(page: Page, name: str) -> None:
        if SCREENSHOTS:
            page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", animations="disabled")

    return picture
