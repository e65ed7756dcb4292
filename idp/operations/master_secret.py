"""The master secret belongs to its database: a mismatch is noticed at start, before anything is sealed with the wrong one."""

from sqlalchemy import create_engine, select

from idp.crypto import Secrets
from idp.database import upsert
from idp.errors import SettingsError
from idp.operations.tables import InstallationFact
from idp.settings import Settings, master_secret

_NAME = "master_secret_fingerprint"
_known = select(InstallationFact.value).where(InstallationFact.name == _NAME)
_remember = upsert(InstallationFact).on_conflict_do_nothing(index_elements=["name"])


def check_master_secret(settings: Settings) -> None:
    """Remember the secret's fingerprint at first start; compare it ever after. Needs the current schema.

    Raises: SettingsError when the database was made with another master secret.
    """
    mine = Secrets(master_secret(settings)).fingerprint()
    engine = create_engine(settings.database_address)
    try:
        with engine.begin() as connection:
            known = connection.execute(_known).scalar()
            if known is None:
                connection.execute(_remember, {"name": _NAME, "value": mine})
                known = connection.execute(_known).scalar_one()
    finally:
        engine.dispose()
    if known != mine:
        raise SettingsError("master_secret: this database was made with another master secret; give that one back")
