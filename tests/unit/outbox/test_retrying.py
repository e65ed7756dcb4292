"""When a job is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from idp.outbox.retrying import back_off, settle
from idp.outbox.senders import Retry
from idp.outbox.states import MOVES, JobState

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Sender:
    at_most_once = False
    max_attempts = 3

    def send(self, job):
        raise AssertionError


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5), (2, 15), (3, 45), (4, 135), (7, 3600), (200, 3600)])
def test_the_waiting_time_grows_threefold_up_to_an_hour(attempt, seconds):
    assert back_off(attempt, lambda: 0.5) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 4), (1.0, 6)])
def test_chance_spreads_the_waiting_time_by_a_fifth(chance, seconds):
    assert back_off(1, lambda: chance) == timedelta(seconds=seconds)


def test_the_senders_own_waiting_time_goes_first():
    settled = settle(Retry("busy", after=timedelta(seconds=1)), Sender(), 1, None, NOW, lambda: 0.5)
    assert settled.due == NOW + timedelta(seconds=1)


def test_a_sender_limits_its_attempts():
    states = [settle(Retry("busy"), Sender(), attempt, None, NOW, lambda: 0.5).state for attempt in (1, 2, 3)]
    assert states == [JobState.WAITING, JobState.WAITING, JobState.FAILED]


def test_a_final_state_has_no_further_moves():
    assert {state for state in JobState if state.is_final} == {
        JobState.SENT,
        JobState.FAILED,
        JobState.UNCERTAIN,
        JobState.CANCELLED,
    }
    assert set(MOVES) == set(JobState)
