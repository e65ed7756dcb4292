"""`make run` in a clean checkout, with nothing installed: the promise of the README."""

import os
import signal
import subprocess
import threading
import time

import pytest

from tests.browser.stack import three_ports
from tests.servers import ROOT, on_this_machine

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A clean checkout of what is committed."""
    folder = tmp_path_factory.mktemp("checkout") / "idp"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


class Made:
    """A running `make run`."""

    def __init__(self, folder, port: int) -> None:
        began = time.monotonic()
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("IDP_", "MAKE", "MFLAGS", "VIRTUAL_ENV"))}
        self.process = subprocess.Popen(
            ["make", "run", f"PORT={port}"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.errors: list[str] = []
        self.reader = threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True)
        self.reader.start()
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line == "ready\n":
                break
        self.seconds = time.monotonic() - began

    def stop(self) -> float:
        """End it as a terminal or an operator would; give the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        seconds = time.monotonic() - began
        self.reader.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
        return seconds


def test_a_clean_checkout_serves_within_two_minutes_then_within_five_seconds_and_ends_within_five(checkout):
    port = three_ports()
    first = Made(checkout, port)
    first_end = first.stop()
    second = Made(checkout, port)
    second_end = second.stop()
    assert (first.lines[-1:], second.lines[-1:]) == (["ready"], ["ready"]), first.errors
    soon = on_this_machine(5)
    in_time = [first.seconds < on_this_machine(120), second.seconds < soon, first_end < soon, second_end < soon]
    assert in_time == [True] * 4, (first.seconds, second.seconds, first_end, second_end)
