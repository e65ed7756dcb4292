"""The metrics page adds up what all processes of an instance have counted."""

import contextlib
import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from idp import metrics
from idp.operations import metrics_server
from tests.servers import ROOT, wait_until

COUNT = """
from idp import metrics
for _ in range(3): metrics.PINS.labels(result="confirmed", route="vonage", country="DE").inc()
metrics.OUTBOX_WAITING.labels(kind="mail").set(5)
metrics.POOL_IN_USE.labels(engine="read").inc()
"""
RUN_ON = COUNT + "print('counted', flush=True); input()"


@pytest.fixture
def directory(tmp_path):
    """A directory into which two processes have counted."""
    metrics.empty(tmp_path / "metrics")
    for _ in range(2):
        environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
        subprocess.run([sys.executable, "-c", COUNT], check=True, env=environment, cwd=ROOT)
    return tmp_path / "metrics"


@pytest.fixture
def address(directory, free_port):
    """The address of a server for that directory."""
    port = free_port()
    server = metrics_server.start("127.0.0.1", port, directory)
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    server.server_close()


def test_counters_of_all_processes_add_up(address):
    with urllib.request.urlopen(f"{address}/metrics") as answer:
        assert 'idp_pins_total{country="DE",result="confirmed",route="vonage"} 6.0' in answer.read().decode()


def test_a_gauge_shows_what_was_set_last(directory):
    assert b'idp_outbox_waiting{kind="mail"} 5.0' in metrics.page(directory)


def test_what_ended_processes_had_in_use_is_in_use_no_longer(directory):
    """A web process that is killed is replaced by its own server, and nobody tells the supervisor."""
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(directory)}
    running = [sys.executable, "-c", RUN_ON]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(running, env=environment, cwd=ROOT, **pipes) as alive:
        alive.stdout.readline()
        page = metrics.page(directory).decode()
        alive.communicate(b"\n")
    assert 'idp_database_connections_in_use{engine="read"} 1.0' in page
    assert 'idp_pins_total{country="DE",result="confirmed",route="vonage"} 9.0' in page
    assert b"idp_database_connections_in_use{" not in metrics.page(directory)


def test_nothing_but_the_metrics_is_served_there(address):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address}/health/ready")
    refused.value.close()
    assert refused.value.code == 404


def test_a_worker_apart_tells_its_beat_the_keys_age_and_that_the_schema_fits(tmp_path, free_port):
    port = free_port()
    environment = os.environ | {"IDP_DATA_DIR": str(tmp_path / "data"), "IDP_METRICS_PORT": str(port), "IDP_PROFILE": "small"}
    command = [sys.executable, "-m", "idp.cli"]
    for preparation in (["db", "upgrade"], ["keys", "rotate", "--now"]):
        subprocess.run([*command, *preparation], check=True, env=environment, cwd=ROOT, capture_output=True)
    with subprocess.Popen([*command, "worker"], env=environment, cwd=ROOT, stderr=subprocess.DEVNULL) as worker:
        page: list[str] = []

        def told() -> bool:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                page[:] = answer.read().decode().splitlines()
            return any(line.startswith("idp_worker_beat_timestamp_seconds 1") for line in page)

        try:
            wait_until(told, seconds=30, process=worker)
        finally:
            worker.terminate()
    assert "idp_schema_behind 0.0" in page
    assert any(line.startswith('idp_signing_key_age_seconds{alg="ES256"} ') for line in page)


def test_a_start_counts_afresh(directory):
    metrics.empty(directory)
    assert metrics.page(directory) == b""
