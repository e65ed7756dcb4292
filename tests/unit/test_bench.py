"""The measurements: what a run says about itself, and that a failed answer never counts as an operation."""

import copy
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench import load, results, subject
from bench.load import Load
from bench.processes import cpu_seconds


def run(ratio: float = 1.5, *, megabytes: int = 100, database: float = 0.1) -> dict:
    """A document of a run in which every operation costs so much more than its floor."""
    costs = {
        f"{name} {on}": {"server": 0.5, "database": database if name == "product" else 0.1}
        for name in ("product", "floor")
        for on in (subject.SQLITE, subject.POSTGRESQL)
    }
    one = {"milliseconds": costs, "product_to_floor": {subject.SQLITE: ratio, subject.POSTGRESQL: ratio}}
    return {
        "operations": {name: copy.deepcopy(one) for name in subject.OPERATIONS},
        "megabytes": {"product on SQLite": megabytes},
        "cold_start_seconds": {"wall clock": 1.0},
        "succeeded": 1,
        "failed": 0,
    }


def test_a_ratio_that_has_grown_by_more_than_15_percent_is_told():
    assert len(list(results.worse(run(1.6), run(1.5)))) == 0
    assert len(list(results.worse(run(1.8), run(1.5)))) == 2 * len(subject.OPERATIONS)
    assert list(results.worse(run(9.0), None)) == []


def test_what_is_above_its_goal_is_told():
    assert list(results.above_goals(run(0.8))) == []
    told = list(results.above_goals(run(1.0, megabytes=141, database=0.3)))
    assert any("discovery on SQLite" in line for line in told)
    assert any("memory of product on SQLite" in line for line in told)
    assert any("userinfo: PostgreSQL's own CPU is 3.0 times" in line for line in told)


def test_the_table_has_a_row_for_each_operation():
    rows = results.table(run()).splitlines()
    assert [name for name in subject.OPERATIONS if not any(row.startswith(f"| {name} |") for row in rows)] == []


class _Server(BaseHTTPRequestHandler):
    """Answers 200, but 500 to every third request; keeps the connection."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(500 if self.asked % 3 == 0 else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *given) -> None:
        """Write nothing."""


@pytest.fixture
def port():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        _Server.asked = 0
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("connections", [1, 3])
def test_only_operations_that_succeed_are_counted(port, connections):
    def steps():
        answer = yield load.get("/", port)
        answer.expect(200)

    client = Load(port, connections)
    done = client.run(steps, at_least=12)
    client.close()
    assert (done.succeeded, len(done.failures)) == (8, 4)
    assert "500 instead of 200" in done.failures[0]


def test_cpu_time_of_a_process_grows_with_what_it_does():
    before = cpu_seconds(os.getpid())
    sum(number * number for number in range(200_000))
    assert cpu_seconds(os.getpid()) > before
