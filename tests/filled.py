"""Rows for any table, with a value of each column's type."""

from datetime import timedelta
from typing import Any

from sqlalchemy import JSON, Boolean, Integer, LargeBinary, String, Table
from sqlalchemy.dialects.postgresql import JSONB

from idp.database import UtcDateTime
from tests.conftest import NOON


def row_of(table: Table, number: int) -> dict[str, Any]:
    return {column.name: value_of(column, number) for column in table.columns}


def value_of(column: Any, number: int) -> Any:
    """Give a value of the column's type; the second row has none where none may be."""
    refers_to = next(iter(column.foreign_keys), None)
    if refers_to is not None:
        return value_of(refers_to.column, number)
    if column.nullable and number == 2:
        return None
    match column.type:
        case UtcDateTime():
            return NOON + timedelta(days=number, microseconds=number * 1001)
        case Boolean():
            return number == 1
        case Integer():
            return number
        case LargeBinary():
            return bytes(range(256)) * number
        case JSON() | JSONB():
            return {"words": "Öl \u2028 🔑", "none": None, "deep": [1, 2.5, True, {"z": 1, "a": [number]}]}
        case String(length=length):
            return f'{column.name}-{number} ä\u2028🔑\t"\\'[: length or 100]
    raise AssertionError(column)
