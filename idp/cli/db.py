"""The database's schema: upgrade, check."""

import tempfile

import click
from alembic import command as alembic_command
from sqlalchemy import create_engine

from idp.cli.installation import settings_here
from idp.cli.output import Refused, noun, show
from idp.operations.schema import alembic_config, schema_state_of
from idp.operations.schema import upgrade as upgrade_schema


@noun()
def command() -> None:
    """The database's schema."""


@command.command("upgrade")
def upgrade() -> None:
    """Bring the schema to this version; running it again changes nothing."""
    state = upgrade_schema(settings_here())
    show({"revision": state.revision, "current": state.is_current})


@command.command("check")
def check() -> None:
    """Tell whether this version can serve on the database; exit 1 when it can't."""
    state = schema_state_of(settings_here())
    if not state.may_serve:
        raise Refused("schema_not_current", state.problem)
    show({"revision": state.revision, "current": state.is_current})


@command.command("revision", hidden=True)
@click.argument("message")
def revision(message: str) -> None:
    """Draft a migration from the difference between the tables in code and a fresh database with all migrations."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/draft.sqlite3")
        for draft in (False, True):
            with engine.begin() as connection:
                config = alembic_config()
                config.attributes["connection"] = connection
                if draft:
                    alembic_command.revision(config, message, autogenerate=True)
                else:
                    alembic_command.upgrade(config, "head")
        engine.dispose()
    show({"drafted": message})
