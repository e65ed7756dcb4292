"""Settings: check, show, and the pages that are generated from them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from idp.cli.installation import settings_here
from idp.cli.output import Refused, noun, show, wants_json
from idp.operations.documents import example_file, settings_page
from idp.settings import Settings, WrongSettings, misspelt_variables

FILES = ("smtp_ca_file", "vonage_ca_file", "brand_logo", "breached_passwords")


@noun()
def command() -> None:
    """Every option, from file and environment."""


@command.command("check")
def check() -> None:
    """Name each wrong setting and what to do about it; exit 1 when there is one."""
    mistakes = misspelt_variables()
    try:
        settings = settings_here()
        mistakes += missing_files(settings)
    except WrongSettings as error:
        mistakes += error.mistakes
    if mistakes:
        if not wants_json():
            for line in mistakes[:-1]:
                click.echo(f"idp: {line}", err=True)
            mistakes = mistakes[-1:]
        raise Refused("settings", "; ".join(mistakes))
    show({"ok": True, "profile": settings.profile, "issuer": settings.issuer_address}, lines=["the settings are fine"])


def missing_files(settings: Settings) -> list[str]:
    """Name the settings whose file cannot be read."""
    named = {name: str(getattr(settings, name)) for name in FILES}
    files = {name: Path(path) for name, path in named.items() if path and not path.startswith("https://")}
    return [f"{name}: cannot read {path}; correct IDP_{name.upper()}" for name, path in files.items() if not os.access(path, os.R_OK)]


@command.command("show")
def show_settings() -> None:
    """Show the settings in force; secrets only as set or not."""
    settings = settings_here()
    show({name: _shown(getattr(settings, name)) for name in type(settings).model_fields})


@command.command("write-docs", hidden=True)
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 when a page differs.")
def write_docs(only_check: bool) -> None:
    """Write `docs/settings.md` and `config/idp.example.toml` from the typed settings."""
    stale = [str(path) for path, content in _generated() if not path.exists() or path.read_text(encoding="utf-8") != content]
    if only_check:
        if stale:
            raise Refused("stale", f"not as generated, run `make docs`: {', '.join(stale)}")
        return
    for path, content in _generated():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    show(stale, lines=[f"wrote {path}" for path in stale])


def _generated() -> Iterator[tuple[Path, str]]:
    yield Path("config/idp.example.toml"), example_file()
    yield Path("docs/settings.md"), settings_page()


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else "(not set)"
    return value
