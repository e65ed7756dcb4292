"""Export and import of whole installations: what goes out comes in again, on either database, and nothing else gets in."""

import gzip
import hashlib
import json
import stat
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, create_engine, func, insert, select, text

import idp.app
from idp import audit
from idp.audit import Event
from idp.operations import facts, whole_tables
from idp.operations.export import CannotExport, export
from idp.operations.export_format import BadExport
from idp.operations.master_secret import secrets_of
from idp.operations.restore import NotEmpty, Restored, restore
from idp.operations.tables import InstallationFact
from idp.unit_of_work import SYSTEM, Units
from tests import builders, reused
from tests.conftest import MASTER_SECRET, NOON, make_settings
from tests.filled import row_of
from tests.migrated import empty_database, postgres_migrated, sqlite_migrated
from tests.signing_keys import add_signing_keys

__all__ = ["empty_database", "postgres_migrated", "sqlite_migrated"]

Open = Callable[..., Units]
AS_IT_IS = {"keep_sessions": True, "send_waiting": True}


@pytest.fixture
def opened(tmp_path: Path, clock) -> Open:
    """Units of work on a database."""

    def units(database: str, secret: str = MASTER_SECRET) -> Units:
        settings = make_settings(database, tmp_path, master_secret=secret)
        writing, reading = reused.engines_of(settings)
        return Units(writing, reading, settings, secrets_of(settings, reading), clock, idp.app.handlers())

    return units


ON_BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgresql"], indirect=True)
_exported: dict[str, bytes] = {}


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of the first database."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def database(kind: str) -> str:
    """Not the one of the other tests of this folder."""
    return kind


@pytest.fixture
def full(kind: str, empty_database, opened: Open) -> Iterator[Units]:
    """An installation with rows in every table."""
    units = opened(empty_database(kind))
    with units.write(SYSTEM) as work:
        for table in whole_tables.all_tables():
            work.db.execute(whole_tables.insertion(table), [row_of(table, 1), row_of(table, 2)])
        whole_tables.count_on(work.db)
        facts.put(work.db, facts.FINGERPRINT, units.secrets.fingerprint())
    yield units
    reused.close_all()


def content_of(file: Path) -> dict[str, list[str]]:
    """The lines of each table."""
    lines = (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).decode().split("\n")
    found: dict[str, list[str]] = {}
    for line in lines[1:-1]:
        said = json.loads(line)
        if isinstance(said, dict):
            rows = found.setdefault(said["table"], [])
        else:
            rows.append(json.dumps(said, sort_keys=True, ensure_ascii=False))
    return found


def other(kind: str) -> str:
    return {"sqlite": "postgresql", "postgresql": "sqlite"}[kind]


@pytest.fixture
def file(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Path:
    """The export of a full installation."""
    written = tmp_path / "export.jsonl"
    if kind not in _exported:
        full = request.getfixturevalue("full")
        export(full, written)
        with full.write(SYSTEM) as work:  # leave the installation as it was, whichever test asks first
            work.db.execute(text("DELETE FROM audit_events WHERE event = :exported"), {"exported": Event.EXPORTED.value})
        _exported[kind] = written.read_bytes()
    written.write_bytes(_exported[kind])
    return written


@ON_BOTH
def test_what_goes_out_comes_in_on_the_other_kind_of_database(file: Path, kind: str, empty_database, opened: Open, tmp_path: Path) -> None:
    arrived = opened(empty_database(other(kind)))
    assert restore(arrived, file, **AS_IT_IS).left_out == 0
    export(arrived, tmp_path / "again.jsonl")
    before, after = content_of(file), content_of(tmp_path / "again.jsonl")
    assert "installation.imported" in after["audit_events"].pop()
    assert after == before
    assert {len(rows) for name, rows in before.items() if name != "installation_facts"} == {2}


def test_a_packed_export_is_the_same(full: Units, file: Path, tmp_path: Path) -> None:
    export(full, tmp_path / "packed.jsonl.gz")
    assert content_of(tmp_path / "packed.jsonl.gz") == content_of(file)


@ON_BOTH
def test_absent_documents_stay_absent(file: Path, kind: str, empty_database, opened: Open) -> None:
    arrived = opened(empty_database(other(kind)))
    restore(arrived, file, **AS_IT_IS)
    with arrived.read() as work:
        assert work.db.execute(text("SELECT count(*) FROM device_requests WHERE granted IS NULL")).scalar_one() == 1


@ON_BOTH
def test_numbers_go_on_after_those_that_came(file: Path, kind: str, empty_database, opened: Open) -> None:
    arrived = opened(empty_database(other(kind)))
    restore(arrived, file)
    for table in whole_tables.all_tables():
        key = next(iter(table.primary_key.columns))
        if key.autoincrement is True:
            row = {name: value for name, value in row_of(table, 1).items() if name != key.name}
            with arrived.write(SYSTEM) as work:
                newest = work.db.execute(select(func.max(key))).scalar_one()
                assert work.db.execute(insert(table).values(row).returning(key)).scalar_one() == newest + 1, table.name


def test_the_file_is_its_owners_alone_and_nothing_is_left_beside_it(full: Units, tmp_path: Path) -> None:
    export(full, tmp_path / "export.jsonl.gz")
    assert stat.S_IMODE((tmp_path / "export.jsonl.gz").stat().st_mode) == 0o600
    assert not list(tmp_path.glob("export.jsonl.gz.*"))


def test_a_file_that_is_there_is_not_replaced_unless_told_so(full: Units, tmp_path: Path) -> None:
    file = tmp_path / "there.jsonl"
    file.write_text("somebody's")
    with pytest.raises(CannotExport, match="exists already"):
        export(full, file)
    assert file.read_text() == "somebody's"
    assert export(full, file, overwrite=True).sha256 in file.read_text()


def test_a_folder_that_is_not_there_is_one_clear_line(full: Units, tmp_path: Path) -> None:
    with pytest.raises(CannotExport, match="No such file"):
        export(full, tmp_path / "nowhere" / "export.jsonl")


@ON_BOTH
def test_an_export_sees_one_moment_while_others_write(full: Units, tmp_path: Path, monkeypatch) -> None:
    rows = whole_tables.rows

    def while_others_write(db: Any, table: Table) -> Iterator[Any]:
        yield from rows(db, table)
        with full.write(SYSTEM) as work:
            audit.record(work, Event.STAFF_LOOKED_UP)

    monkeypatch.setattr(whole_tables, "rows", while_others_write)
    header = export(full, tmp_path / "export.jsonl")
    assert {name: len(found) for name, found in content_of(tmp_path / "export.jsonl").items()} == header.tables
    assert header.tables["audit_events"] == 2


def test_an_export_holds_no_secret_in_the_clear(empty_database, opened: Open, kind: str, tmp_path: Path) -> None:
    database = empty_database(kind)
    engine = create_engine(database)
    add_signing_keys(engine, MASTER_SECRET, NOON)
    engine.dispose()
    units = opened(database)
    with units.write(SYSTEM) as work:
        link = builders.link_token(work, builders.invited_account(work))
    export(units, tmp_path / "export.jsonl")
    written = (tmp_path / "export.jsonl").read_text()
    assert link not in written
    assert MASTER_SECRET not in written
    assert '"d":' not in written
    assert "demo_messages" not in written


def test_an_unfinished_rotation_is_finished_first(full: Units, tmp_path: Path) -> None:
    with full.write(SYSTEM) as work:
        facts.put(work.db, facts.REPLACED, "another")
    with pytest.raises(CannotExport, match="master-secret rotate"):
        export(full, tmp_path / "export.jsonl")
    assert not (tmp_path / "export.jsonl").exists()


def test_much_does_not_need_much_memory(empty_database, opened: Open, kind: str, tmp_path: Path) -> None:
    units, arrived = opened(empty_database(kind)), opened(empty_database(kind))
    table = next(one for one in whole_tables.all_tables() if one.name == "budget_entries")

    def peak(rows: int) -> int:
        with units.write(SYSTEM) as work:
            work.db.execute(insert(table), [{"kind": "k" * 20, "key": f"{number:064}", "at": NOON} for number in range(rows)])
        tracemalloc.start()
        try:
            export(units, tmp_path / "much.jsonl.gz", overwrite=True)
            restore(arrived, tmp_path / "much.jsonl.gz", replace=True)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1)  # what is made at the first use and kept
    few = peak(whole_tables.AT_ONCE)
    assert peak(20 * whole_tables.AT_ONCE) < 2 * few


# --- what is refused changes nothing


def refused(units: Units, file: Path, why: str) -> None:
    """See a file refused, and the database as empty as before."""
    with units.write(SYSTEM) as work:
        before = facts.all_of(work.db)
    with pytest.raises(BadExport, match=why):
        restore(units, file)
    with units.read() as work:
        assert whole_tables.first_used(work.db) is None
        assert facts.all_of(work.db) == before


@pytest.fixture
def target(kind: str, empty_database, opened: Open) -> Units:
    return opened(empty_database(kind))


def rewritten(file: Path, change: Callable[[dict[str, Any], list[Any]], None]) -> Path:
    """Change an export as somebody would who knows how its checksum is made."""
    header, *content = [json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]]
    change(header, content)
    body = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in content)
    header["sha256"] = hashlib.sha256(body).hexdigest()
    file.write_bytes(json.dumps(header).encode() + b"\n" + body)
    return file


def first_row_of(content: list[Any], table: str) -> list[Any]:
    place = next(n for n, line in enumerate(content) if isinstance(line, dict) and line["table"] == table)
    return content[place + 1]


def test_an_export_of_another_master_secret_is_refused(file: Path, kind: str, empty_database, opened: Open) -> None:
    refused(opened(empty_database(kind), secret="another secret for tests that is long enough to be one"), file, "another master secret")


@ON_BOTH
def test_a_database_in_use_is_refused_and_stays_as_it_is(file: Path, full: Units) -> None:
    with pytest.raises(NotEmpty, match="--replace"):
        restore(full, file)
    with full.read() as work:
        assert whole_tables.count(work.db)["customers"] == 2


@ON_BOTH
def test_a_database_in_use_is_replaced_if_told_so(file: Path, full: Units) -> None:
    with full.write(SYSTEM) as work:
        work.db.execute(text("DELETE FROM consents"))
    assert restore(full, file, replace=True).rows["consents"] == 2


def test_a_changed_byte_is_noticed(file: Path, target: Units) -> None:
    content = bytearray(file.read_bytes())
    content[-20] ^= 1
    file.write_bytes(content)
    refused(target, file, "changed or cut off")


def test_a_file_that_was_cut_off_is_noticed(file: Path, target: Units) -> None:
    file.write_bytes(file.read_bytes()[:-200])
    refused(target, file, "changed or cut off")


def test_a_packed_file_that_was_cut_off_is_noticed(full: Units, target: Units, tmp_path: Path) -> None:
    packed = tmp_path / "export.jsonl.gz"
    export(full, packed)
    packed.write_bytes(packed.read_bytes()[:-200])
    refused(target, packed, "cannot be read")


@pytest.mark.parametrize(
    "written", [b"", b"{}\n", b"[]\n", b"\xff\xfe\n", b"null\n", b"[" * 100_000, b'{"format":"idp-export","version":1}\n']
)
@pytest.mark.parametrize("name", ["no.jsonl", "no.jsonl.gz"])
def test_what_is_no_export_is_refused(target: Units, tmp_path: Path, written: bytes, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(written)
    refused(target, file, "no export|cannot be read")


def _set(name: str, value: Any) -> Callable[[dict[str, Any], list[Any]], None]:
    return lambda header, content: header.update({name: value})


def _add_table(header: dict[str, Any], content: list[Any]) -> None:
    header["tables"]["alembic_version"] = 1
    content += [{"table": "alembic_version", "columns": ["version_num"]}, ["9999"]]


def _second_start(header: dict[str, Any], content: list[Any]) -> None:
    content += [next(line for line in content if isinstance(line, dict) and line["table"] == "consents")]


def _drop_row(header: dict[str, Any], content: list[Any]) -> None:
    content.remove(first_row_of(content, "consents"))


def _change_cell(table: str, cell: int, value: Any) -> Callable[[dict[str, Any], list[Any]], None]:
    def change(header: dict[str, Any], content: list[Any]) -> None:
        first_row_of(content, table)[cell] = value

    return change


def _other_facts(header: dict[str, Any], content: list[Any]) -> None:
    first_row_of(content, "installation_facts")[:] = [facts.REPLACED, "x"]


def _without_table_line(header: dict[str, Any], content: list[Any]) -> None:
    del content[0]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_set("format", "something else"), "no export"),
        (_set("version", 2), "version 2, this program reads version 1"),
        (_set("revision", "0001"), "of schema 0001, this database of"),
        (_set("tables", {}), "tables are not this version's"),
        (_set("tables", 7), "no export"),
        (_set("surplus", 1), "no export"),
        (_add_table, "tables are not this version's: alembic_version"),
        (_second_start, "tables and columns"),
        (_drop_row, "not as many rows"),
        (_without_table_line, "cannot be read|columns"),
        (_change_cell("audit_events", 1, "yesterday"), "a row of the export cannot be read"),
        (_change_cell("audit_events", 1, 7), "a row of the export cannot be read"),
        (_change_cell("signing_keys", 4, "no base64!"), "a row of the export cannot be read"),
        (_other_facts, "facts are not those"),
    ],
)
def test_a_forged_export_is_refused(file: Path, target: Units, change: Any, why: str) -> None:
    refused(target, rewritten(file, change), why)


@ON_BOTH
@pytest.mark.parametrize(
    ("table", "cell", "value"),
    [
        ("contracts", 1, "nobody"),
        ("customers", 1, None),
        ("consents", 3, "2026-01-01T00:00:00"),
        ("audit_events", 0, 2**70),
        ("jobs", 1, {}),
    ],
)
def test_a_row_that_does_not_fit_is_named_by_its_table(file: Path, target: Units, table: str, cell: int, value: Any) -> None:
    refused(target, rewritten(file, _change_cell(table, cell, value)), f"a row of {table} cannot be inserted")


def test_the_import_is_told_by_table(file: Path, target: Units) -> None:
    done = restore(target, file)
    assert isinstance(done, Restored)
    assert (done.rows["customers"], done.rows["pin_challenges"], done.left_out) == (2, 0, 14)
    with target.read() as work:
        assert work.db.execute(select(func.count()).select_from(InstallationFact)).scalar_one() == done.rows["installation_facts"]
