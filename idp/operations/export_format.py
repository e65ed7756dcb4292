"""The document that holds a whole installation: JSON lines, gzip when its name ends in `.gz`.

The first line is the header. For each table follow a line that names it with its columns, and its rows as arrays in that order. Tables
stand in the order in which they can be inserted. Times are RFC 3339 in UTC, bytes are base64, JSON documents are themselves. The
schema's revision says what the columns are; `sha256` is that of all lines after the header.
"""

import gzip
import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import Column, LargeBinary

from idp.database import UtcDateTime
from idp.errors import IdpError

FORMAT = "idp-export"
VERSION = 1
LONGEST_LINE = 32 * 1024 * 1024

Row = dict[str, Any]


class BadExport(IdpError):
    """The document is not what an export wrote, or does not belong here; nothing was changed."""

    code = "bad_export"


@dataclass(frozen=True, slots=True)
class Header:
    """What the first line says; `tables` counts the rows."""

    revision: str
    master_secret: str
    exported_at: str
    tables: Mapping[str, int]
    sha256: str
    format: str = FORMAT
    version: int = VERSION

    def line(self) -> bytes:
        """Write it."""
        return line_of({"format": self.format, "version": self.version} | asdict(self))


@dataclass(frozen=True, slots=True)
class TableStart:
    """A table's name and columns, before its rows."""

    table: str
    columns: tuple[str, ...]


def line_of(value: Any) -> bytes:
    """Write one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def opened(file: Path) -> IO[bytes]:
    """Open a document to be read."""
    return cast("IO[bytes]", gzip.open(file, "rb")) if file.suffix == ".gz" else file.open("rb")


def read_header(lines: IO[bytes]) -> Header:
    """Read the first line. Raises: BadExport."""
    try:
        said = json.loads(lines.readline(LONGEST_LINE))
        if said["format"] != FORMAT:
            raise BadExport("this is no export of an installation")
        if said["version"] != VERSION:
            raise BadExport(f"the export's format is version {said['version']}, this program reads version {VERSION}")
        header = Header(**said)
        _check_types(header)
    except (ValueError, KeyError, TypeError, OSError, EOFError, RecursionError) as error:
        raise BadExport("this is no export of an installation") from error
    return header


def check_content(file: Path) -> Header:
    """Read a whole document and compare it with its header, before anything is written anywhere. Raises: BadExport."""
    try:
        with opened(file) as lines:
            header = read_header(lines)
            digest = hashlib.sha256()
            while chunk := lines.read(1024 * 1024):
                digest.update(chunk)
    except (OSError, EOFError) as error:
        raise BadExport(f"{file} cannot be read: {error}") from error
    if digest.hexdigest() != header.sha256:
        raise BadExport(f"{file} was changed or cut off: its content is not what its header says")
    return header


def read_content(lines: IO[bytes]) -> Iterator[TableStart | list[Any]]:
    """Give what follows the header, line by line. Raises: BadExport."""
    try:
        while line := lines.readline(LONGEST_LINE):
            said = json.loads(line)
            yield said if isinstance(said, list) else TableStart(said["table"], tuple(said["columns"]))
    except (ValueError, KeyError, TypeError, OSError, EOFError, RecursionError) as error:
        raise BadExport("a line of the export cannot be read") from error


def writers_of(columns: Sequence[Column[Any]]) -> list[Callable[[Any], Any]]:
    """Tell how each column's values are written as JSON."""
    return [_writer(column) for column in columns]


def readers_of(columns: Sequence[Column[Any]]) -> list[Callable[[Any], Any]]:
    """Tell how each column's values are read from JSON."""
    return [_reader(column) for column in columns]


def _writer(column: Column[Any]) -> Callable[[Any], Any]:
    if isinstance(column.type, UtcDateTime):
        return lambda value: None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(column.type, LargeBinary):
        return lambda value: None if value is None else b64encode(value).decode()
    return _as_it_is


def _reader(column: Column[Any]) -> Callable[[Any], Any]:
    if isinstance(column.type, UtcDateTime):
        return lambda value: None if value is None else datetime.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return lambda value: None if value is None else b64decode(value, validate=True)
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _check_types(header: Header) -> None:
    if not all(isinstance(value, str) for value in (header.revision, header.master_secret, header.exported_at, header.sha256)):
        raise TypeError("header")
    if not all(isinstance(count, int) for count in dict(header.tables).values()):
        raise TypeError("tables")
