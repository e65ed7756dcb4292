"""`idp account export` and `erase`: what is told, what goes, and what is refused."""

import json

import pytest

from idp.audit import Event
from idp.directory import accounts
from tests import builders
from tests.visitor import signed_in_browser

USERNAME = "Admin.Geht"


@pytest.fixture
def person(app, unit):
    """A phone administrator with a running session."""
    with unit() as work:
        builders.administrator(work)
        made = builders.active_account(work, username=USERNAME, given_name="Gerda", family_name="Gehtbald", email="gerda@example.com")
    signed_in_browser(app, made)
    return made


def test_without_yes_it_only_tells_what_would_go(told, units, person):
    answer = told("account", "erase", USERNAME)
    assert (answer["erased"], answer["deleted"]["sessions"], answer["made_nameless"]) == (False, 1, {"accounts": 1})
    with units.read() as work:
        kept = accounts.find(work, person.id)
        assert (kept.family_name, kept.deactivated_at) == ("Gehtbald", None)


def test_people_are_told_in_lines_what_would_go(runner, person):
    lines = runner("account", "erase", USERNAME).output.splitlines()
    assert lines[0] == f"Gerda Gehtbald (Admin.Geht, {person.id})"
    assert "  sessions: 1" in lines
    assert lines[-1] == "Nothing was changed. Repeat with --yes; it cannot be undone."


def test_an_account_in_use_is_deactivated_and_erased(runner, told, units, person):
    assert told("account", "erase", USERNAME, "--yes")["erased"]
    with units.read() as work:
        kept = accounts.find(work, person.id)
        assert (kept.username, kept.email) == (f"geloescht-{person.id}", "geloescht@example.invalid")
        assert not kept.is_usable
    events = [json.loads(line)["event"] for line in runner("audit", "export", "--account", person.id).output.splitlines()]
    assert events[-2:] == [Event.ACCOUNT_DEACTIVATED, Event.ACCOUNT_ERASED]


def test_the_name_is_free_again_and_the_id_erases_no_second_time(told, refused, person):
    told("account", "erase", USERNAME, "--yes")
    assert refused("account", "erase", USERNAME, "--yes") == (3, "not_found")
    assert refused("account", "erase", person.id, "--yes") == (1, "person_erased")
    assert refused("account", "reactivate", person.id) == (1, "person_erased")
    assert refused("account", "invite", person.id)[0] == 1


def test_the_last_administrator_is_erased_only_when_that_is_meant(told, refused, unit, units):
    with unit() as work:
        last = builders.administrator(work)
    assert refused("account", "erase", last.username, "--yes") == (1, "last_administrator")
    with units.read() as work:
        assert accounts.find(work, last.id).is_active
    assert told("account", "erase", last.username, "--yes", "--even-the-last")["erased"]


def test_an_export_is_json_of_what_is_stored_and_of_what_happened(runner, person):
    told = json.loads(runner("account", "export", USERNAME).output)
    assert told["username"] == USERNAME
    stored = told["stored"]
    assert stored["accounts"][0]["family_name"] == "Gehtbald"
    assert stored["sessions"][0]["device_label"] == "Test"
    assert "token_hash" not in stored["sessions"][0]
    assert {entry["event"] for entry in told["audit_log"]} >= {"account.created", "session.started"}


@pytest.mark.parametrize("verb", ["export", "erase"])
def test_an_unknown_account_is_exit_3(refused, unit, verb):
    assert refused("account", verb, "nobody") == (3, "not_found")
