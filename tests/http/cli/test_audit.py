"""`idp audit`: verify and export."""

import json

import pytest
from sqlalchemy import update

from idp import audit
from idp.audit import Event
from idp.audit.tables import AuditEvent


@pytest.fixture
def written(units, unit, clock):
    for event in (Event.PIN_SENT, Event.PIN_WRONG, Event.PIN_CONFIRMED):
        with unit() as work:
            audit.record(work, event, account="a", tries_left=3)
        clock.advance(minutes=5)
    audit.seal(units)


def test_an_untouched_log_is_verified(runner, written):
    answer = runner("audit", "verify", "--json")
    found = json.loads(answer.output)
    assert (answer.exit_code, found["events"], found["broken"]) == (0, 3, [])
    assert runner("audit", "verify", "--known-seal", found["last_seal"]).exit_code == 0


def test_a_changed_log_is_exit_1_and_names_the_run(runner, written, unit):
    with unit() as work:
        work.db.execute(update(AuditEvent).where(AuditEvent.event == "pin.wrong").values(event="pin.confirmed"))
    answer = runner("audit", "verify", "--json")
    assert (answer.exit_code, json.loads(answer.output)["error"]) == (1, "audit_changed")


def test_an_unknown_kept_seal_is_exit_1(runner, written):
    answer = runner("audit", "verify", "--known-seal", "0" * 64, "--json")
    assert (answer.exit_code, json.loads(answer.output)["error"]) == (1, "audit_cut")


def test_the_export_is_one_array(runner, written):
    found = json.loads(runner("audit", "export", "--json").output)
    assert [entry["event"] for entry in found] == ["pin.sent", "pin.wrong", "pin.confirmed"]
    assert found[0]["detail"] == {"tries_left": 3}


def test_the_export_without_json_is_one_object_a_line(runner, written):
    lines = runner("audit", "export", "--event", "pin.wrong").output.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["pin.wrong"]


def test_an_export_of_nothing_is_an_empty_array(runner, written):
    assert json.loads(runner("audit", "export", "--account", "another", "--json").output) == []


def test_the_export_keeps_to_its_span(runner, written, clock):
    since = clock.now.isoformat().replace("+00:00", "Z")
    assert json.loads(runner("audit", "export", "--since", since, "--json").output) == []


def test_a_senseless_time_is_wrong_use(runner, written):
    assert runner("audit", "export", "--since", "yesterday").exit_code == 2


def test_a_kept_seal_older_than_what_was_kept_is_told_apart(runner, written, units, unit, clock):
    clock.advance(days=401)
    with unit() as work:
        audit.record(work, Event.LOGOUT)
    clock.advance(minutes=5)
    audit.seal(units)
    with units.write() as work:
        audit.delete_expired(work, 500)
    verified = json.loads(runner("audit", "verify", "--json").output)
    assert (verified["deleted"], verified["events"]) == (3, 1)
    answer = runner("audit", "verify", "--known-seal", "0" * 64, "--json")
    assert f"older than {verified['deleted_until']}" in json.loads(answer.output)["message"]
