"""What a tree of processes has cost so far, and the servers that are measured as such trees."""

import contextlib
import http.client
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests import servers

CPU_CLOCK = 2  # Linux' CPUCLOCK_SCHED: all threads of a process, in nanoseconds


def cpu_seconds(pid: int) -> float:
    """Read the CPU time of one process, user and system, of all its threads, ended ones too."""
    try:
        return time.clock_gettime((~pid << 3) | CPU_CLOCK)
    except OSError:  # it has ended
        return 0.0


def tree(pid: int) -> list[int]:
    """List a process and all below it."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def megabytes(pid: int) -> float:
    """Read how much memory a process holds now (RSS)."""
    return float(psutil.Process(pid).memory_info().rss) / 2**20


@dataclass(slots=True)
class CpuMeter:
    """Adds up the CPU time of trees; the processes are looked for anew at each start."""

    roots: Sequence[int]
    _before: dict[int, float] = field(default_factory=dict)

    def start(self) -> None:
        """Take note of where every process stands."""
        self._before = self._now()

    def stop(self) -> float:
        """Give the CPU seconds since the start; those of processes that came meanwhile count whole."""
        return sum(seconds - self._before.get(pid, 0.0) for pid, seconds in self._now().items())

    def _now(self) -> dict[int, float]:
        return {pid: cpu_seconds(pid) for root in self.roots for pid in tree(root)}


@dataclass(slots=True)
class Served:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    first_answer: float
    """Seconds from the start of the process to its first answer."""

    @property
    def web_process(self) -> int:
        """The process that answers: the largest of the tree, the product's message worker left aside."""
        return max((pid for pid in tree(self.process.pid) if "worker" not in psutil.Process(pid).cmdline()), key=megabytes)


@contextlib.contextmanager
def serving(command: Sequence[str], environment: Mapping[str, str], port: int, ready: str, log: Path) -> Iterator[Served]:
    """Run a server until the block ends; its output goes to a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            list(command), cwd=servers.ROOT, env={**os.environ, **environment}, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    try:
        servers.wait_until(answering(port, ready), seconds=60, process=process)
        yield Served(process, port, time.monotonic() - started)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answering(port: int, path: str) -> Callable[[], bool]:
    """Make the question whether a server answers an address."""

    def answers() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    return answers
