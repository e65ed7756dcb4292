"""What all commands share: `--json`, the shape of answers and failures, exit codes, the choice of a profile.

    from idp.cli.output import noun, show

    @noun()
    def command() -> None:
        \"\"\"Registered clients.\"\"\"

    @command.command("list")
    def list_clients() -> None:
        \"\"\"List the clients.\"\"\"
        show([...], columns=("client_id", "client_name"))

With `--json` standard output holds one JSON document and nothing else; lists are bare arrays. Logs go to standard error.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import click

from idp.errors import IdpError, NotFound

PROFILES = ("demo", "small", "production")
REFUSED, WRONG_USE, NOT_FOUND = 1, 2, 3
LONGEST_MESSAGE = 2000
AS_JSON = "idp.json"
PROFILE = "idp.profile"


class Failure(NamedTuple):
    """What a caller is told of a failed command."""

    error: str
    message: str
    exit_code: int


class Refused(click.ClickException):
    """A command that ends with exit 1 for a reason of its own (`code` is stable)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def note_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    """Remember for the whole command line that JSON is asked for."""
    if value:
        ctx.meta[AS_JSON] = True


def note_profile(_: click.Context, __: click.Parameter, value: str | None) -> None:
    """Remember the profile that a command names."""
    choose_profile(value)


class Command(click.Command):
    """A command that takes `--json` and `--profile` beside its own options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--json"],
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=note_json,
                help="Answer with one JSON document.",
            )
        )
        self.params.append(
            click.Option(
                ["--profile"],
                type=click.Choice(PROFILES),
                expose_value=False,
                is_eager=True,
                callback=note_profile,
                help="Settings of config/<profile>.toml.",
            )
        )


class Noun(click.Group):
    """A noun whose verbs take `--json`."""

    command_class = Command


def noun(name: str | None = None) -> Callable[[Callable[..., Any]], Noun]:
    """Make the group of a noun's module; the name is set by the module."""
    return click.group(name, cls=Noun)


def choose_profile(profile: str | None) -> None:
    """Keep the profile named anywhere on the command line."""
    if profile:
        click.get_current_context().meta[PROFILE] = profile


def chosen_profile() -> str | None:
    """Tell the profile named on the command line."""
    profile: str | None = click.get_current_context().meta.get(PROFILE)
    return profile


def wants_json() -> bool:
    """Tell whether this command line asks for JSON."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(AS_JSON))


def show(value: Any, *, columns: Sequence[str] = (), lines: Iterable[str] | None = None) -> None:
    """Print the answer: JSON when asked for; else `lines`, a table of `columns` for a list, or `name: value` lines."""
    if wants_json():
        click.echo(as_json(value))
    elif lines is not None:
        for line in lines:
            click.echo(line)
    elif isinstance(value, list | tuple):
        show_table([plain(row) for row in value], columns)
    elif isinstance(plain(value), dict):
        for name, content in plain(value).items():
            click.echo(f"{name}: {cell(content)}")
    elif value is not None:
        click.echo(str(plain(value)))


def show_table(rows: Sequence[Any], columns: Sequence[str]) -> None:
    """Print rows in aligned columns below their names."""
    if not rows:
        return
    if not isinstance(rows[0], dict):
        for row in rows:
            click.echo(cell(row))
        return
    names = list(columns or rows[0])
    table = [names, *([cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[position]) for line in table) for position in range(len(names))]
    for line in table:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def cell(value: Any) -> str:
    """Show one value in a table or line."""
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return " ".join(str(part) for part in value)
    return str(value)


def as_json(value: Any, indent: int | None = 2) -> str:
    """Write a value as one JSON document; times are RFC 3339 in UTC."""
    return json.dumps(plain(value), ensure_ascii=False, indent=indent)


def plain(value: Any) -> Any:
    """Turn dataclasses, enums, times and paths into what JSON knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(content) for key, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(content) for content in value]
    return value


def failure_of(error: Exception) -> Failure | None:
    """Tell what a caller is told of an exception; None for one that nobody foresaw."""
    match error:
        case NotFound():
            return Failure(error.code, one_line(error), NOT_FOUND)
        case IdpError():
            return Failure(error.code, one_line(error), REFUSED)
        case Refused():
            return Failure(error.code, error.message, REFUSED)
        case click.UsageError():
            return Failure("wrong_use", error.format_message(), WRONG_USE)
        case click.ClickException():
            return Failure("refused", error.format_message(), REFUSED)
        case OSError():
            return Failure("io", str(error), REFUSED)
    return None


def one_line(error: IdpError) -> str:
    """Say what is wrong: the detail for the operator where it is a sentence, else the text for people, with the id that it is about."""
    detail = " ".join(error.detail.split())
    if " " in detail:
        return detail
    said = " ".join(str(error.text).split())
    return f"{said} ({detail})" if detail else said


def show_failure(failure: Failure, *, as_json: bool) -> None:
    """Print a failure: JSON on standard output when asked for, else one line on standard error, of bounded length."""
    message = failure.message
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[: LONGEST_MESSAGE // 2]} … {message[-LONGEST_MESSAGE // 2 :]}"
    if as_json:
        click.echo(json.dumps({"error": failure.error, "message": message}, ensure_ascii=False))
    else:
        click.echo(f"idp: {message}", err=True)
