"""SQL over all tables for the rows about one person; each package says which of its rows these are."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, Table, func, or_, select

from idp.audit.tables import AuditEvent
from idp.database import Rows
from idp.directory.tables import Customer
from idp.identifiers import AccountId

_DERIVED = ("_key",)
_SECRET = ("hash", "_hash")


def audit_rows_of(account_id: AccountId) -> Rows:
    """Tell which audit events are about a person, or of what they did."""
    mine = (AuditEvent.account_id, AuditEvent.actor_id, AuditEvent.on_behalf_of)
    return {AuditEvent: or_(*(column == account_id for column in mine))}


def count(db: Connection, rows: Rows) -> dict[str, int]:
    """Count rows by table."""
    return {_table(of).name: db.execute(select(func.count()).select_from(of).where(told)).scalar_one() for of, told in rows.items()}


def read(db: Connection, rows: Rows) -> dict[str, list[dict[str, Any]]]:
    """Give rows by table, without secrets, hashes and what is only there to compare."""
    found = {_table(of).name: _read(db, _table(of), told) for of, told in rows.items()}
    for customer in found.get(_table(Customer).name, []):
        customer["document"] = {name: value for name, value in customer["document"].items() if name == "main_contact"}
    return {name: some for name, some in found.items() if some}


def hidden_columns(rows: Rows) -> list[str]:
    """Name what is kept of a person as a hash, or sealed."""
    return [f"{_table(of).name}.{column.name}" for of in rows for column in _table(of).columns if _is_secret(column)]


def _read(db: Connection, table: Table, told: ColumnElement[bool]) -> list[dict[str, Any]]:
    shown = [column for column in table.columns if not _is_secret(column) and not column.name.endswith(_DERIVED)]
    rows: Sequence[Mapping[Any, Any]] = db.execute(select(*shown).where(told).order_by(*table.primary_key.columns)).mappings().all()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def _is_secret(column: Any) -> bool:
    return column.name.endswith(_SECRET) or isinstance(column.type, LargeBinary)


def _table(of: Any) -> Table:
    table = of.__table__
    assert isinstance(table, Table)
    return table
