"""`idp export`, `idp import`, `idp messages release`, `idp master-secret`: what they answer."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import builders
from tests.conftest import MASTER_SECRET
from tests.migrated import empty_database, postgres_migrated, sqlite_migrated

__all__ = ["empty_database", "postgres_migrated", "sqlite_migrated"]


@pytest.fixture
def database(empty_database) -> str:
    """One that knows of its migrations."""
    return empty_database("sqlite")


@pytest.fixture
def file(tmp_path: Path, unit, runner) -> Path:
    """An export of one customer, whose main contact's invitation waits."""
    with unit() as work:
        builders.customer(work)
    answer = runner("export", "--to", str(tmp_path / "backup.jsonl.gz"), "--json")
    assert answer.exit_code == 0, answer.errors
    told = json.loads(answer.output)
    assert told["file"] == str(tmp_path / "backup.jsonl.gz")
    assert told["rows"] > 5
    return tmp_path / "backup.jsonl.gz"


def test_an_import_tells_how_many_rows_came(file: Path, runner, unit) -> None:
    answer = runner("import", "--from", str(file), "--replace", "--yes", "--json")
    assert (answer.exit_code, json.loads(answer.output)["left_out"]) == (0, 0)
    assert json.loads(runner("messages", "release", "--json").output) == {"released": 1}
    assert json.loads(runner("messages", "release", "--json").output) == {"released": 0}


def test_an_import_into_a_database_in_use_is_refused_in_one_line(file: Path, runner) -> None:
    answer = runner("import", "--from", str(file))
    lines = [line for line in answer.errors.splitlines() if not line.startswith("{")]
    assert (answer.exit_code, len(lines)) == (1, 1)
    assert "not empty" in lines[0]


def test_to_replace_all_there_is_needs_a_second_word(file: Path, runner) -> None:
    assert runner("import", "--from", str(file), "--replace").exit_code == 2


def test_an_import_of_nothing_is_one_clear_line(runner, tmp_path: Path) -> None:
    answer = runner("import", "--from", str(tmp_path / "nowhere"))
    assert (answer.exit_code, "cannot be read" in answer.errors) == (1, True)
    assert runner("import", "--from", str(tmp_path)).exit_code == 1


def test_a_folder_in_use_is_refused(file: Path, runner, tmp_path: Path) -> None:
    import fcntl  # noqa: PLC0415

    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = runner("import", "--from", str(file), "--replace", "--yes")
    assert (answer.exit_code, "is in use" in answer.errors) == (1, True)


def test_a_rotation_tells_that_the_previous_secret_may_go(unit, runner, monkeypatch) -> None:
    with unit() as work:
        builders.customer(work)
    assert runner("master-secret", "status").exit_code == 0
    monkeypatch.setenv("IDP_MASTER_SECRET", "another secret for tests that is long enough to be one")
    assert runner("master-secret", "status").exit_code == 1
    monkeypatch.setenv("IDP_MASTER_SECRET_PREVIOUS", MASTER_SECRET)
    assert json.loads(runner("master-secret", "status", "--json").output) == {
        "in_force": "previous",
        "sealed_with_previous": 1,
        "lost": 0,
        "previous_may_be_removed": False,
    }
    answer = runner("master-secret", "rotate", "--json")
    assert json.loads(answer.output) == {"resealed": 1, "lost": 0, "previous_may_be_removed": True}
    monkeypatch.delenv("IDP_MASTER_SECRET_PREVIOUS")
    assert json.loads(runner("master-secret", "status", "--json").output)["previous_may_be_removed"]


def test_a_command_on_another_installations_database_is_refused(unit, runner, monkeypatch) -> None:
    assert runner("keys", "list").exit_code == 0
    monkeypatch.setenv("IDP_MASTER_SECRET", "another secret for tests that is long enough to be one")
    answer = runner("client", "list")
    assert (answer.exit_code, "another master secret" in answer.errors) == (1, True)


def test_a_database_without_tables_is_one_clear_line(unit, runner) -> None:
    with unit() as work:
        work.db.execute(text("DROP TABLE installation_facts"))
    answer = runner("client", "list")
    assert (answer.exit_code, "idp db check" in answer.errors) == (1, True)


def test_a_lost_master_secret_is_given_up_only_if_it_is_lost(unit, runner, monkeypatch) -> None:
    with unit() as work:
        builders.customer(work)
    assert runner("keys", "list").exit_code == 0
    assert runner("maintenance", "run").exit_code == 0
    assert runner("master-secret", "abandon").exit_code == 2
    assert "not_lost" in runner("master-secret", "abandon", "--yes", "--json").output
    monkeypatch.setenv("IDP_MASTER_SECRET", "another secret for tests that is long enough to be one")
    assert json.loads(runner("master-secret", "abandon", "--yes", "--json").output) == {"lost_messages": 1}
    keys = json.loads(runner("keys", "list", "--json").output)
    assert sorted(key["state"] for key in keys) == ["active"] * 4 + ["next"] * 4 + ["retired"] * 4
    assert runner("customer", "list").exit_code == 0
    assert runner("maintenance", "run").exit_code == 0
    assert json.loads(runner("audit", "verify", "--json").output)["broken"] == []
    assert json.loads(runner("master-secret", "status", "--json").output)["previous_may_be_removed"]
