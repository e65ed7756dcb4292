"""How long writing a whole installation out and reading it back takes, and how much memory: with few accounts and with many."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import product, scale, subject
from tests import servers
from tests.servers import ROOT

FEW, MANY = 1_000, 1_000_000
_KB_IN_MB = 1024


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took: seconds, those of them in which it computed, and the most memory that its process had (MB)."""

    seconds: float
    computing: float
    megabytes: int

    def __str__(self) -> str:
        return f"{self.seconds:.0f} s ({self.computing:.0f} s computing), {self.megabytes} MB"


@dataclass(frozen=True, slots=True)
class Moved:
    """An installation written out and read back."""

    database: str
    accounts: int
    file_megabytes: int
    written: Run
    read: Run


_WATCH = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(code)
"""
"""A small process between: a child's most memory begins with what its parent had."""


def command(environment: dict[str, str], *arguments: str) -> Run:
    """Run an `idp` command to its end. Raises: CalledProcessError when it fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    started = time.monotonic()
    watched = [sys.executable, "-S", "-c", _WATCH, sys.executable, "-m", "idp.cli", *arguments]
    told = subprocess.run(watched, cwd=ROOT, env=kept | environment, stdout=subprocess.PIPE, text=True, check=True)
    computing, kilobytes = told.stdout.split()
    return Run(time.monotonic() - started, float(computing), int(kilobytes) // _KB_IN_MB)


@contextmanager
def databases(folder: Path, kind: str, postgres: servers.Postgres) -> Iterator[tuple[str, str]]:
    """Give two empty databases of a kind: one to write out, one to read into."""
    if kind == subject.SQLITE:
        yield f"sqlite:///{folder / 'one.sqlite3'}", f"sqlite:///{folder / 'other.sqlite3'}"
        return
    with postgres.database() as one, postgres.database() as other:
        yield one, other


def moved(folder: Path, kind: str, accounts: int, postgres: servers.Postgres) -> Moved:
    """Fill an installation, write it out, and read it into another database."""
    folder.mkdir(parents=True)
    file = folder / "moved.jsonl.gz"
    with databases(folder, kind, postgres) as (one, other):
        with product.installed(one, folder / "one") as installation:
            scale.fill(installation, accounts, scale.COPIES[:2])  # customers and accounts
            environment = product.environment_of(installation.settings)
        written = command(environment, "export", "--to", str(file))
        environment |= {"IDP_DATABASE_URL": other, "IDP_DATA_DIR": str(folder / "other")}
        command(environment, "db", "upgrade")
        read = command(environment, "import", "--from", str(file))
    return Moved(kind, accounts, file.stat().st_size // 1024 // 1024, written, read)


def run(folder: Path, few: int = FEW, many: int = MANY) -> str:
    """Measure; give the table."""
    lines = ["| database | accounts | file | export | import |", "|---|---|---|---|---|"]
    with ExitStack() as stack:
        postgres = servers.Postgres()
        stack.callback(postgres.stop)
        for kind in (subject.SQLITE, subject.POSTGRESQL):
            for accounts in (few, many):
                found = moved(folder / f"{kind}-{accounts}", kind, accounts, postgres)
                lines.append(f"| {kind} | {accounts} | {found.file_megabytes} MB | {found.written} | {found.read} |")
                print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)
