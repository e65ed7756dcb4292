"""A session whose account's row alone says that it may not be used (nobody ended the session): signed out, and led in no circles."""

import pytest
from sqlalchemy import select, update

from idp.authn.tables import Session as SessionRow
from idp.directory.tables import Account as AccountRow
from tests import builders
from tests.visitor import Visitor, signed_in_browser

PAGES = ("/", "/signin", "/console/", "/console/accounts/new", "/account/")


@pytest.fixture(params=["deactivated_at", "locked_at"])
def visitor(app, unit, request) -> Visitor:
    """The browser of an administrator whose row was changed by hand."""
    with unit() as work:
        account = builders.administrator(work)
    browser = signed_in_browser(app, account)
    with unit() as work:
        work.db.execute(update(AccountRow).where(AccountRow.id == account.id).values({request.param: work.now}))
    return browser


@pytest.mark.parametrize("address", PAGES)
def test_every_page_leads_to_the_sign_in(visitor, address):
    assert visitor.open(address).status_code == 200
    assert "/signin/" in visitor.address
    assert 'name="password"' in visitor.page.text
    assert len(visitor.steps) <= 4


def test_the_console_s_script_hears_that_the_session_is_over(visitor):
    assert visitor.open("/console/session").status_code == 401


def test_the_logout_ends_the_session_all_the_same(visitor, units):
    visitor.open("/end-session")
    visitor.send("/end-session/confirm")
    with units.read() as work:
        assert work.db.execute(select(SessionRow.end_reason)).scalar_one() == "logout"
