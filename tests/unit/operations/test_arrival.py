"""What arrives by an import otherwise than it left."""

from datetime import UTC, datetime

import pytest

from idp.operations import whole_tables
from idp.operations.arrival import RULES, Arrival, arriving
from tests.conftest import NOON

NOW = datetime(2026, 3, 3, tzinfo=UTC)


def test_every_rule_is_of_a_table_that_is_there() -> None:
    assert RULES.keys() <= {table.name for table in whole_tables.all_tables()}


@pytest.mark.parametrize("table", ["authorization_requests", "pushed_requests", "signins", "activations", "pin_rounds", "pin_challenges"])
def test_what_is_under_way_is_left_out(table: str) -> None:
    assert arriving(table, {}, Arrival(NOW)) is None
    assert arriving(table, {}, Arrival(NOW, keep_sessions=True)) == {}


@pytest.mark.parametrize("table", ["codes", "device_requests"])
def test_of_what_counts_once_only_the_used_is_kept(table: str) -> None:
    assert arriving(table, {"used_at": None}, Arrival(NOW)) is None
    assert arriving(table, {"used_at": NOON}, Arrival(NOW)) == {"used_at": NOON}


def test_sessions_and_their_families_are_ended_and_offline_access_is_not() -> None:
    family = {"offline": False, "account_id": "a", "ended_at": None}
    assert arriving("token_families", family, Arrival(NOW)) == family | {"ended_at": NOW, "end_reason": "restored"}
    for goes_on in (family | {"offline": True}, family | {"account_id": None}, family | {"ended_at": NOON}):
        assert arriving("token_families", goes_on, Arrival(NOW)) == goes_on


@pytest.mark.parametrize("state", ["waiting", "sending"])
@pytest.mark.parametrize("send_waiting", [True, False])
def test_a_pin_is_never_sent(state: str, send_waiting: bool) -> None:
    job = {"state": state, "kind": "sms", "due": NOON, "sealed": b"1234567"}
    arrived = arriving("jobs", job, Arrival(NOW, keep_sessions=True, send_waiting=send_waiting))
    assert arrived
    assert (arrived["state"], arrived["sealed"]) == ("cancelled", None)


def test_a_mail_that_was_being_sent_is_not_sent_again() -> None:
    job = {"state": "sending", "kind": "mail", "due": NOON, "sealed": b"x"}
    arrived = arriving("jobs", job, Arrival(NOW))
    assert arrived
    assert (arrived["state"], arrived["sealed"], arrived["leased_by"]) == ("uncertain", None, None)


def test_a_second_restore_holds_a_message_back_once() -> None:
    job = {"state": "waiting", "kind": "mail", "due": NOON}
    once = arriving("jobs", job, Arrival(NOW))
    assert once
    assert once["due"].year > 8000
    assert arriving("jobs", once, Arrival(NOW)) == once
