"""Write everything of an installation into one file: sealed columns stay sealed, hashes stay hashes, nothing is in the clear.

One transaction sees one moment, also while the provider serves. Little is in memory: the content is written beside the file first,
for the header before it has to name its checksum.
"""

import gzip
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC
from pathlib import Path
from typing import IO, cast

from sqlalchemy import Connection

from idp import audit
from idp.audit import Event
from idp.errors import Conflict
from idp.operations import facts, whole_tables
from idp.operations.export_format import Header, line_of, writers_of
from idp.operations.schema import schema_state
from idp.unit_of_work import OPERATOR_AT_SHELL, Units

_EFFORT = 6
"""How hard gzip tries: more takes twice as long for a hundredth of the size."""


class CannotExport(Conflict):
    """The installation cannot be exported now."""

    code = "cannot_export"


def export(units: Units, to: Path, *, overwrite: bool = False) -> Header:
    """Write the file, readable by its owner alone, whole or not at all. Raises: CannotExport."""
    passing, content = to.with_name(to.name + ".new"), to.with_name(to.name + ".part")
    try:
        if to.exists() and not overwrite:
            raise CannotExport(f"{to} exists already")
        with whole_tables.snapshot(units.settings) as db:
            header = _write_content(db, units, content, compressed=to.suffix == ".gz")
        with _private(passing) as target:
            target.write(gzip.compress(header.line(), mtime=0) if to.suffix == ".gz" else header.line())
            with content.open("rb") as written:
                shutil.copyfileobj(written, target)
        passing.replace(to)
    except OSError as error:
        raise CannotExport(f"{to} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            content.unlink(missing_ok=True)
            passing.unlink(missing_ok=True)
    with units.write(OPERATOR_AT_SHELL) as work:
        audit.record(work, Event.EXPORTED, rows=sum(header.tables.values()), sha256=header.sha256)
    return header


def _write_content(db: Connection, units: Units, file: Path, *, compressed: bool) -> Header:
    known = facts.all_of(db)
    if facts.REPLACED in known:
        raise CannotExport("finish the rotation of the master secret first: `idp master-secret rotate`")
    state = schema_state(db)
    if not state.is_current:
        raise CannotExport(state.problem or f"the database is at revision {state.revision}; export it with the version that upgraded it")
    counts = whole_tables.count(db)
    digest = hashlib.sha256()
    with _private(file) as opened, _packed(opened) if compressed else nullcontext(opened) as target:
        for line in _content(db):
            digest.update(line)
            target.write(line)
    at = units.clock().astimezone(UTC).isoformat().replace("+00:00", "Z")
    secret = known.get(facts.FINGERPRINT, units.secrets.fingerprint())
    return Header(state.revision or "", secret, at, counts, digest.hexdigest())


def _content(db: Connection) -> Iterator[bytes]:
    for table in whole_tables.all_tables():
        yield line_of({"table": table.name, "columns": [column.name for column in table.columns]})
        writers = writers_of(list(table.columns))
        for row in whole_tables.rows(db, table):
            yield line_of([write(value) for write, value in zip(writers, row, strict=True)])


def _packed(target: IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    return cast("AbstractContextManager[IO[bytes]]", gzip.GzipFile("", "wb", _EFFORT, fileobj=target, mtime=0))


@contextmanager
def _private(file: Path) -> Iterator[IO[bytes]]:
    """Open a new file that only its owner may read."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        yield opened
