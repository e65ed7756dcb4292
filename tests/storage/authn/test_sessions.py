"""Sessions, on each database."""

import pytest
from sqlalchemy import event, select

from idp.authn import cleaning, sessions
from idp.authn.events import EndReason
from idp.authn.levels import ACR_MFA, ACR_PASSWORD
from idp.authn.tables import Session as Row
from idp.crypto import hash_token


@pytest.fixture
def started(unit, admin):
    """A session and its token."""
    with unit() as work:
        return begin(work, admin)


def begin(work, account, replaces=None, **changes):
    known = {"acr": ACR_PASSWORD, "amr": ("pwd",), "browser": "browser", "signin_id": None, "device_label": "Firefox, Windows"}
    return sessions.start(work, account, replaces=replaces, **(known | changes))


def test_the_token_is_stored_hashed(started, units):
    _, token = started
    with units.read() as work:
        stored = work.db.scalar(select(Row.token_hash))
    assert stored == hash_token(token)


def test_a_session_is_found_by_its_token_and_by_no_other(started, units):
    session, token = started
    with units.read() as work:
        assert sessions.find(work, token) == session
        assert sessions.find_by_id(work, session.id) == session
        assert sessions.find(work, token + "x") is None


def test_a_session_ends_after_thirty_idle_minutes(started, units, clock):
    _, token = started
    clock.advance(minutes=29, seconds=59)
    with units.read() as work:
        assert sessions.find(work, token)
    clock.advance(seconds=1)
    with units.read() as work:
        assert sessions.find(work, token) is None


def test_use_keeps_a_session_alive_until_its_absolute_end(started, units, unit, clock):
    _, token = started
    for _ in range(10 * 3 - 1):
        clock.advance(minutes=20)
        with unit() as work:
            sessions.touch(work, sessions.find(work, token))
    clock.advance(minutes=19)
    with units.read() as work:
        assert sessions.find(work, token)
    clock.advance(minutes=1)
    with units.read() as work:
        assert sessions.find(work, token) is None


def test_use_is_written_at_most_once_a_minute(started, units, unit, clock):
    session, token = started
    clock.advance(seconds=60)
    with unit() as work:
        sessions.touch_id(work, session.id)
        assert sessions.find(work, token).active_at == session.active_at
    clock.advance(seconds=1)
    with unit() as work:
        sessions.touch_id(work, session.id)
        assert sessions.find(work, token).active_at == clock.now


def test_a_session_in_use_just_now_costs_no_statement(started, unit):
    session, _ = started
    with unit() as work:
        statements = []
        event.listen(work.db, "before_cursor_execute", lambda *given: statements.append(given[2]))
        sessions.touch(work, session)
    assert statements == []


def test_a_touched_session_that_has_ended_stays_ended(started, unit, units, clock):
    session, token = started
    with unit() as work:
        sessions.end(work, [session.id], EndReason.LOGOUT)
    clock.advance(minutes=2)
    with unit() as work:
        sessions.touch_id(work, session.id)
    with units.read() as work:
        assert sessions.find(work, token) is None


def test_a_new_proof_of_the_same_account_goes_on_under_a_new_token(started, unit, units, admin, clock):
    session, token = started
    clock.advance(minutes=5)
    with unit() as work:
        renewed, new_token = begin(work, admin, session, acr=ACR_MFA, amr=("pwd", "sms", "mfa"))
    assert (renewed.id, renewed.created_at) == (session.id, session.created_at)
    with units.read() as work:
        assert sessions.find(work, token) is None
        found = sessions.find(work, new_token)
    assert (found.acr, found.amr, found.auth_time) == (ACR_MFA, ("pwd", "sms", "mfa"), clock.now)


def test_a_proof_added_to_a_session_does_not_move_its_absolute_end(started, unit, admin, clock):
    session, _ = started
    clock.advance(minutes=5)
    with unit() as work:
        renewed, _ = begin(work, admin, session, acr=ACR_MFA, auth_time=session.auth_time)
    assert (renewed.expires_at, renewed.auth_time) == (session.expires_at, session.auth_time)


def test_a_session_that_ended_meanwhile_is_not_revived_by_a_new_proof(started, unit, admin):
    session, _ = started
    with unit() as work:
        sessions.end(work, [session.id], EndReason.SIGNED_OUT_BY_ADMIN)
    with unit() as work:
        fresh, _ = begin(work, admin, session)
    assert fresh.id != session.id


def test_ending_twice_tells_once(started, unit, units):
    session, _ = started
    for reason in (EndReason.LOGOUT, EndReason.DEACTIVATED):
        with unit() as work:
            sessions.end(work, [session.id], reason)
            told = list(work.events)
        assert bool(told) is (reason is EndReason.LOGOUT)
    with units.read() as work:
        assert work.db.scalar(select(Row.end_reason)) == EndReason.LOGOUT.value


def test_all_sessions_of_an_account_end_at_once(unit, units, admin):
    with unit() as work:
        tokens = [begin(work, admin, browser=f"browser-{number}")[1] for number in range(3)]
    with unit() as work:
        sessions.end_all_of(work, [admin.id], EndReason.PASSWORD_RESET)
    with units.read() as work:
        assert [sessions.find(work, token) for token in tokens] == [None] * 3
        assert sessions.live_of(work, admin.id) == []


def test_what_is_over_is_cleaned_away_in_bounded_steps(unit, admin, clock):
    with unit() as work:
        for number in range(5):
            begin(work, admin, browser=f"browser-{number}")
    clock.advance(days=8)
    deleted = []
    for _ in range(3):
        with unit() as work:
            deleted.append(cleaning.delete_expired(work, 3))
    assert deleted == [3, 2, 0]
