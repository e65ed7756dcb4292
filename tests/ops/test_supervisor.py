"""The supervisor: restarts, the end of all, and that nobody is left over."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from idp.operations.children import LASTING, LONGEST_PAUSE, Child
from tests.conftest import PATIENCE
from tests.ops.processes import alive
from tests.servers import ROOT, on_this_machine, wait_until

CHILD = """
import signal, sys, threading, time
from idp.operations.children import end_with_parent
{deaf}
end_with_parent()
while True: time.sleep(1)
"""

SUPERVISOR = """
import json, sys
from pathlib import Path
from idp.operations.children import Child
from idp.operations.supervisor import Supervisor
pids, sources = Path(sys.argv[1]), json.loads(sys.argv[2])
children = [Child(name, [sys.executable, "-c", source], {{}}, vital=name == "web") for name, source in sources.items()]
def note():
    passing = pids.with_suffix(".new")
    passing.write_text(json.dumps({{child.name: child.pid for child in children}}))
    passing.replace(pids)
sys.exit(Supervisor(children, changed=note).run())
""".replace("{{", "{").replace("}}", "}")

GOOD = CHILD.format(deaf="")
DEAF = CHILD.format(deaf="signal.signal(signal.SIGTERM, signal.SIG_IGN)")


def watches(pid: int) -> bool:
    """Tell whether a child has begun its watch over its parent, which is a second thread."""
    return len(list(Path(f"/proc/{pid}/task").iterdir())) > 1


class Running:
    """A supervisor in a process of its own."""

    def __init__(self, folder: Path, children: dict[str, str]) -> None:
        self.file = folder / "pids.json"
        command = [sys.executable, "-c", SUPERVISOR, str(self.file), json.dumps(children)]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        wait_until(self.file.exists, process=self.process)

    @property
    def pids(self) -> dict[str, int | None]:
        return json.loads(self.file.read_text())


@pytest.fixture
def supervised(tmp_path):
    """Start a supervisor with children by name and source; `web` is the vital one."""
    started = []

    def start(**children: str) -> Running:
        started.append(Running(tmp_path, children))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.process.wait()
        for pid in running.pids.values():
            if pid and alive(pid):
                os.kill(pid, signal.SIGKILL)


def test_a_killed_worker_is_started_again(supervised):
    running = supervised(web=GOOD, worker=GOOD)
    first = running.pids["worker"]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: running.pids["worker"] not in (first, None))
    assert alive(running.pids["worker"])


def test_a_killed_worker_takes_nobody_with_it(supervised):
    running = supervised(web=GOOD, worker=GOOD)
    first = dict(running.pids)
    os.kill(first["worker"], signal.SIGKILL)
    wait_until(lambda: running.pids["worker"] not in (first["worker"], None))
    assert alive(first["web"])


def test_the_end_of_a_vital_child_is_the_end_of_all(supervised):
    running = supervised(web=GOOD, worker=GOOD)
    os.kill(running.pids["web"], signal.SIGKILL)
    assert running.process.wait(PATIENCE) == 1
    assert not alive(running.pids["worker"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_all_and_is_no_failure(supervised, number):
    running = supervised(web=GOOD, worker=GOOD)
    running.process.send_signal(number)
    assert running.process.wait(PATIENCE) == 0
    assert [name for name, pid in running.pids.items() if alive(pid)] == []


def test_a_child_that_does_not_listen_is_ended_within_five_seconds(supervised):
    running = supervised(web=GOOD, worker=DEAF)
    time.sleep(0.3)  # the child needs a moment to become deaf
    before = time.monotonic()
    running.process.terminate()
    running.process.wait(PATIENCE)
    assert time.monotonic() - before < on_this_machine(5)
    assert not alive(running.pids["worker"])


def test_children_end_when_their_supervisor_is_killed(supervised):
    running = supervised(web=GOOD, worker=GOOD)
    wait_until(lambda: all(watches(pid) for pid in running.pids.values()))
    running.process.kill()
    running.process.wait()
    wait_until(lambda: not any(alive(pid) for pid in running.pids.values()))


def test_the_pause_before_a_restart_doubles_up_to_its_limit():
    child = Child("worker", [], {})
    pauses = []
    for now in range(10):
        child.started_at = now
        child.lay_down(now)
        pauses.append(child.pause)
    assert pauses == [0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_child_that_has_lasted_starts_soon_again():
    child = Child("worker", [], {}, pause=LONGEST_PAUSE, started_at=0.0)
    child.lay_down(LASTING + 1)
    assert (child.pause, child.due) == (0.25, LASTING + 1.25)
