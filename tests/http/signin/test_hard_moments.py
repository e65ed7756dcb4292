"""A database that refuses to serialize, and input that nobody would type."""

import pytest

from idp.authn import signins
from idp.errors import TryAgain
from tests.visitor import pins_of

LINKS = ("/activate/", "/password/reset/", "/access-request/verify/", "/contact-change/")


def refusing(times: int, monkeypatch) -> None:
    """Let the step of the password fail so many times."""
    enter, left = signins.enter_password, [None] * times

    def step(*given):
        if left:
            left.pop()
            raise TryAgain("serialization")
        return enter(*given)

    monkeypatch.setattr(signins, "enter_password", step)


def test_a_step_that_the_database_refused_is_taken_once_more(visitor, phone_admin, monkeypatch):
    refusing(1, monkeypatch)
    visitor.sign_in(phone_admin.username)
    assert visitor.session


def test_a_step_that_the_database_refused_twice_asks_for_patience(visitor, phone_admin, monkeypatch):
    refusing(2, monkeypatch)
    visitor.sign_in(phone_admin.username)
    assert (visitor.page.status_code, visitor.page.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("part", ["%00", "a%00b", "%F0%9F%98%80", "x" * 2000, "..%2f"])
@pytest.mark.parametrize(
    "address", ["/signin/", "/activation/", "/activate/", "/password/reset/", "/access-request/verify/", "/contact-change/"]
)
def test_an_impossible_address_is_a_page_and_never_an_error_of_ours(visitor, address, part):
    visitor.open(address + part)
    assert visitor.page.status_code in (400, 404, 410)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_impossible_entries_are_refused_and_never_an_error_of_ours(visitor, phone_admin):
    for username, password in (("\x00", "\x00"), ("a\x00b", "x" * 1024), ("x" * 5000, "x"), ("\ufffe", "\U000e0001"), ("' or 1=1 --", "x")):
        visitor.open("/signin")
        visitor.send("password", username=username, password=password)
        assert visitor.page.status_code == 422


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_password_is_entered_and_a_pin_confirmed_on_each_database(visitor, admin):
    visitor.sign_in(admin.username, "a wrong password")
    visitor.sign_in(admin.username)
    visitor.send("pin", pin=pins_of(visitor.app, admin.mobile)[-1])
    assert visitor.session
