"""The master secret belongs to its database: a mismatch is noticed at start, before anything is sealed with the wrong one."""

from sqlalchemy import select

from idp.database import upsert
from idp.errors import SettingsError
from idp.operations.tables import InstallationFact
from idp.unit_of_work import UnitOfWork

_NAME = "master_secret_fingerprint"
_known = select(InstallationFact.value).where(InstallationFact.name == _NAME)
_remember = upsert(InstallationFact).on_conflict_do_nothing(index_elements=["name"])


def check_master_secret(work: UnitOfWork) -> None:
    """Remember the fingerprint at first start; compare it ever after.

    Raises: SettingsError when the database was made with another master secret.
    """
    mine = work.secrets.fingerprint()
    work.db.execute(_remember, {"name": _NAME, "value": mine})
    if work.db.execute(_known).scalar_one() != mine:
        raise SettingsError("master_secret: this database was made with another master secret; give that one back")
