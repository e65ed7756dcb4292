"""Writes of one transaction that PostgreSQL gets as one statement, because nobody asks what each of them did.

Every statement is a message to the database and an answer that is waited for; a `WITH` of several INSERTs and UPDATEs is one. All of
them see the database as it was before, so each has a table of its own; several rows for one table become one INSERT, in their order.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Insert

__all__ = ["Part", "Together"]

_PLACE = re.compile(r"%\((\w+)\)s")
_VALUES = ") VALUES ("


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A write that may wait: its text with named places, its table, and whether more rows can be added to it."""

    text: str
    table: str
    takes_rows: bool


def part_of(statement: Any, text: str) -> Part | None:
    """Make a part of a compiled write without RETURNING; None of one that has to stand alone."""
    if statement._returning or "%%" in text:  # noqa: SLF001 - its only name
        return None
    plain = isinstance(statement, Insert) and statement._post_values_clause is None and text.count(_VALUES) == 1  # noqa: SLF001
    return Part(text, statement.table.name, plain and text.endswith(")"))


class Together:
    """One statement for several parts, each with one row or several."""

    def __init__(self, parts: Sequence[tuple[Part, int]]) -> None:
        texts = [_with_rows(part, rows, place) for place, (part, rows) in enumerate(parts)]
        *others, last = texts
        before = ", ".join(f"w{place} AS ({text})" for place, text in enumerate(others))
        self._text = f"WITH {before} {last}" if others else last

    def run(self, cursor: Any, given: Sequence[Sequence[dict[str, Any]]]) -> None:
        """Write the rows of each part."""
        values = {
            f"{name}_{place}_{row}": value
            for place, rows in enumerate(given)
            for row, named in enumerate(rows)
            for name, value in named.items()
        }
        cursor.execute(self._text, values)


def _with_rows(part: Part, rows: int, place: int) -> str:
    if rows == 1:
        return _renamed(part.text, place, 0)
    head, values = part.text.split(_VALUES)
    return f"{_renamed(head, place, 0)}) VALUES " + ", ".join(_renamed(f"({values}", place, row) for row in range(rows))


def _renamed(text: str, place: int, row: int) -> str:
    return _PLACE.sub(lambda found: f"%({found[1]}_{place}_{row})s", text)
