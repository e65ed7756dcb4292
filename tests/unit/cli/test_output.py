"""Every command: one JSON document on standard output, the same exit codes, one line for a failure."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path

import click
import pytest

from idp.cli import output, root
from idp.errors import Conflict, NotFound, SettingsError, TryAgain


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Row:
    name: str
    colour: Colour
    made_at: datetime
    tags: tuple[str, ...] = ()


ROW = Row("a", Colour.RED, datetime(2026, 3, 2, 13, 0, tzinfo=timezone(timedelta(hours=1))), ("x", "y"))


@pytest.fixture
def noun(monkeypatch):
    """A noun `thing` whose verb `do` does what the test says."""
    deeds = []

    @output.noun("thing")
    def thing() -> None:
        """Things."""

    @thing.command("do")
    @click.option("--size", type=int)
    def do(size: int | None) -> None:
        """Do it."""
        deeds[-1]()

    monkeypatch.setitem(root.commands.commands, "thing", thing)
    monkeypatch.setattr(root.Nouns, "get_command", lambda self, context, name: self.commands.get(name))
    return deeds.append


def answer(capfd, *arguments: str) -> tuple[int, str, str]:
    """Run a command line; give exit code, standard output and standard error."""
    capfd.readouterr()
    code = root.run(["thing", "do", *arguments])
    return code, *capfd.readouterr()


def fail(error: Exception):
    """Give a deed that fails."""

    def deed() -> None:
        raise error

    return deed


def test_a_list_is_a_bare_array(noun, capfd):
    noun(lambda: output.show([ROW]))
    code, out, err = answer(capfd, "--json")
    assert json.loads(out) == [{"name": "a", "colour": "red", "made_at": "2026-03-02T12:00:00Z", "tags": ["x", "y"]}]
    assert (code, err) == (0, "")


def test_an_empty_list_is_an_empty_array(noun, capfd):
    noun(lambda: output.show([]))
    assert json.loads(answer(capfd, "--json")[1]) == []


def test_paths_and_nested_values_are_written_plainly():
    assert json.loads(output.as_json({"at": Path("a/b"), "rows": {"first": ROW}}))["rows"]["first"]["colour"] == "red"


def test_without_json_a_list_is_a_table_of_the_named_columns(noun, capfd):
    noun(lambda: output.show([ROW], columns=("name", "tags")))
    assert answer(capfd)[1] == "name  tags\na     x y\n"


@pytest.mark.parametrize(
    ("error", "code", "name"),
    [
        (Conflict("there already"), 1, "conflict"),
        (SettingsError("port: too high"), 1, "settings"),
        (output.Refused("not_embedded", "no"), 1, "not_embedded"),
        (NotFound("client x"), 3, "not_found"),
        (click.BadParameter("bad"), 2, "wrong_use"),
    ],
)
def test_a_failure_is_one_document_with_its_exit_code(noun, capfd, error, code, name):
    noun(fail(error))
    got, out, _ = answer(capfd, "--json")
    assert (got, json.loads(out)["error"]) == (code, name)


def test_without_json_a_failure_is_one_line_on_standard_error(noun, capfd):
    noun(fail(SettingsError("port: too high")))
    assert answer(capfd) == (1, "", "idp: port: too high\n")


@pytest.mark.parametrize("arguments", [("--size", "many"), ("--nonsense",), ("surplus",)])
def test_wrong_use_is_exit_2_and_a_document_too(noun, capfd, arguments):
    noun(lambda: None)
    code, out, _ = answer(capfd, *arguments, "--json")
    assert (code, json.loads(out)["error"]) == (2, "wrong_use")


def test_an_unknown_noun_is_wrong_use(capfd):
    assert root.run(["nonsense", "--json"]) == 2
    assert json.loads(capfd.readouterr().out)["error"] == "wrong_use"


def test_what_nobody_foresaw_is_one_document_and_a_traceback_for_the_log(noun, capfd):
    noun(fail(ZeroDivisionError("oh")))
    code, out, err = answer(capfd, "--json")
    assert (code, json.loads(out)["error"]) == (1, "internal")
    assert "Traceback" in err


def test_a_command_that_lost_a_race_runs_once_more(noun, capfd):
    tries = []

    def deed() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise TryAgain("serialization")
        output.show({"tries": len(tries)})

    noun(deed)
    code, out, _ = answer(capfd, "--json")
    assert (code, json.loads(out)) == (0, {"tries": 2})


def test_a_command_that_loses_twice_says_so(noun, capfd):
    noun(fail(TryAgain("serialization")))
    code, out, _ = answer(capfd, "--json")
    assert (code, json.loads(out)["error"]) == (1, "try_again")


def test_help_lists_every_noun_with_its_line(capfd):
    assert root.run(["--help"]) == 0
    lines = capfd.readouterr().out
    assert "serve" in lines
    assert "Serve the provider" in lines


def test_help_loads_no_noun():
    """`idp --help` answers at once: nothing but the list is read."""

    heavy = ("flask", "sqlalchemy", "idp.cli.serve")
    probe = f"import sys; from idp.cli import root; root.run(['--help']); print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")
