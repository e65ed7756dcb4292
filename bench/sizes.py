"""How much room accounts and sign-ins take: rows, bytes, memory, connections; `python -m bench.sizes` prints what docs/sizing.md says."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, create_engine, text

from bench import product, subject
from bench.load import Failed, Load, Operation
from bench.processes import CpuMeter, Served, megabytes, tree
from bench.product import Installation
from idp.authn import passwords
from idp.database import Base
from idp.identifiers import AccountId
from idp.operations import logs
from idp.unit_of_work import SYSTEM, UnitOfWork
from tests import builders, servers

CUSTOMERS, ACCOUNTS_OF_EACH = 250, 4
TIMES = 1000
CONNECTIONS = 8
LEFT_OUT = {"demo_messages"}
"""The demo transport's own; no other installation has any."""


@dataclass(slots=True)
class Room:
    """What tables hold: rows, and bytes with their indexes (SQLite: of the whole file)."""

    rows: dict[str, int] = field(default_factory=dict)
    size: dict[str, int] = field(default_factory=dict)


def room(database: Connection) -> Room:
    """Look at all tables, compacted, so that what is counted is data and not what was left free."""
    names = sorted(table for table in Base.metadata.tables if table not in LEFT_OUT)
    found = Room({name: database.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names})
    if database.dialect.name == "sqlite":
        found.size = {name: _bytes_in_sqlite(database, name) for name in names}
        return found
    database.execute(text("VACUUM FULL"))
    found.size = {name: database.execute(text(f"SELECT pg_total_relation_size('\"{name}\"')")).scalar_one() for name in names}
    return found


def _bytes_in_sqlite(database: Connection, table: str) -> int:
    """Count what the values of a table take up: SQLite tells of no table how large it is."""
    columns = [column.name for column in Base.metadata.tables[table].columns]
    index_columns = [column.name for index in Base.metadata.tables[table].indexes for column in index.columns]
    keys = [column.name for column in Base.metadata.tables[table].primary_key]
    lengths = " + ".join(f'coalesce(length("{name}"), 0) + 1' for name in [*columns, *index_columns, *keys])
    return int(database.execute(text(f'SELECT coalesce(sum({lengths}), 0) FROM "{table}"')).scalar_one() * 1.25)  # pages are never full


def grown(before: Room, after: Room) -> list[tuple[str, int, int]]:
    """List the tables that grew, largest first: rows, bytes."""
    found = [(name, after.rows[name] - before.rows[name], after.size[name] - before.size[name]) for name in after.rows]
    return sorted((row for row in found if row[1] > 0), key=lambda row: -row[2])


def thousand_accounts(installation: Installation) -> None:
    """Make customers with three contracts and four accounts each, invited, activated, with passwords."""
    units = installation.app.extensions["idp.units"]
    hashed = passwords.hasher(installation.settings).hash(product.PASSWORD)
    for number in range(CUSTOMERS):
        with units.write(SYSTEM) as work:
            _customer_with_accounts(work, number, hashed)


def _customer_with_accounts(work: UnitOfWork, number: int, hashed: str) -> None:
    of = builders.customer(work, str(7_000_000 + number))
    made = [builders.administrator(work, of), *(builders.active_account(work, of) for _ in range(ACCOUNTS_OF_EACH - 1))]
    for account in made:
        passwords.set_hash(work, AccountId(account.id), hashed)


def run(load: Load, operation: Operation) -> None:
    """Let an operation succeed a thousand times. Raises: Failed."""
    done = load.run(operation, at_least=TIMES)
    if done.failures:
        raise Failed(done.failures[0])


@contextmanager
def measured(url: str, folder: Path, database_pid: int | None) -> Iterator[Callable[[str, Callable[[Served], None]], None]]:
    """Give what runs a step and prints how the tables grew, and what the step cost."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with product.installed(url, folder) as installation, product.started(installation) as served:
        offered = product.operations(installation)
        load = Load(served.port, CONNECTIONS)

        def step(name: str, act: Callable[[Served], None]) -> None:
            meter = CpuMeter([served.process.pid] + ([database_pid] if database_pid else []))
            with engine.connect() as database:
                before = room(database)
                meter.start()
                act(served)
                cpu = meter.stop()
                report(f"{name} on {engine.dialect.name}: {cpu:.1f} CPU seconds", grown(before, room(database)))

        step("1000 accounts", lambda _: thousand_accounts(installation))
        for operation in (subject.LOGIN, subject.CODE_FLOW, subject.REFRESH):
            step(f"1000 × {operation}", lambda _, chosen=operation: run(load, offered[chosen]))  # type: ignore[misc]
        if engine.dialect.name != "sqlite":
            with engine.connect() as database:
                open_now = database.execute(text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'idp'")).scalar_one()
            print(f"connections held after the load by one web process and one worker (and by this program): {open_now}")
        print("memory:", ", ".join(f"{megabytes(pid):.0f} MB" for pid in tree(served.process.pid)), "(supervisor, then its children)")
        load.close()
        yield step
    engine.dispose()


def report(title: str, tables: list[tuple[str, int, int]]) -> None:
    """Print how tables grew."""
    print(f"\n{title}; {sum(size for _, _, size in tables) / 1024:.0f} KiB")
    for name, rows, size in tables:
        print(f"  {name:24} {rows:7} rows {size / 1024:9.0f} KiB  {size / max(rows, 1):7.0f} bytes a row")


def main() -> int:
    """Measure on both databases."""
    logs.set_up("WARNING")
    with tempfile.TemporaryDirectory(prefix="idp-sizes-") as folder:
        with measured(f"sqlite:///{folder}/data.sqlite3", Path(folder) / "on-sqlite", None):
            pass
        postgres = servers.Postgres()
        try:
            with postgres.database() as url, measured(url, Path(folder) / "on-postgresql", postgres.process.pid):
                pass
        finally:
            postgres.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
