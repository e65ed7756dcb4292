"""Find the noun's module, run its command, and turn every failure into one line and an exit code."""

import ast
import importlib
import sys
import traceback
from collections.abc import Sequence
from keyword import iskeyword
from pathlib import Path

import click

from idp.cli.output import PROFILES, WRONG_USE, Failure, choose_profile, failure_of, show_failure
from idp.errors import TryAgain
from idp.operations import logs

FOLDER = Path(__file__).parent
NOT_NOUNS = {
    "__init__",
    "__main__",
    "account_removal",
    "application",
    "client_flags",
    "demo_making",
    "installation",
    "instance",
    "output",
    "root",
}


class Nouns(click.Group):
    """The commands are the modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the nouns in the order of the alphabet."""
        return sorted(file.stem.rstrip("_").replace("_", "-") for file in FOLDER.glob("*.py") if file.stem not in NOT_NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one noun."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"idp.cli.{module_of(cmd_name)}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the nouns by the first lines of their docstrings, without importing them."""
        lines = [(name, first_line(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(lines)


def module_of(noun: str) -> str:
    """Name the module of a noun; a word of Python's own has a line after it."""
    name = noun.replace("-", "_")
    return f"{name}_" if iskeyword(name) else name


def first_line(noun: str) -> str:
    """Read what a module says of itself."""
    source = (FOLDER / f"{module_of(noun)}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


@click.group(cls=Nouns, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--profile", type=click.Choice(PROFILES), help="Settings of config/<profile>.toml.")
def commands(profile: str | None) -> None:
    """Run and manage the identity provider. Every command takes --json."""
    choose_profile(profile)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with 0, 1 (refused), 2 (wrong use) or 3 (not found)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    logs.set_up()  # to standard error; whatever runs long sets its own level
    sys.exit(run(given))


def run(arguments: list[str]) -> int:
    """Run one command line; a serialization failure runs it once more."""
    try:
        refuse_what_is_no_text(arguments)
        try:
            commands.main(arguments, prog_name="idp", standalone_mode=False)
        except TryAgain:
            commands.main(arguments, prog_name="idp", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return WRONG_USE
    except Exception as error:  # noqa: BLE001 - the one place where a command's failure becomes an answer
        return fail(error, as_json="--json" in arguments)
    return 0


def refuse_what_is_no_text(arguments: Sequence[str]) -> None:
    """Refuse bytes that are not UTF-8 (Python makes lone surrogates of them) and NUL, which no database stores. Raises: UsageError."""
    for argument in arguments:
        if "\0" in argument or any("\ud800" <= sign <= "\udfff" for sign in argument):
            raise click.UsageError("an argument is not UTF-8 text")


def fail(error: Exception, *, as_json: bool) -> int:
    """Show a failure in the asked form; only what nobody foresaw has a traceback, on standard error."""
    failure = failure_of(error)
    if failure is None:
        traceback.print_exception(error)
        failure = Failure("internal", f"{type(error).__name__}: {error}".partition("\n")[0], 1)
    show_failure(failure, as_json=as_json)
    return failure.exit_code
