"""Growing delays: they hinder guessing, lift themselves, keep nobody else out and never tell whether an account exists."""

import threading

import pytest
from sqlalchemy import func, select

from idp.audit import Event
from idp.audit.tables import AuditEvent
from idp.settings import Settings
from tests.conftest import make_settings
from tests.statements import heard
from tests.visitor import PASSWORD, Visitor


def fail(visitor: Visitor, username: str, times: int) -> list[int]:
    """Type wrong passwords; gives the statuses."""
    visitor.open("/signin")
    form = visitor.form("password")
    fields = form.fields | {"username": username, "password": "a wrong password"}
    return [visitor.post(form.action, **fields).status_code for _ in range(times)]


def test_after_five_wrong_passwords_a_waiting_time_is_told(visitor, phone_admin):
    assert fail(visitor, phone_admin.username, 6) == [422] * 5 + [429]
    visitor.sign_in(phone_admin.username)
    assert visitor.page.status_code == 429
    assert 1 <= int(visitor.page.headers["Retry-After"]) <= 2
    assert "Sekunden" in visitor.page.text
    assert visitor.session is None


def test_the_delay_lifts_itself_and_a_right_password_starts_afresh(visitor, phone_admin, clock):
    fail(visitor, phone_admin.username, 5)
    clock.advance(seconds=2)
    visitor.sign_in(phone_admin.username)
    assert visitor.session
    visitor.client.delete_cookie("idp_session")
    assert fail(visitor, phone_admin.username, 5) == [422] * 5


def test_the_delay_grows_with_each_failure(visitor, phone_admin, clock):
    fail(visitor, phone_admin.username, 5)
    for delay in (2, 4, 8):
        clock.advance(seconds=delay - 1)
        assert fail(visitor, phone_admin.username, 1) == [429]
        clock.advance(seconds=1)
        assert fail(visitor, phone_admin.username, 1) == [422]


def test_a_clock_that_ran_ahead_keeps_nobody_out_once_it_is_right_again(visitor, phone_admin, clock):
    clock.advance(days=30)
    assert fail(visitor, phone_admin.username, 8)[-1] == 429
    clock.advance(days=-30)
    visitor.sign_in(phone_admin.username)
    assert visitor.session


def test_a_clock_set_back_does_not_give_fresh_tries(visitor, phone_admin, clock):
    fail(visitor, phone_admin.username, 8)
    clock.advance(seconds=-30)
    assert fail(visitor, phone_admin.username, 8)[-1] == 429


def test_pins_sent_while_a_clock_ran_ahead_use_up_no_budget_once_it_is_right_again(another, admin, clock):
    clock.advance(days=30)
    for _ in range(7):
        ahead = another()
        ahead.sign_in(admin.username)
    assert ahead.page.status_code == 429
    clock.advance(days=-30)
    now = another()
    now.sign_in(admin.username)
    assert now.heading == "SMS PIN erforderlich"


def test_a_clock_a_minute_behind_another_spends_the_same_budget(another, admin, clock):
    for _ in range(6):
        another().sign_in(admin.username)
    clock.advance(minutes=-1)
    behind = another()
    behind.sign_in(admin.username)
    assert behind.page.status_code == 429


def test_an_unknown_name_is_delayed_like_a_known_one(visitor, another, phone_admin):
    known = fail(visitor, phone_admin.username, 7)
    assert fail(another(), "nobody-has-this-name", 7) == known


def test_the_database_is_asked_the_same_for_a_known_an_unknown_and_an_impossible_name(visitor, phone_admin, units):
    asked: dict[str, list[str]] = {}
    visitor.open("/signin")
    form = visitor.form("password")
    for name in (phone_admin.username, "nobody-has-this-name", "a name with\x00 nothing right"):
        with heard(units) as asked[name]:
            visitor.post(form.action, **form.fields | {"username": name, "password": "a wrong password"})
    known, *others = asked.values()
    assert len(known) > 3
    assert others == [known, known]


def test_somebody_elsewhere_does_not_keep_the_owner_out(visitor, another, phone_admin):
    stranger = another(network="198.51.100.7")
    fail(stranger, phone_admin.username, 10)
    visitor.sign_in(phone_admin.username)
    assert visitor.session


def test_fresh_cookies_bring_no_fresh_tries_without_end(another, phone_admin):
    statuses = [status for number in range(22) for status in fail(another(network=f"198.51.100.{number}"), phone_admin.username, 1)]
    assert statuses == [422] * 20 + [429] * 2


def test_many_failures_from_strangers_leave_a_known_device_alone(visitor, another, phone_admin):
    visitor.sign_in(phone_admin.username)
    visitor.client.delete_cookie("idp_session")
    for number in range(21):
        fail(another(network=f"198.51.100.{number}"), phone_admin.username, 1)
    visitor.open("/signin")
    visitor.sign_in(phone_admin.username)
    assert visitor.session


def test_a_network_is_delayed_over_all_names(another):
    statuses = [fail(another(network="2001:db8:1:2::1"), f"somebody-{number}", 5) for number in range(10)]
    assert statuses == [[422] * 5] * 10
    assert fail(another(network="2001:db8:1:2:ffff::9"), "somebody-else", 1) == [429]
    assert fail(another(network="2001:db8:1:3::1"), "somebody-else", 1) == [422]


def test_a_right_password_of_a_colleague_is_not_counted_against_the_network(another, phone_admin):
    for _ in range(3):
        another().sign_in(phone_admin.username)
    assert [fail(another(), f"somebody-{number}", 5) for number in range(10)] == [[422] * 5] * 10


def test_refusals_by_delay_are_in_the_audit_log(visitor, phone_admin, units):
    fail(visitor, phone_admin.username, 6)
    with units.read() as work:
        query = select(func.count()).select_from(AuditEvent)
        throttled = work.db.scalar(query.where(AuditEvent.event == Event.SIGNIN_THROTTLED.value))
        refused = work.db.scalar(query.where(AuditEvent.event == Event.SIGNIN_REFUSED.value))
    assert (throttled, refused) == (1, 5)


def test_parallel_guesses_get_no_more_tries_than_one_after_another(visitor, phone_admin):
    visitor.open("/signin")
    form = visitor.form("password")
    cookies = [visitor.client.get_cookie(name) for name in ("idp_browser", "idp_state")]
    statuses = []

    def guess() -> None:
        client = visitor.app.test_client()
        for cookie in cookies:
            client.set_cookie(cookie.key, cookie.value)
        fields = form.fields | {"username": phone_admin.username, "password": "a wrong password"}
        statuses.append(client.post(form.action, data=fields, base_url="http://localhost").status_code)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [422] * 5 + [429] * 7


class TestWithALimitsFactor:
    """`IDP_LIMITS_FACTOR` is for tools that sign in hundreds of times."""

    @pytest.fixture
    def settings(self, database, tmp_path) -> Settings:
        return make_settings(database, tmp_path, limits_factor=3)

    def test_thresholds_are_multiplied(self, visitor, phone_admin):
        assert fail(visitor, phone_admin.username, 16) == [422] * 15 + [429]

    def test_cool_downs_are_gone(self, visitor, admin):
        visitor.sign_in(admin.username, PASSWORD)
        visitor.send("pin/send")
        assert visitor.page.status_code == 200

    def test_tries_and_lives_are_not_multiplied(self, visitor, admin):
        visitor.sign_in(admin.username, PASSWORD)
        for _ in range(5):
            visitor.send("pin", pin="0000000")
        assert visitor.heading == "Anmeldung beendet"
