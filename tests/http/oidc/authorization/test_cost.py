"""What a sign-in costs the database: each statement costs it and us more than what it asks for."""

import flask

from idp.directory.accounts import Account
from idp.unit_of_work import Units
from tests.http.oidc.browsing import Browser, answered
from tests.http.oidc.relying import RelyingParty
from tests.statements import heard


def test_a_login_asks_the_database_at_most_48_times(
    app: flask.Flask, units: Units, visitor: Browser, other_visitor: Browser, administrator: Account
) -> None:
    relying = RelyingParty(app)

    def log_in(browser: Browser) -> int:
        done = browser.sign_in(browser.authorize(), administrator)
        return relying.redeem(answered(browser.get(done.location))["code"]).status_code

    assert log_in(visitor) == 200  # what is looked up once is looked up now
    with heard(units) as statements:
        assert log_in(other_visitor) == 200
    reads_of_the_test = 1  # the PIN
    assert len(statements) - reads_of_the_test <= 48, "\n".join(statements)


def test_nothing_is_written_by_opening_the_pages_of_a_sign_in(units: Units, visitor: Browser, administrator: Account) -> None:
    address = visitor.authorize().location
    with heard(units) as statements:
        visitor.get(address)
    assert {statement.split()[0] for statement in statements} == {"SELECT"}
