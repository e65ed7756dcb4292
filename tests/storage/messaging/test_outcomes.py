"""What the audit log keeps of messages that did not arrive."""

from collections.abc import Callable, Iterator

import pytest

from idp import messaging
from idp.audit import Wanted, query
from idp.identifiers import AccountId, JobId
from idp.outbox import JobFinished, JobState
from idp.settings import Settings
from idp.unit_of_work import Units
from tests.units import opened_units


@pytest.fixture
def units(settings: Settings, clock: Callable) -> Iterator[Units]:
    """Units of work without the application: messaging knows nothing of it."""
    with opened_units(settings, clock) as opened:
        yield opened


def noted(units, unit, kind, state):
    with unit() as work:
        payload = {"template": "sms/pin", "to": "+4915112345678"}
        messaging.note_outcome(work, JobFinished(JobId("j"), kind, state, payload, AccountId("a"), "status 6"))
    with units.read() as work:
        return query.newest(work, Wanted(account_id="a"))


@pytest.mark.parametrize(("state", "event"), [(JobState.FAILED, "message.failed"), (JobState.UNCERTAIN, "message.uncertain")])
def test_a_message_that_did_not_surely_arrive_is_noted_without_its_number(units, unit, state, event):
    (entry,) = noted(units, unit, "sms", state)
    assert (entry.event, entry.detail) == (event, {"template": "sms/pin", "job": "j", "error": "status 6"})


@pytest.mark.parametrize(("kind", "state"), [("sms", JobState.SENT), ("logout_token", JobState.FAILED)])
def test_what_arrived_and_what_is_no_message_is_not_noted(units, unit, kind, state):
    assert noted(units, unit, kind, state) == []


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        ("recipient refused: 550 no such user Zacharias.Unvergessen", "recipient refused: 550 no such user …"),
        ("mail refused: 554 <zacharias.unvergessen@example.com> Unvergessen blocked", "mail refused: 554 <…> … blocked"),
        ("mail server: TimeoutError", "mail server: TimeoutError"),
    ],
)
def test_an_error_that_repeats_who_the_mail_was_for_is_noted_without_that(units, unit, error, kept):
    values = {"given_name": "Zacharias", "family_name": "Unvergessen", "username": "", "salutation": "Herr"}
    payload = {"template": "mail/invitation", "to": "Zacharias.Unvergessen@example.com", "values": values}
    with unit() as work:
        messaging.note_outcome(work, JobFinished(JobId("j"), "mail", JobState.FAILED, payload, AccountId("a"), error))
    with units.read() as work:
        (entry,) = query.newest(work, Wanted(account_id="a"))
    assert entry.detail["error"] == kept
