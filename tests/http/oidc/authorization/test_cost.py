"""What a sign-in costs the database: each statement costs it and us more than what it asks for."""

from collections.abc import Callable

import flask
import pytest

from idp.directory.accounts import Account
from idp.unit_of_work import Units
from tests.http.oidc.browsing import Browser, answered
from tests.http.oidc.relying import RelyingParty
from tests.statements import heard

READ_BY_THE_TEST = "SELECT pin_challenges.id FROM"
"""How the browser of these tests comes to its PIN."""


@pytest.fixture
def asked(app: flask.Flask, units: Units, visitor: Browser, other_visitor: Browser) -> Callable[[Account], list[str]]:
    """Let a person log in from a new browser, from the app's request to its token; gives what the database is asked."""
    relying = RelyingParty(app)

    def log_in(browser: Browser, account: Account) -> None:
        done = browser.sign_in(browser.authorize(), account)
        assert relying.redeem(answered(browser.get(done.location))["code"]).status_code == 200

    def run(account: Account) -> list[str]:
        log_in(visitor, account)  # what is looked up once is looked up now
        with heard(units) as statements:
            log_in(other_visitor, account)
        return [statement for statement in statements if not " ".join(statement.split()).startswith(READ_BY_THE_TEST)]

    return run


def test_a_login_with_password_and_pin_asks_the_database_at_most_48_times(asked, administrator: Account) -> None:
    statements = asked(administrator)
    assert len(statements) <= 48, "\n".join(statements)


def test_a_login_with_a_password_asks_the_database_at_most_32_times(asked, account: Account) -> None:
    statements = asked(account)
    assert len(statements) <= 32, "\n".join(statements)


def test_nothing_is_written_by_opening_the_pages_of_a_sign_in(units: Units, visitor: Browser, administrator: Account) -> None:
    address = visitor.authorize().location
    with heard(units) as statements:
        visitor.get(address)
    assert {statement.split()[0] for statement in statements} == {"SELECT"}
