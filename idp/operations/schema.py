"""The database's schema: upgrade it, and tell whether this version can serve on what is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, make_url, select
from sqlalchemy.exc import DatabaseError, OperationalError

from idp import metrics
from idp.errors import SettingsError
from idp.operations.tables import SERVES_FROM, InstallationFact
from idp.settings import Settings
from idp.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent.parent / "migrations"
_serves_from = select(InstallationFact.value).where(InstallationFact.name == SERVES_FROM)


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Where the database stands (`None`: empty) and where this version's migrations end.

    `known`: the revision is one of ours; else a newer version has upgraded, and `fits` tells whether this one still can use it.
    """

    revision: str | None
    newest: str
    known: bool
    fits: bool = False

    @property
    def is_current(self) -> bool:
        """Whether the database stands where our migrations end."""
        return self.revision == self.newest

    @property
    def may_serve(self) -> bool:
        """Whether this version may serve: also while, or after, a newer one has only added to the schema."""
        return self.is_current or (not self.known and self.fits)

    @property
    def problem(self) -> str:
        """One line for the operator."""
        if self.may_serve:
            return ""
        if not self.known:
            return f"the database is at revision {self.revision}, too new for this version; run a newer version"
        return f"the database is at revision {self.revision or 'none'}, this version needs {self.newest}; run `idp db upgrade`"


def schema_state(connection: Connection) -> SchemaState:
    """Compare the database with this version's migrations."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - 7 MB and 0.1 s that web processes do without
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    scripts = ScriptDirectory.from_config(alembic_config())
    newest = scripts.get_current_head() or ""
    revision = MigrationContext.configure(connection).get_current_revision()
    ours = {script.revision for script in scripts.walk_revisions()}
    known = revision is None or revision in ours
    return SchemaState(revision, newest, known, fits=not known and _serves(connection, ours))


def observe(work: UnitOfWork) -> None:
    """Tell the metrics whether the database stands where this version's migrations end."""
    metrics.SCHEMA_BEHIND.set(0 if schema_state(work.db).is_current else 1)


def schema_state_of(settings: Settings) -> SchemaState:
    """Look at the database that the settings name. Raises: SettingsError when it cannot be reached."""
    engine = create_engine(_address(settings))
    try:
        with engine.connect() as connection:
            return schema_state(connection)
    except DatabaseError as error:
        raise SettingsError(_unreachable(settings, error)) from None
    finally:
        engine.dispose()


def upgrade(settings: Settings, to: str = "head") -> SchemaState:
    """Bring the schema up in one transaction; safe to run on several nodes at once, and does nothing where a newer version was here.

    Raises: SettingsError when the database cannot be reached.
    """
    from alembic import command  # noqa: PLC0415

    state = schema_state_of(settings)
    if not state.known:
        return state
    engine = create_engine(_address(settings))
    try:
        with engine.begin() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, to)
        with engine.connect() as connection:
            return schema_state(connection)
    except OperationalError as error:
        raise SettingsError(_unreachable(settings, error)) from None
    finally:
        engine.dispose()


def alembic_config() -> "Config":
    """Point Alembic at our migrations; it needs no file of its own."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _serves(connection: Connection, ours: set[str]) -> bool:
    """Tell whether a newer schema still serves a version that knows these revisions (`idp.migrations.contract`)."""
    since = connection.execute(_serves_from).scalar()
    return since is None or since in ours


def _address(settings: Settings) -> str:
    if settings.database_address.startswith("sqlite"):
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.database_direct_url.get_secret_value() or settings.database_address


def _unreachable(settings: Settings, error: DatabaseError) -> str:
    reason = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
    return f"database_url: cannot open {make_url(_address(settings)).render_as_string(hide_password=True)}: {reason}"
