"""Read a file of `idp export` into an empty database: restore a backup, or move to another database."""

from contextlib import nullcontext
from pathlib import Path

import click

from idp.cli.installation import opened, settings_here
from idp.cli.output import Command, show
from idp.operations import folder
from idp.operations.restore import restore


@click.command("import", cls=Command)
@click.option("--from", "source", required=True, type=click.Path(path_type=Path), help="File of `idp export`.")
@click.option("--keep-sessions", is_flag=True, help="Nobody used the old installation since: who is signed in stays so.")
@click.option("--send-waiting", is_flag=True, help="Send the messages that waited; only if the old installation is gone.")
@click.option("--replace", is_flag=True, help="Delete all that is in the database before; needs --yes.")
@click.option("--yes", is_flag=True, help="I mean it.")
def command(source: Path, keep_sessions: bool, send_waiting: bool, replace: bool, yes: bool) -> None:
    """Fill an empty database, whole or not at all. No process may serve it meanwhile.

    Sessions are ended, sign-ins under way are left out, waiting messages are held back until `idp messages release`, unless told otherwise.
    """
    if replace and not yes:
        raise click.UsageError("--replace deletes all that is in the database; say --yes to mean it")
    settings = settings_here()
    embedded = settings.database_address.startswith("sqlite")
    with folder.held(settings.data_dir) if embedded else nullcontext(), opened() as units:
        done = restore(units, source, keep_sessions=keep_sessions, send_waiting=send_waiting, replace=replace)
    rows = sum(done.rows.values())
    show({"rows": rows, "left_out": done.left_out}, lines=[f"imported {rows} rows, left {done.left_out} out"])
