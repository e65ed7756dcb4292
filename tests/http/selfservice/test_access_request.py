"""»Benutzerkonto erstellen« on the login page, up to the decision of the customer's administrator."""

import re

import pytest

from idp.directory import access_requests
from tests.visitor import Visitor, mails_of

WISH = {
    "customer_number": "2300229",
    "given_name": "Tanja",
    "family_name": "Testerin",
    "email": "tanja.testerin@example.com",
    "username": "Tanja.Testerin",
}


def wish(visitor: Visitor, **changes: str):
    visitor.open("/access-request")
    return visitor.send("customer_number", **WISH | changes)


def link_of(visitor: Visitor, email: str = WISH["email"]) -> str:
    return mails_of(visitor.app, email)[-1].link.removeprefix("http://localhost")


def waiting(visitor: Visitor, admin) -> list[str]:
    with visitor.units.read() as work:
        return [request.username for request in access_requests.list_waiting(work, admin.customer_id)]


def test_the_login_page_leads_to_the_form(visitor):
    visitor.open("/signin")
    assert 'href="/access-request?signin=' in visitor.page.text


@pytest.mark.parametrize(("path", "field"), [("/access-request", "customer_number"), ("/password/forgot", "username")])
def test_who_came_from_a_sign_in_finds_the_way_back_to_it(visitor, admin, path, field):
    visitor.open("/signin")
    signin = visitor.address
    visitor.open(re.search(f'href="({path}[?]signin=[^"]*)"', visitor.page.text)[1])
    assert f'href="{signin}"' in visitor.page.text
    visitor.send(field, **(WISH if field == "customer_number" else {"username": admin.username}))
    assert visitor.page.status_code == 200
    assert f'href="{signin}"' in visitor.page.text


def test_a_password_manager_finds_where_a_new_password_begins(visitor):
    visitor.open("/.well-known/change-password")
    assert visitor.address == "/password/forgot"


@pytest.mark.parametrize("signin", ["https://evil.example/", "//evil.example", "../console/", "x" * 65, "%00", "a/b", ""])
@pytest.mark.parametrize("path", ["/access-request", "/password/forgot", "/access-request/sent", "/password/forgot/sent"])
def test_the_way_back_leads_nowhere_else(visitor, path, signin):
    visitor.open(f"{path}?signin={signin}")
    links = [address.partition("?")[0] for address in re.findall('href="([^"]*)"', visitor.page.text) if "/static/" not in address]
    assert {link for link in links if link} <= {"#main", "/signin", "/password/forgot"}


def test_a_wish_waits_for_the_administrator_once_its_address_is_confirmed(visitor, admin):
    wish(visitor)
    assert visitor.heading == "Wir haben Ihnen eine E-Mail gesendet"
    assert waiting(visitor, admin) == []
    visitor.open(link_of(visitor))
    assert waiting(visitor, admin) == []
    visitor.send("csrf_token")
    assert visitor.heading == "Vielen Dank, Ihre Adresse ist bestätigt"
    assert waiting(visitor, admin) == [WISH["username"]]


@pytest.mark.parametrize("changes", [{"customer_number": "9999999"}, {"email": "max.muster@example.com"}, {"username": "Somebody.Else"}])
def test_no_answer_tells_whether_anything_exists(visitor, another, admin, changes):
    wish(visitor)
    other = another()
    wish(other, **changes)
    assert (other.page.status_code, other.address, other.page.text) == (visitor.page.status_code, visitor.address, visitor.page.text)


@pytest.mark.parametrize("field", sorted(WISH))
def test_a_missing_entry_is_named_at_its_field_and_the_others_are_kept(visitor, admin, field):
    wish(visitor, **{field: ""})
    assert visitor.page.status_code == 422
    assert f'id="{field}-error"' in visitor.page.text
    for name, value in WISH.items():
        assert name == field or f'value="{value}"' in visitor.page.text


@pytest.mark.parametrize(("field", "value"), [("customer_number", "0123"), ("email", "not an address"), ("username", "customer4711")])
def test_a_malformed_entry_is_named_at_its_field(visitor, admin, field, value):
    wish(visitor, **{field: value})
    assert visitor.page.status_code == 422
    assert f'id="{field}-error"' in visitor.page.text


def test_a_link_opened_twice_tells_that_it_is_done(visitor, admin):
    wish(visitor)
    address = link_of(visitor)
    visitor.open(address)
    visitor.send("csrf_token")
    visitor.open(address)
    assert visitor.heading == "Vielen Dank, Ihre Adresse ist bestätigt"
    assert waiting(visitor, admin) == [WISH["username"]]


def test_an_expired_link_offers_the_form_again(visitor, admin, clock):
    wish(visitor)
    address = link_of(visitor)
    clock.advance(days=1)
    visitor.open(address)
    assert visitor.page.status_code == 410
    assert 'href="/access-request"' in visitor.page.text


def test_the_links_address_leaks_nowhere(visitor, admin):
    wish(visitor)
    visitor.open(link_of(visitor))
    assert visitor.page.headers["Referrer-Policy"] == "no-referrer"


def test_a_network_that_asks_too_often_has_to_wait(visitor, admin):
    for number in range(10):
        wish(visitor, email=f"somebody{number}@example.com")
    wish(visitor, email="another@example.com")
    assert visitor.page.status_code == 429
    assert "Retry-After" in visitor.page.headers
