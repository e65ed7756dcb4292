"""The numbers tell what has happened: each answered request, each step of a sign-in and why it ended, what became of PINs."""

import threading
from contextlib import suppress

import flask
import pytest
from sqlalchemy.exc import OperationalError

from idp import metrics
from idp.audit import store
from idp.authn import pins, sessions, signins
from idp.authn.events import EndReason
from idp.authn.levels import ACR_PASSWORD, AMR_OF
from idp.authn.requirements import Requirement, ShownFor
from idp.countries import country_of
from idp.directory import accounts
from idp.directory.accounts import Account
from idp.errors import Conflict
from tests import builders
from tests.counting import counting, values
from tests.http.oidc.browsing import Browser, registered
from tests.visitor import Visitor, deliver, give_password, pins_of, signed_in_browser, wrong

LOCAL = "demo"


@pytest.fixture
def admin(units, unit) -> Account:
    """Max Muster, who needs a PIN."""
    with unit() as work:
        account = builders.administrator(work)
    return give_password(units, account)


@pytest.fixture
def phone_admin(units, unit, admin) -> Account:
    """Tanja Testerin, whom a password suffices."""
    with unit() as work:
        account = builders.active_account(work)
    return give_password(units, account)


@pytest.fixture
def visitor(app: flask.Flask) -> Visitor:
    return Visitor(app)


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [("/.well-known/openid-configuration", "discovery.discovery"), ("/jwks", "jwks.jwks")],
)
def test_documents_answered_before_flask_are_counted_like_all_others(client, path, endpoint):
    with counting(metrics.REQUESTS) as requests, counting(metrics.REQUEST_SECONDS) as seconds:
        first = client.get(path)
        client.get(path)
        client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        client.get(path, headers={"Origin": "https://app.example.com"})
    assert requests == {("GET", endpoint, "200"): 3, ("GET", endpoint, "304"): 1}
    assert seconds == {(endpoint,): 4}


def test_addresses_that_do_not_exist_are_one_label(client):
    with counting(metrics.REQUESTS) as requests:
        for number in range(3):
            client.get(f"/nowhere/{number}")
    assert requests == {("GET", "unknown", "404"): 3}


def test_each_step_of_a_sign_in_with_a_pin_is_counted_once(app, visitor, admin):
    with counting(metrics.SIGNINS) as steps:
        visitor.sign_in(admin.username)
        visitor.send("pin", pin=pins_of(app, builders.MOBILE)[-1])
    assert steps == {
        ("started", "started", "own"): 1,
        ("password", "right", "own"): 1,
        ("pin", "sent", "own"): 1,
        ("pin", "confirmed", "own"): 1,
        ("completed", "mfa", "own"): 1,
    }


def test_a_sign_in_without_a_pin_leaves_its_steps_out(visitor, phone_admin):
    with counting(metrics.SIGNINS) as steps:
        visitor.sign_in(phone_admin.username)
    assert steps == {("started", "started", "own"): 1, ("password", "right", "own"): 1, ("completed", "password", "own"): 1}


@pytest.mark.parametrize(("first_party", "kind"), [(True, "first_party"), (False, "third_party"), (None, "own")])
def test_sign_ins_tell_apart_whose_app_asks(unit, first_party, kind):
    with counting(metrics.SIGNINS) as steps, unit() as work:
        signins.start(work, "b" * 43, Requirement(), "/", ShownFor("App", first_party=first_party))
    assert steps == {("started", "started", kind): 1}


def test_a_wrong_password_is_counted_by_its_reason(visitor, phone_admin):
    visitor.open("/signin")
    with counting(metrics.SIGNINS) as steps:
        visitor.sign_in(phone_admin.username, "not the password at all")
    assert steps == {("password", "wrong_credentials", "own"): 1}


def test_a_refusal_that_is_rolled_back_is_counted_once(visitor, unit, phone_admin):
    with unit() as work:
        accounts.lock(work, phone_admin.id)
    visitor.open("/signin")
    with counting(metrics.SIGNINS) as steps:
        visitor.sign_in(phone_admin.username)
    assert steps == {("password", "account_locked", "own"): 1}


def test_throttled_attempts_are_counted(visitor, phone_admin):
    visitor.open("/signin")
    with counting(metrics.SIGNINS) as steps:
        for _ in range(8):
            visitor.sign_in(phone_admin.username, "not the password at all")
    assert steps[("password", "throttled", "own")] > 0
    assert sum(number for (step, *_), number in steps.items() if step == "password") == 8


def test_wrong_pins_are_counted_until_they_end_the_sign_in(app, visitor, admin):
    visitor.sign_in(admin.username)
    pin = pins_of(app, builders.MOBILE)[-1]
    with counting(metrics.SIGNINS) as steps, counting(metrics.PINS) as numbers:
        for _ in range(5):
            visitor.send("pin", pin=wrong(pin))
    assert steps == {("pin", "pin_wrong", "own"): 4, ("pin", "pin_tries_used_up", "own"): 1}
    assert numbers == {("pin_wrong", LOCAL, "DE"): 4, ("pin_tries_used_up", LOCAL, "DE"): 1}


def test_pins_are_followed_from_request_to_provider_to_confirmation_by_country(app, visitor, admin):
    with counting(metrics.PINS) as numbers:
        visitor.sign_in(admin.username)
        pin = pins_of(app, builders.MOBILE)[-1]
        deliver(app)
        visitor.send("pin", pin=pin)
    assert numbers == {("sent", LOCAL, "DE"): 1, ("handed_over", LOCAL, "DE"): 1, ("confirmed", LOCAL, "DE"): 1}


def test_nothing_is_counted_of_what_the_database_did_not_keep(units, unit, admin):
    with counting(metrics.PINS) as numbers, pytest.raises(ValueError, match="a fault after the PIN"), unit() as work:
        pins.send(work, "round", admin, device_is_known=True)
        raise ValueError("a fault after the PIN")
    assert numbers == {}


def test_what_a_second_try_repeats_is_counted_once(app, monkeypatch, visitor, phone_admin):
    """The database refuses to serialize the first try at its very end."""
    visitor.open("/signin")
    refused = []

    def refuse_once(work, event):
        if not refused:
            refused.append(event)
            raise OperationalError("COMMIT", {}, Exception("could not serialize"))

    add = store.add
    monkeypatch.setattr(store, "add", lambda db, row: (add(db, row), row["event"] == "signin.completed" and refuse_once(None, row)))
    with counting(metrics.SIGNINS) as steps, counting(metrics.SESSIONS_STARTED) as started:
        visitor.sign_in(phone_admin.username)
    assert refused
    assert steps == {("password", "right", "own"): 1, ("completed", "password", "own"): 1}
    assert started == {("password", "public"): 1}


def test_sessions_are_counted_by_what_ended_them(unit, admin):
    with counting(metrics.SESSIONS_STARTED) as started, unit() as work:
        made = [
            sessions.start(
                work, admin, acr=ACR_PASSWORD, amr=AMR_OF[ACR_PASSWORD], browser="b" * 43, signin_id=None, device_label="", replaces=None
            )
            for _ in range(2)
        ]
    with counting(metrics.SESSIONS_ENDED) as ended:
        for _ in range(2):  # the second time there is nothing left to end
            with unit() as work:
                sessions.end(work, [session.id for session, _ in made], EndReason.LOGOUT)
    assert started == {("password", "public"): 2}
    assert ended == {("logout",): 2}


def test_refused_token_requests_are_counted_by_error_code(client):
    with counting(metrics.TOKEN_REFUSALS) as refusals:
        client.post("/token", data={"grant_type": "authorization_code", "code": "x"}, auth=("nobody", "secret"))
        client.post("/token", data={"grant_type": "made up"}, auth=("nobody", "secret"))
    assert refusals == {("authorization_code", "invalid_client"): 1, ("other", "invalid_client"): 1}


def test_connections_in_use_are_counted_until_they_come_back(units):
    units_in_use = lambda: values(metrics.POOL_IN_USE)  # noqa: E731
    before = units_in_use()
    with units.write() as _, units.read() as _:
        during = units_in_use()
    assert (during[("write",)] - before[("write",)], during[("read",)] - before[("read",)]) == (1, 1)
    assert units_in_use() == before


def test_a_fault_inside_a_unit_gives_its_connection_back(units):
    before = values(metrics.POOL_IN_USE)
    with pytest.raises(ZeroDivisionError), units.read():
        raise ZeroDivisionError
    assert values(metrics.POOL_IN_USE) == before


def test_who_waits_for_a_connection_is_counted(units):
    engine = units.engines[1]
    engine.dispose()
    pool = engine.pool
    taken = [engine.connect() for _ in range(pool.size() + pool._max_overflow)]
    got = threading.Event()

    def wait() -> None:
        with units.read():
            got.set()

    with counting(metrics.POOL_SECONDS) as seconds:
        waiting = threading.Thread(target=wait)
        waiting.start()
        while values(metrics.POOL_WAITING)[("read",)] < 1:
            threading.Event().wait(0.001)
        taken.pop().close()
        waiting.join()
    for connection in taken:
        connection.close()
    assert got.is_set()
    assert values(metrics.POOL_WAITING)[("read",)] == 0
    assert seconds == {("read",): 1}


def test_hashes_leave_no_one_waiting_or_running(visitor, phone_admin):
    with counting(metrics.PASSWORD_HASHES) as hashed:
        visitor.sign_in(phone_admin.username)
    assert hashed == {(): 1}
    assert values(metrics.HASHES_WAITING) == {(): 0}
    assert values(metrics.HASHES_RUNNING) == {(): 0}


def test_the_running_version_is_named(app):
    (version,) = values(metrics.BUILD)
    assert version[0]


@pytest.mark.parametrize(
    ("number", "country"),
    [("+4915155512345", "DE"), ("+436641234567", "AT"), ("+41791234567", "CH"), ("+819012345678", "other"), ("", "other"), (None, "other")],
)
def test_countries_outside_the_list_are_one_label(number, country):
    assert country_of(number) == country


def test_signed_in_browsers_of_tests_do_not_hide_sessions(app, admin):
    with counting(metrics.SESSIONS_STARTED) as started:
        signed_in_browser(app, admin)
    assert started == {("mfa", "public"): 1}


@pytest.mark.parametrize(("first_party", "kind"), [(True, "first_party"), (False, "third_party")])
def test_an_app_that_sends_somebody_is_counted_by_whose_it_is(app, unit, first_party, kind):
    with unit() as work:
        registered(work, "app", first_party=first_party)
    with counting(metrics.SIGNINS) as steps:
        Browser(app).authorize()
    assert steps == {("started", "started", kind): 1}


def test_parallel_units_leave_nothing_in_use_or_waiting(units):
    before = values(metrics.POOL_IN_USE)

    def work_on() -> None:
        for _ in range(20):
            with units.read(), suppress(Conflict), units.write():
                raise Conflict("rolled back")

    threads = [threading.Thread(target=work_on) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values(metrics.POOL_IN_USE) == before
    assert set(values(metrics.POOL_WAITING).values()) == {0}


@pytest.mark.parametrize("odd", ["\0", "a" * 100_000, "\ud800", 'x"} 1\nidp_x{a="', "ä"])
def test_no_caller_makes_up_a_label(client, odd):
    known = {name: set(values(getattr(metrics, name))) for name in ("REQUESTS", "TOKENS", "TOKEN_REFUSALS")}
    sent = odd.encode("utf-8", "surrogatepass")
    client.post("/token", data=b"grant_type=" + sent, content_type="application/x-www-form-urlencoded", auth=("app", "secret"))
    client.open("/token", method="BREW")
    made = {label for name, before in known.items() for labels in set(values(getattr(metrics, name))) - before for label in labels}
    assert made <= {"POST", "other", "token.token", "unknown", "refused", "400", "401", "405", "413", "invalid_client", "invalid_request"}
