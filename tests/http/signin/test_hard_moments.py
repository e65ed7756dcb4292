"""A database that refuses to serialize, and input that nobody would type."""

import threading

import pytest
from sqlalchemy import func, select

from idp.authn import signins
from idp.authn.tables import PinChallenge, Session, ThrottleCounter
from idp.errors import TryAgain
from tests.visitor import PASSWORD, pins_of

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


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_each_step_posted_many_times_at_once_is_taken_once(visitor, admin, units):
    visitor.open("/signin")
    assert set(at_once(visitor, "password", username=admin.username, password=PASSWORD)) == {303}
    with units.read() as work:
        assert work.db.scalar(select(func.count()).select_from(PinChallenge)) == 1
    visitor.open(visitor.form("password").action.removesuffix("/password"))
    assert set(at_once(visitor, "pin", pin=pins_of(visitor.app, admin.mobile)[-1])) == {303}
    with units.read() as work:
        assert work.db.scalar(select(func.count()).select_from(Session)) == 1
        assert set(work.db.scalars(select(ThrottleCounter.failures))) == {0}


def at_once(visitor, having: str, **fields: str) -> list[int]:
    """Send a form of the page six times at the same moment; gives the statuses."""
    form, statuses = visitor.form(having), []
    cookies = [visitor.client.get_cookie(name) for name in ("idp_browser", "idp_state")]
    ready = threading.Barrier(6)

    def send() -> None:
        client = visitor.app.test_client()
        for cookie in cookies:
            client.set_cookie(cookie.key, cookie.value)
        ready.wait()
        statuses.append(client.post(form.action, data=form.fields | fields, base_url="http://localhost").status_code)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses
