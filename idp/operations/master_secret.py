"""The master secret belongs to its database: a mismatch is noticed at start, before anything is sealed with the wrong one.

A new installation gets a random derivation key, sealed with the master secret. One from before that has none: all that it derives
comes from its master secret, until the first rotation keeps what that gave (`idp.operations.resealing`).
"""

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DatabaseError, OperationalError

from idp import crypto
from idp.crypto import Known, Secrets
from idp.errors import SettingsError, TryAgain
from idp.operations import facts
from idp.settings import Settings, master_secret

_OTHER = "master_secret: this database was made with another master secret; give that one back"
_UNFINISHED = (
    "master_secret_previous: a rotation of the master secret is not finished; set IDP_MASTER_SECRET_PREVIOUS to the secret before, "
    "and run `idp master-secret rotate`"
)


class FactsOf:
    """Reads what a database knows of its secrets; on connections of its own, for it is asked in the middle of transactions."""

    def __init__(self, reading: Engine) -> None:
        self._reading = reading

    def known(self) -> Known:
        """Read it. Raises: TryAgain."""
        try:
            with self._reading.connect() as connection:
                found = facts.all_of(connection)
        except OperationalError as error:
            raise TryAgain(f"database: {type(error.orig).__name__}") from error
        return Known(found.get(facts.FINGERPRINT), found.get(facts.DERIVATION_KEY))

    def held_fingerprint(self, db: Connection) -> str | None:
        """Give the fingerprint in force; a rotation waits for the caller's transaction."""
        return facts.held(db, facts.FINGERPRINT)


def secrets_of(settings: Settings, reading: Engine | None = None) -> Secrets:
    """Give the secrets that the settings name, as this database has them. Raises: SettingsError."""
    previous = settings.master_secret_previous.get_secret_value()
    return Secrets(master_secret(settings), previous, FactsOf(reading) if reading is not None else None)


def check_master_secret(settings: Settings) -> None:
    """Remember the secret's fingerprint at first start; compare it ever after. Needs the current schema.

    Raises: SettingsError when the database was made with another master secret, or cannot be used at all.
    """
    secrets = secrets_of(settings)
    engine = create_engine(settings.database_address)
    try:
        with engine.begin() as connection:
            found = facts.all_of(connection)
            if facts.FINGERPRINT not in found:
                _begin(connection, secrets)
                found = facts.all_of(connection)
    except DatabaseError as error:
        raise SettingsError("database_url: the database cannot be used; `idp db check` tells why") from error
    finally:
        engine.dispose()
    _check(secrets, found)


def _begin(db: Connection, secrets: Secrets) -> None:
    """Write down whose database this is; what derives is random from the first event on, or else stays as it is."""
    derivation = crypto.Root.random() if facts.is_untouched(db) else secrets.present
    if facts.remember(db, facts.FINGERPRINT, secrets.fingerprint()):
        facts.remember(db, facts.DERIVATION_KEY, secrets.seal_derivation_key(derivation))


def _check(secrets: Secrets, found: dict[str, str]) -> None:
    if secrets.named(found[facts.FINGERPRINT]) is None:
        raise SettingsError(_OTHER)
    if facts.REPLACED in found and secrets.named(found[facts.REPLACED]) is None:
        raise SettingsError(_UNFINISHED)
