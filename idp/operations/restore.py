"""Read an export into an empty database, whole or not at all: of the same schema, with the same master secret, of whichever kind."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import OperationalError, StatementError

from idp import audit
from idp.audit import Event
from idp.errors import Conflict
from idp.operations import facts, whole_tables
from idp.operations.arrival import Arrival, arriving
from idp.operations.export_format import BadExport, Header, Row, TableStart, check_content, opened, read_content, read_header, readers_of
from idp.operations.schema import SchemaState, schema_state
from idp.unit_of_work import OPERATOR_AT_SHELL, UnitOfWork, Units


class NotEmpty(Conflict):
    """The database is somebody's."""

    code = "not_empty"


@dataclass(frozen=True, slots=True)
class Restored:
    """What an import did: rows by table as they are there now, and how many were left out."""

    rows: Mapping[str, int]
    left_out: int


def restore(units: Units, source: Path, *, keep_sessions: bool = False, send_waiting: bool = False, replace: bool = False) -> Restored:
    """Import a file in one transaction; `replace` deletes first what is there. Processes that serve this database have to be ended before.

    Raises: BadExport, NotEmpty.
    """
    header = check_content(source)
    with units.read(OPERATOR_AT_SHELL) as work:  # looked at outside of the transaction, for it asks Alembic
        state = schema_state(work.db)
    _check_fits(header, state, units)
    how = Arrival(units.clock(), keep_sessions=keep_sessions, send_waiting=send_waiting)
    with units.write(OPERATOR_AT_SHELL) as work, opened(source) as lines:
        if read_header(lines) != header:
            raise BadExport(f"{source} was changed while it was read")
        _make_room(work, replace=replace)
        rows = _insert_all(work.db, lines, header, how)
        _check_facts(work, header)
        whole_tables.count_on(work.db)
        left_out = sum(header.tables.values()) - sum(rows.values())
        audit.record(work, Event.IMPORTED, rows=sum(rows.values()), left_out=left_out, exported_at=header.exported_at, sha256=header.sha256)
    return Restored(rows, left_out)


def _check_fits(header: Header, state: SchemaState, units: Units) -> None:
    if units.secrets.named(header.master_secret) is None:
        raise BadExport("master_secret: the export was made with another master secret; give that one to import it")
    if not state.is_current:
        raise BadExport(state.problem or f"the database is at revision {state.revision}; import with the version that upgraded it")
    if header.revision != state.revision:
        raise BadExport(
            f"the export is of schema {header.revision}, this database of {state.revision}; "
            "import it with the version that made it, then upgrade"
        )
    expected = {table.name for table in whole_tables.all_tables()}
    if header.tables.keys() != expected:
        raise BadExport(f"the export's tables are not this version's: {', '.join(sorted(expected ^ header.tables.keys()))}")


def _make_room(work: UnitOfWork, *, replace: bool) -> None:
    if replace:
        whole_tables.delete_all(work.db)
        return
    if used := whole_tables.first_used(work.db):
        raise NotEmpty(f"the database is not empty ({used} has rows); take an empty one, or replace all there is by --replace --yes")
    whole_tables.delete_all(work.db, only=whole_tables.BEFORE_ANY_USE)


def _insert_all(db: Connection, lines: IO[bytes], header: Header, how: Arrival) -> dict[str, int]:
    """Insert the tables as they come; gives the number of rows by table."""
    inserted: Counter[str] = Counter(dict.fromkeys(header.tables, 0))
    read: Counter[str] = Counter()
    for table, row_batch in _batches(lines):
        read[table.name] += len(row_batch)
        arrived = [row for row in (arriving(table.name, one, how) for one in row_batch) if row is not None]
        if arrived:
            _insert(db, table, arrived)
        inserted[table.name] += len(arrived)
    if dict(read) != {name: count for name, count in header.tables.items() if count}:
        raise BadExport("the export has not as many rows as its header says")
    return dict(inserted)


def _insert(db: Connection, table: Table, rows: list[Row]) -> None:
    try:
        db.execute(whole_tables.insertion(table), rows)
    except OperationalError:
        raise
    except (StatementError, ValueError, OverflowError) as error:
        raise BadExport(f"a row of {table.name} cannot be inserted: {type(error).__name__}") from error


def _batches(lines: IO[bytes]) -> Iterator[tuple[Table, list[Row]]]:
    """Give rows with their tables, some at a time. Raises: BadExport."""
    tables = {table.name: table for table in whole_tables.all_tables()}
    table: Table | None = None
    batch: list[Row] = []
    names: tuple[str, ...] = ()
    readers: list[Any] = []
    for said in read_content(lines):
        if isinstance(said, TableStart):
            if table is not None and batch:
                yield table, batch
            table, batch, names = _table(tables, said), [], said.columns
            readers = readers_of([table.columns[name] for name in names])
            continue
        batch.append(_row(names, readers, said))
        if table is not None and len(batch) >= whole_tables.AT_ONCE:
            yield table, batch
            batch = []
    if table is not None and batch:
        yield table, batch


def _table(tables: dict[str, Table], said: TableStart) -> Table:
    table = tables.pop(said.table, None)
    if table is None or set(said.columns) != set(table.columns.keys()) or len(said.columns) != len(table.columns):
        raise BadExport("the export's tables and columns are not this version's")
    return table


def _row(names: tuple[str, ...], readers: list[Any], values: list[Any]) -> Row:
    try:
        return {name: read(value) for name, read, value in zip(names, readers, values, strict=True)}
    except (ValueError, TypeError) as error:
        raise BadExport("a row of the export cannot be read") from error


def _check_facts(work: UnitOfWork, header: Header) -> None:
    """Make sure that the import is one installation with its header: what it derives and seals belongs to one master secret."""
    known = facts.all_of(work.db)
    facts.remember(work.db, facts.FINGERPRINT, header.master_secret)
    if known.get(facts.FINGERPRINT, header.master_secret) != header.master_secret or facts.REPLACED in known:
        raise BadExport("the export's facts are not those of its header")
