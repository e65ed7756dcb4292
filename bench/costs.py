"""What each operation costs at each subject: rounds in which all take turns, so that a slow moment of the machine meets all of them."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import product, subject
from bench.floor import running as floor
from bench.load import Load
from bench.peer import running as peer
from bench.processes import CpuMeter, megabytes
from bench.subject import Subject
from tests import servers

CONNECTIONS = 4
WARM_UP, MEASURED = 0.1, 0.4
LOGINS = 12
"""A login takes long: so many of them instead of so many seconds."""


@dataclass(slots=True)
class Cost:
    """Milliseconds for each success, one figure a round."""

    server: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Measured:
    """All figures of a run."""

    costs: dict[tuple[str, str, str], Cost] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    succeeded: int = 0

    def server(self, operation: str, name: str, database: str) -> float:
        """Give the median of the server's milliseconds."""
        return median(self.costs[operation, name, database].server)

    def database(self, operation: str, name: str, database: str) -> float:
        """Give the median of its database's milliseconds."""
        return median(self.costs[operation, name, database].database)

    def ratio(self, operation: str, database: str) -> float:
        """Tell how often the floor's cost the product's is: round by round, then the median."""
        pairs = zip(self.costs[operation, "product", database].server, self.costs[operation, "floor", database].server, strict=True)
        return median(own / least for own, least in pairs)


@contextmanager
def subjects(folder: Path, *, with_peer: bool = True) -> Iterator[list[Subject]]:
    """Start everything that is compared."""
    with ExitStack() as stack:
        postgres = servers.Postgres()
        stack.callback(postgres.stop)
        started = []
        for name, module in (("product", product), ("floor", floor)):
            own = folder / name
            own.mkdir(parents=True)
            sqlite = f"sqlite:///{own / 'data.sqlite3'}"
            started.append(stack.enter_context(module.measured(subject.SQLITE, sqlite, own / "on-sqlite", None)))
            url = stack.enter_context(postgres.database())
            started.append(stack.enter_context(module.measured(subject.POSTGRESQL, url, own / "on-postgresql", postgres.process.pid)))
        if with_peer:
            redis = servers.Redis()
            stack.callback(redis.stop)
            started.append(stack.enter_context(peer.measured(redis, folder)))
        yield started


def measure(measured_subjects: Sequence[Subject], rounds: int, operations: Sequence[str] = subject.OPERATIONS) -> Measured:
    """Let all take turns at every operation, round after round."""
    found = Measured()
    loads = [Load(one.served.port, CONNECTIONS) for one in measured_subjects]
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for operation in operations:
            for one, load in zip(measured_subjects, loads, strict=True):
                take_turn(found, one, load, operation)
    for load in loads:
        load.close()
    return found


def take_turn(found: Measured, one: Subject, load: Load, operation: str) -> None:
    """Measure one operation at one subject once."""
    run = one.operations[operation]
    length = {"at_least": LOGINS} if operation == subject.LOGIN else {"seconds": MEASURED}
    load.run(run, **({"at_least": CONNECTIONS} if operation == subject.LOGIN else {"seconds": WARM_UP}))
    server = CpuMeter([one.served.process.pid])
    database = CpuMeter([one.database_pid] if one.database_pid else [])
    server.start()
    database.start()
    done = load.run(run, **length)
    spent, spent_there = server.stop(), database.stop()
    found.failures += [f"{one.title}, {operation}: {problem}" for problem in done.failures]
    found.succeeded += done.succeeded
    cost = found.costs.setdefault((operation, one.name, one.database), Cost())
    cost.server.append(1000 * spent / max(1, done.succeeded))
    cost.database.append(1000 * spent_there / max(1, done.succeeded))
    found.memory[one.title] = max(found.memory.get(one.title, 0.0), megabytes(one.served.web_process))
