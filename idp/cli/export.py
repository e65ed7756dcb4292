"""Write everything of the installation into one file: a backup, or the way to another database."""

from pathlib import Path

import click

from idp.cli.installation import opened
from idp.cli.output import Command, show
from idp.operations import export


@click.command("export", cls=Command)
@click.option("--to", "target", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write; packed if named .gz.")
@click.option("--overwrite", is_flag=True, help="Replace the file if there is one.")
def command(target: Path, overwrite: bool) -> None:
    """Write the whole installation as it is at this moment, also while it serves.

    What is sealed stays sealed: without the same master secret the file is worth nothing. It holds personal data; keep it accordingly.
    """
    with opened() as units:
        header = export.export(units, target, overwrite=overwrite)
    rows = sum(header.tables.values())
    show({"file": target, "rows": rows, "revision": header.revision, "sha256": header.sha256}, lines=[f"wrote {rows} rows to {target}"])
