"""Commands that are given nonsense, or a database that is not there: one line that says so and an exit code, never a traceback."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from idp.cli import output, root
from tests.servers import ROOT

SERVING = {"serve", "worker", "demo"}
NONSENSE = ("x" * 100_000, "'; DROP TABLE accounts;-- ä\u202e\n")


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give every command that people may run and that comes to an end by itself."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner and not inner.hidden and not (path == () and name in SERVING):
                yield from leaves(inner, (*path, name))
    else:
        yield path, command


COMMANDS = dict(leaves(root.commands))


def arguments_of(path: tuple[str, ...], value: str) -> list[str]:
    """Give what a command needs: the value, or the first of those that it may be."""
    given = list(path)
    for parameter in COMMANDS[path].params:
        chosen = next(iter(parameter.type.choices)) if isinstance(parameter.type, click.Choice) else value
        if isinstance(parameter, click.Argument):
            given.append(chosen)
        elif parameter.required:
            given += [parameter.opts[-1], chosen]
    return given


@pytest.fixture
def judged(runner):
    """Run a command with --json; make sure that it ends as the contract says, and give its exit code and answer."""

    def run(*arguments: str) -> tuple[int, object]:
        result = runner(*arguments, "--json")
        assert result.exit_code in (0, 1, 2, 3), arguments
        assert "Traceback" not in result.errors, (arguments, result.errors[-500:])
        answer = json.loads(result.output) if result.output else None
        if result.exit_code:
            assert set(answer) == {"error", "message"}
            assert answer["error"] != "internal", (arguments, answer)
            assert len(answer["message"]) < 3000
        return result.exit_code, answer

    return run


FIRST_OF_EACH_NOUN = list({path[0]: path for path in reversed(COMMANDS)}.values())
ASKING = [path for path in COMMANDS if path[0] in {"account", "customer"} and len(arguments_of(path, "")) > len(path)]


@pytest.mark.parametrize("path", FIRST_OF_EACH_NOUN, ids=" ".join)
def test_a_command_without_a_database_says_so_in_one_line(judged, monkeypatch, tmp_path, path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IDP_DATABASE_URL", "postgresql://idp@127.0.0.1:9/idp")
    code, _ = judged(*arguments_of(path, "x"))
    assert code or path[0] == "settings"


@pytest.mark.parametrize("path", ASKING, ids=" ".join)
def test_nonsense_is_refused_in_one_line(judged, unit, path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for value in NONSENSE:
        assert judged(*arguments_of(path, value))[0]


@pytest.mark.parametrize("argument", ["\udcff\udcfe", "a\0b"])
@pytest.mark.parametrize(
    "command", [("account", "show"), ("account", "list", "--after"), ("client", "show"), ("audit", "export", "--account")]
)
def test_what_is_no_text_is_wrong_use(judged, command, argument):
    assert judged(*command, argument) == (2, {"error": "wrong_use", "message": "an argument is not UTF-8 text"})


def test_a_long_refusal_is_cut_in_the_middle(judged):
    _, answer = judged("account", "show", "begins" + "x" * 100_000 + "ends")
    assert answer["message"].startswith("no account begins")
    assert answer["message"].endswith("ends")
    assert len(answer["message"]) == output.LONGEST_MESSAGE + len(" … ")


def test_a_file_that_cannot_be_named_is_refused(judged):
    assert judged("export", "--to", "x" * 300)[0] == 1


def test_logs_of_a_command_go_to_standard_error():
    code = "import structlog; from idp.cli import root; root.run = lambda _: structlog.get_logger('idp').info('said') or 0; root.main([])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert json.loads(done.stderr)["event"] == "said"


@pytest.mark.parametrize("command", [("account", "list"), ("db", "check"), ("db", "upgrade"), ("audit", "verify")], ids=" ".join)
def test_a_file_that_is_no_database_is_said_to_be_none(judged, monkeypatch, tmp_path, command):
    (tmp_path / "garbage").write_text("garbage" * 1000, encoding="utf-8")
    monkeypatch.setenv("IDP_DATABASE_URL", f"sqlite:///{tmp_path}/garbage")
    code, answer = judged(*command)
    assert (code, answer["error"]) == (1, "settings")


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "99999-01-01", "yesterday"])
def test_a_time_that_no_calendar_has_is_wrong_use(judged, time):
    assert judged("audit", "export", "--since", time)[0] == 2


def test_an_answer_that_cannot_be_written_is_one_line():
    code = "from idp.cli import root; root.run(['settings', 'show'])"
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run([sys.executable, "-u", "-c", code], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == "idp: [Errno 28] No space left on device\n"
