"""SQL of the facts that hold for the whole installation."""

from sqlalchemy import Connection, bindparam, delete, func, select, update

from idp.audit.tables import AuditEvent
from idp.database import upsert
from idp.operations.tables import InstallationFact

FINGERPRINT = "master_secret_fingerprint"
"""Names the master secret in force."""

REPLACED = "master_secret_replaced"
"""Names the one before it, as long as something may be sealed with that."""

DERIVATION_KEY = "derivation_key"
"""The sealed key of all that is derived; an installation without it derives from its one and only master secret."""

_row = InstallationFact
_all = select(_row.name, _row.value)
_held = select(_row.value).where(_row.name == bindparam("of_name")).with_for_update(read=True)
_remember = upsert(_row).on_conflict_do_nothing(index_elements=["name"])
_put = upsert(_row)
_put = _put.on_conflict_do_update(index_elements=["name"], set_={"value": _put.excluded.value})
_replace = (
    update(_row)
    .where(_row.name == bindparam("of_name"), _row.value == bindparam("before"))
    .values(value=bindparam("after"))
    .returning(_row.name)
)
_forget = delete(_row).where(_row.name == bindparam("of_name")).returning(_row.name)
_any_event = select(func.count()).select_from(select(AuditEvent.id).limit(1).subquery())


def all_of(db: Connection) -> dict[str, str]:
    """Give all facts by name."""
    return {row[0]: row[1] for row in db.execute(_all)}


def held(db: Connection, name: str) -> str | None:
    """Give a fact that nobody changes before this transaction ends."""
    return db.execute(_held, {"of_name": name}).scalar()


def remember(db: Connection, name: str, value: str) -> bool:
    """Note a fact unless it is known; false when it was."""
    return db.execute(_remember, {"name": name, "value": value}).rowcount == 1


def put(db: Connection, name: str, value: str) -> None:
    """Note a fact, in place of what was known."""
    db.execute(_put, {"name": name, "value": value})


def replace(db: Connection, name: str, before: str, after: str) -> bool:
    """Change a fact if it still is what it was."""
    return db.execute(_replace, {"of_name": name, "before": before, "after": after}).one_or_none() is not None


def forget(db: Connection, name: str) -> bool:
    """Take a fact away; false when it was not known."""
    return db.execute(_forget, {"of_name": name}).one_or_none() is not None


def is_untouched(db: Connection) -> bool:
    """Tell whether nothing has ever happened in this installation: its audit log is empty."""
    return not db.execute(_any_event).scalar_one()
