"""`idp serve`: what it does to its database, which processes it has, what its metrics page adds up."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import PATIENCE
from tests.ops.processes import alive
from tests.servers import ROOT, free_port, wait_until


class Served:
    """One `idp serve` in a data folder of its own."""

    def __init__(self, data_dir: Path, *arguments: str, **environment: str) -> None:
        self.data_dir = data_dir
        self.port, self.metrics_port = free_port(), free_port()
        given = {"IDP_DATA_DIR": str(data_dir), "IDP_METRICS_PORT": str(self.metrics_port)} | environment
        self.errors = (data_dir / "serve.log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "idp.cli", "serve", "--port", str(self.port), *arguments],
            cwd=ROOT,
            env=os.environ | given,
            stdout=subprocess.DEVNULL,
            stderr=self.errors,
            start_new_session=True,
        )

    def ready(self) -> "Served":
        wait_until(lambda: self.status("/health/ready") == 200, seconds=120, process=self.process)
        return self

    def status(self, path: str) -> int | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return refusal.code
        except OSError:
            return None

    def send(self, asked: str, *lines: str) -> socket.socket:
        """Send a form's lines (an empty one before the body) and give the connection."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        first = (f"{asked} HTTP/1.1", "Host: localhost", "Content-Type: application/x-www-form-urlencoded")
        connection.sendall("\r\n".join((*first, *lines)).encode())
        return connection

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as answer:
            return answer.read().decode()

    @property
    def pids(self) -> dict[str, int]:
        return json.loads((self.data_dir / "run.json").read_text())["pids"]

    def complaint(self) -> tuple[int, list[str]]:
        """Wait for the end; give exit code and what stands in the log beside log lines."""
        code = self.process.wait(90)
        return code, [line for line in (self.data_dir / "serve.log").read_text().splitlines() if not line.startswith("{")]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        self.errors.close()


@pytest.fixture
def serve(tmp_path):
    """Start `idp serve` with these arguments and settings."""
    started = []

    def start(*arguments: str, **environment: str) -> Served:
        started.append(Served(tmp_path, *arguments, **environment))
        return started[-1]

    yield start
    for served in started:
        served.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A server with two web processes on an embedded database."""
    served = Served(tmp_path_factory.mktemp("served"), "--workers", "2")
    try:
        yield served.ready()
    finally:
        served.stop()


def test_an_embedded_database_is_made_by_the_start(running):
    assert (running.data_dir / "idp.sqlite3").exists()


def test_web_and_worker_are_its_children(running):
    assert {name for name, pid in running.pids.items() if alive(pid)} == {"supervisor", "web", "worker"}


def test_requests_of_all_web_processes_are_counted_on_one_page(running):
    name = 'idp_http_requests_total{endpoint="health.live",method="GET",status="200"}'
    assert name not in running.metrics()
    for _ in range(20):
        running.status("/health/live")
    assert f"{name} 20.0" in running.metrics()


@pytest.mark.parametrize("path", ["/token", "/signin/abc/password"])
def test_bodies_that_never_come_hold_up_nobody(running, path):
    with slow_bodies(running, path, 40):
        assert [running.status("/health/ready") for _ in range(3)] == [200] * 3
        assert status_of_whole(running) == b"401"


def test_bodies_that_are_too_many_to_wait_for_are_refused_and_hold_up_nobody(serve):
    alone = serve("--workers", "1").ready()
    with slow_bodies(alone, "/token", 300):
        wait_until(lambda: status_of_whole(alone) == b"503")  # they arrive one after the other
        assert [alone.status("/health/ready") for _ in range(3)] == [200] * 3
    wait_until(lambda: status_of_whole(alone) == b"401")


@contextmanager
def slow_bodies(served, path, many):
    """Begin to send so many bodies, and go away at the end."""
    slow = [served.send(f"POST {path}", "Content-Length: 1000", "", "grant_type=") for _ in range(many)]
    try:
        yield
    finally:
        for connection in slow:
            connection.close()


def status_of_whole(served):
    """Send a whole request that is refused for what it says, unless it is not even read."""
    with served.send("POST /token", "Content-Length: 3", "Connection: close", "", "a=b") as whole:
        return whole.recv(12).removeprefix(b"HTTP/1.1 ")


def test_rfc9112_8_a_body_that_breaks_off_is_not_taken_for_a_whole_one(running):
    with running.send("POST /revoke", "Content-Length: 100", "", "client_id=portal&token=abc") as cut:
        cut.shutdown(socket.SHUT_WR)
        assert cut.recv(12) == b"HTTP/1.1 400"


def test_a_busy_metrics_port_is_one_clear_line(serve):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        code, lines = serve(IDP_METRICS_PORT=str(busy.getsockname()[1])).complaint()
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("idp: metrics_port: ")


def test_a_postgresql_that_is_behind_is_refused_in_one_line(serve, postgres):
    with postgres.database() as url:
        code, lines = serve(IDP_DATABASE_URL=url).complaint()
    assert (code, len(lines)) == (1, 1)
    assert "run `idp db upgrade`" in lines[0]


def test_a_postgresql_that_is_current_is_served_and_without_a_worker_there_is_none(serve, postgres, tmp_path):
    with postgres.database() as url:
        environment = os.environ | {"IDP_DATABASE_URL": url, "IDP_DATA_DIR": str(tmp_path)}
        subprocess.run([sys.executable, "-m", "idp.cli", "db", "upgrade"], cwd=ROOT, env=environment, check=True, capture_output=True)
        served = serve("--no-worker", IDP_DATABASE_URL=url).ready()
        assert set(served.pids) == {"supervisor", "web"}
        served.stop()


def test_a_database_that_is_out_of_reach_is_one_clear_line(serve):
    code, lines = serve(IDP_DATABASE_URL=f"postgresql://idp@127.0.0.1:{free_port()}/idp").complaint()
    assert (code, len(lines)) == (1, 1)


def test_production_without_its_secret_is_one_clear_line(serve, tmp_path):
    database = f"sqlite:///{tmp_path}/idp.sqlite3"
    code, lines = serve("--profile", "production", IDP_DATABASE_URL=database, IDP_ISSUER="https://id.example").complaint()
    assert (code, lines) == (1, ["idp: master_secret: set IDP_MASTER_SECRET or IDP_MASTER_SECRET_FILE in production"])


def test_production_without_https_is_one_clear_line(serve):
    code, lines = serve(
        "--profile", "production", IDP_ISSUER="http://id.example", IDP_MASTER_SECRET="Jw3kN0mDq8vTzR5yXc1LpG7hFb2sAe9u"
    ).complaint()
    assert (code, lines) == (1, ["idp: issuer: set IDP_ISSUER to an https address in production"])
