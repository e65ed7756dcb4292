"""The process behind `idp serve` and `idp demo`: starts the children, restarts the worker, ends all of them together.

Nothing of the product runs in it, so that it lives as long as its children should.
"""

import contextlib
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

import structlog

from idp import metrics
from idp.operations.children import Child

PATIENCE = 3.5
"""Seconds that children get to finish what they do; then they are ended."""

log = structlog.get_logger("idp.supervisor")


class Supervisor:
    """Runs children until it is told to stop or a vital one ends."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        metrics_dir: Path | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.children = list(children)
        self.metrics_dir = metrics_dir
        self.changed = changed
        self.stopping = threading.Event()
        self.exit_code = 0

    def run(self, when_started: Callable[[], None] = lambda: None) -> int:
        """Start the children, watch them, end them; give the exit code. `changed` is called when a process id is new."""
        with self.listening_to_signals():
            try:
                now = time.monotonic()
                for child in self.children:
                    child.start(now)
                self.changed()
                threading.Thread(target=when_started, name="when-started", daemon=True).start()
                while not self.stopping.wait(0.1):
                    self.look(time.monotonic())
            finally:
                self.end_all()
        return self.exit_code

    def look(self, now: float) -> None:
        """Notice ended children; start again those whose pause is over."""
        for child in self.children:
            code = child.ended()
            if code is not None:
                self.bury(child, code, now)
            elif child.process is None and now >= child.due and not self.stopping.is_set():
                child.start(now)
                log.info("child_restarted", child=child.name, pid=child.pid, starts=child.starts)
                self.changed()

    def bury(self, child: Child, code: int, now: float) -> None:
        """Decide what the end of a child means."""
        if self.metrics_dir and child.pid:
            metrics.forget_process(self.metrics_dir, child.pid)
        if child.vital:
            log.error("child_ended", child=child.name, exit_code=code)
            self.exit_code = 1
            self.stopping.set()
        else:
            child.lay_down(now)
            log.warning("child_died", child=child.name, exit_code=code, restart_in_seconds=child.pause)

    def stop(self) -> None:
        """Ask for the end."""
        self.stopping.set()

    def end_all(self) -> None:
        """Ask every child to finish, wait together, then end those that did not."""
        running = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in running:
            process.terminate()
        until = time.monotonic() + PATIENCE
        for process in running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextlib.contextmanager
    def listening_to_signals(self) -> Iterator[None]:
        """Let SIGTERM, SIGINT and a closed terminal ask for the end."""

        def asked(_number: int, _frame: FrameType | None) -> None:
            self.stopping.set()

        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, asked) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
