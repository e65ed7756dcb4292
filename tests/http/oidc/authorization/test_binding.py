"""A request belongs to the browser that opened it, and is answered once."""

from urllib.parse import urlsplit

import pytest

from idp.directory.accounts import Account
from idp.oidc.clients import clients
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, answered

START_AGAIN = "Bitte beginnen Sie in der Anwendung neu"


def address_of(response) -> str:
    """The path at which a kept request is taken up."""
    return urlsplit(response.location).path


@pytest.fixture
def posted(visitor: Browser) -> str:
    """A request that came by POST and that nobody has opened yet."""
    return address_of(visitor.post("/authorize", browsing.asking()))


def test_the_first_browser_to_open_a_posted_request_gets_it(visitor: Browser, other_visitor: Browser, posted: str) -> None:
    assert visitor.get(posted).status_code == 303
    refused = other_visitor.get(posted)
    assert refused.status_code == 400
    assert START_AGAIN in refused.text


def test_opening_a_posted_request_makes_the_browser_known(visitor: Browser, posted: str) -> None:
    response = visitor.get(posted)
    assert "idp_browser=" in str(response.headers)


def test_a_request_of_one_browser_cannot_be_taken_up_by_another_although_signed_in(
    visitor: Browser, other_visitor: Browser, account: Account
) -> None:
    done = visitor.sign_in(visitor.authorize(), account)
    other_visitor.with_session(account)
    assert START_AGAIN in other_visitor.get(done.location).text


def test_a_request_is_answered_once(visitor: Browser, account: Account) -> None:
    done = visitor.sign_in(visitor.authorize(), account)
    assert "code" in answered(visitor.get(done.location))
    again = visitor.get(done.location)
    assert again.status_code == 400
    assert "Location" not in again.headers
    assert "Dieser Schritt für Sample App ist erledigt." in again.text


@pytest.mark.parametrize(
    ("metadata", "address"),
    [
        ({"initiate_login_uri": "https://app.example/begin"}, "https://app.example/begin?iss=http%3A%2F%2Flocalhost"),
        ({"initiate_login_uri": "https://app.example/begin?a=b"}, "https://app.example/begin?a=b&amp;iss=http%3A%2F%2Flocalhost"),
        ({"client_uri": "https://app.example/"}, "https://app.example/"),
    ],
)
def test_core_4_who_comes_back_to_an_answered_request_is_led_on_to_the_app(
    visitor: Browser, account: Account, unit, metadata: dict, address: str
) -> None:
    with unit() as work:
        clients.change(work, "app", metadata)
    done = visitor.sign_in(visitor.authorize(), account)
    visitor.get(done.location)
    assert f'href="{address}"' in visitor.get(done.location).text


def test_another_browser_is_not_told_which_app_was_answered(visitor: Browser, other_visitor: Browser, account: Account) -> None:
    done = visitor.sign_in(visitor.authorize(), account)
    visitor.get(done.location)
    assert "Sample App" not in other_visitor.get(done.location).text


def test_a_request_lives_thirty_minutes(visitor: Browser, posted: str, clock) -> None:
    clock.advance(minutes=30, seconds=1)
    assert START_AGAIN in visitor.get(posted).text


def test_a_request_is_answered_until_its_last_minute(signed_in: Browser, clock) -> None:
    posted = address_of(signed_in.post("/authorize", browsing.asking()))
    clock.advance(minutes=29)
    assert "code" in answered(signed_in.get(posted))


@pytest.mark.parametrize("request_id", ["unknown", "a" * 22, "%00", "a" * 21 + "%00", "..%2F..", "ä" * 22])
def test_an_address_that_was_never_given_out_says_how_to_begin(visitor: Browser, request_id: str) -> None:
    response = visitor.get(f"/authorize/{request_id}")
    assert response.status_code in (400, 404)


def test_nothing_is_answered_where_the_redirect_uri_was_taken_from_the_client_meanwhile(visitor: Browser, account: Account, unit) -> None:
    from idp.oidc.clients import clients  # noqa: PLC0415 - only here

    done = visitor.sign_in(visitor.authorize(), account)
    with unit() as work:
        clients.change(work, "app", {"redirect_uris": ["https://app.example/other"]})
    response = visitor.get(done.location)
    assert (response.status_code, response.location) == (400, None)


def test_nobody_keeps_where_a_request_leads(visitor: Browser) -> None:
    assert visitor.authorize().headers["Cache-Control"] == "no-store"
