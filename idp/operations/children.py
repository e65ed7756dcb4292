"""The child processes of a supervisor: what they run, in which environment, and how each notices that it is alone."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from idp.settings import Settings

LONGEST_PAUSE = 30.0
"""Seconds between two starts of a child that dies again and again."""

LASTING = 60.0
"""A child that has lived so many seconds starts with the shortest pause again."""

ONE_HEAP = {"MALLOC_ARENA_MAX": "1"}
"""For web processes: with a heap for each thread, what one password hash needs (19 MB) would stay with each of them for good."""


@dataclass(slots=True)
class Child:
    """One supervised process; `vital`: its end is the end of all, else it is started again."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    vital: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    starts: int = 0
    due: float = 0.0
    pause: float = field(default=0.25)

    def start(self, now: float) -> None:
        """Run it; standard output goes to standard error, which is for logs."""
        self.process = subprocess.Popen(self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        self.started_at = now
        self.starts += 1

    def ended(self) -> int | None:
        """Give the exit code of a process that has ended since the last look, else None."""
        return self.process.poll() if self.process else None

    def lay_down(self, now: float) -> None:
        """Take note that it died: the next start is due after a pause that doubles each time."""
        self.pause = 0.25 if now - self.started_at > LASTING else min(self.pause * 2, LONGEST_PAUSE)
        self.due = now + self.pause
        self.process = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.process.pid if self.process else None


def python(module: str, *arguments: str) -> list[str]:
    """Give the command that runs a module in the same interpreter, without what the caller's folder holds."""
    return [sys.executable, "-m", module, *arguments]


def environment_of(settings: Settings, config: str, **told: str) -> dict[str, str]:
    """Give a child of ours the settings in force here: what the command line told goes on by the environment."""
    in_force = {
        "IDP_PROFILE": settings.profile,
        "IDP_HOST": settings.host,
        "IDP_PORT": str(settings.port),
        "IDP_PORTAL_URL": settings.portal_url,
        "IDP_DATA_DIR": str(settings.data_dir.resolve()),
    }
    return {**os.environ, **in_force, "IDP_CONFIG": config, **told}


def environment_of_app(path: Path, values: Mapping[str, str]) -> dict[str, str]:
    """Give a relying app its own settings and none of ours."""
    foreign = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    return {**foreign, "PYTHONPATH": str(path), **values}


def end_with_parent() -> None:
    """End this process when the one that started it is gone, however that came."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
