"""`idp demo`, which `make run` calls: what it prints, what it refuses, how it ends; on real processes."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.stack import Stack, three_ports
from tests.conftest import PATIENCE
from tests.ops.processes import alive
from tests.servers import ROOT, on_this_machine, wait_until


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A running demo that the tests of this file share."""
    stack = Stack(tmp_path_factory.mktemp("demo"))
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@dataclass(frozen=True)
class Life:
    """What was to be seen of a demo from its start to its end."""

    secrets: dict[str, str]
    answers: list[int]
    portal: str
    redirect_uris: list[str]
    ended_in_time: bool
    left_over: list[str]


def lived(stack: Stack) -> Life:
    """Start a demo, look at it, end it as an operator would."""
    stack.start()
    secrets = {name: (stack.data_dir / name).read_text() for name in ("demo-credentials.json", "demo-clients.json")}
    answers = [status_of(f"{address}/health/ready") for address in (stack.idp, stack.portal, stack.cloudphone)]
    redirect_uris = stack.command("client", "show", "portal")["redirect_uris"]
    pids = run_file(stack)["pids"]
    assert stack.process
    began = time.monotonic()
    stack.process.terminate()
    stack.process.wait(PATIENCE)
    in_time = time.monotonic() - began < on_this_machine(5)
    return Life(secrets, answers, stack.portal, redirect_uris, in_time, [name for name, pid in pids.items() if alive(pid)])


@pytest.fixture(scope="session")
def lives(demo, tmp_path_factory) -> Iterator[tuple[Life, Life, Life]]:
    """Three lives of a second demo beside the first, in a data folder of its own: the first, one on other ports, one after a reset."""
    stack = Stack(tmp_path_factory.mktemp("another"))
    try:
        first = lived(stack)
        stack.port = three_ports()
        second = lived(stack)
        stack.command("demo", "reset")
        yield first, second, lived(stack)
    finally:
        stack.stop()


def status_of(address: str) -> int:
    with urllib.request.urlopen(address) as answer:
        return answer.status


def run_file(stack: Stack) -> dict:
    return json.loads((stack.data_dir / "run.json").read_text())


def printed(stack: Stack) -> list[str]:
    return [line for line in (stack.data_dir / "stack.log").read_text().splitlines() if not line.startswith("{")]


def refused(*arguments: str, data_dir: Path, **environment: str) -> tuple[int, str, str]:
    """Run a command that should refuse; give exit code, standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "idp.cli", *arguments],
        cwd=ROOT,
        env=os.environ | {"IDP_DATA_DIR": str(data_dir), "IDP_METRICS_PORT": "0"} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_last_line_is_ready_and_then_all_three_are(demo):
    assert printed(demo)[-1] == "ready"
    assert [status_of(f"{address}/health/ready") for address in (demo.idp, demo.portal, demo.cloudphone)] == [200] * 3


def test_addresses_and_passwords_are_printed(demo):
    text = "\n".join(printed(demo))
    users = json.loads((demo.data_dir / "demo-credentials.json").read_text())
    wanted = [
        demo.idp,
        demo.portal,
        demo.cloudphone,
        *(user["username"] for user in users),
        *(u["password"] for u in users if u["password"]),
    ]
    assert [word for word in wanted if word not in text] == []


def test_the_run_file_names_addresses_and_living_processes(demo):
    facts = run_file(demo)
    assert facts["urls"] == {"idp": demo.idp, "portal": demo.portal, "cloudphone": demo.cloudphone}
    assert {name for name, pid in facts["pids"].items() if alive(pid)} == {"supervisor", "web", "worker", "portal", "cloudphone"}


@pytest.mark.parametrize("name", ["demo-credentials.json", "demo-clients.json", "master-secret"])
def test_secrets_are_readable_by_their_owner_alone(demo, name):
    assert stat.S_IMODE((demo.data_dir / name).stat().st_mode) == 0o600


def test_its_users_can_be_asked_for_while_it_runs(demo):
    users = {user["username"]: user for user in demo.command("demo", "users")}
    first, invited = users["customer2300229"], users["Admin.Telefonanlage1"]
    assert (first["role"], first["customer_number"], first["state"]) == ("administrator-kundenportal", "2300229", "active")
    assert (invited["password"], invited["state"]) == (None, "invitation_sent")


def test_the_invited_user_has_mail(demo):
    (invited,) = (user for user in demo.command("demo", "users") if user["password"] is None)
    assert demo.command("messages", "latest", "--to", invited["email"], "--wait", "10")["link"].startswith(demo.idp)


def test_users_active_from_the_start_have_none(demo):
    code, out, _ = refused("messages", "latest", "--to", "max.muster@example.com", "--json", data_dir=demo.data_dir)
    assert (code, json.loads(out)["error"]) == (3, "not_found")


def test_a_busy_port_is_one_clear_line(demo, tmp_path):
    code, out, err = refused("demo", "--port", str(demo.port), data_dir=tmp_path)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"port {demo.port} on 127.0.0.1 cannot be used" in err


@pytest.mark.parametrize("step", [1, 2])
def test_a_busy_port_of_an_app_is_one_clear_line_too(tmp_path, step):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        code, _, err = refused("demo", "--port", str(port - step), data_dir=tmp_path)
    assert (code, err.count("\n")) == (1, 1)
    assert f"port {port} " in err


def test_a_second_instance_on_the_same_folder_is_one_clear_line(demo, free_port):
    code, _, err = refused("demo", "--port", str(free_port()), data_dir=demo.data_dir)
    assert (code, err.count("\n")) == (1, 1)
    assert f"in use by process {demo.process.pid}" in err


def test_a_reset_is_refused_while_it_runs(demo):
    code, _, err = refused("demo", "reset", data_dir=demo.data_dir)
    assert (code, err.count("\n")) == (1, 1)
    assert (demo.data_dir / "demo-credentials.json").exists()


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [("IDP_PORT", "many", "port:"), ("IDP_ISSUER", "nowhere", "issuer:"), ("IDP_LIMITS_FACTOR", "0", "limits_factor:")],
)
def test_a_wrong_setting_is_one_clear_line(tmp_path, name, value, problem):
    code, _, err = refused("demo", data_dir=tmp_path, **{name: value})
    assert (code, err.count("\n")) == (1, 1)
    assert problem in err


def test_a_killed_worker_comes_back(demo):
    first = run_file(demo)["pids"]["worker"]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: run_file(demo)["pids"]["worker"] not in (first, None))
    assert alive(run_file(demo)["pids"]["worker"])


def test_two_run_side_by_side(demo, lives):
    assert status_of(f"{demo.idp}/health/ready") == 200
    assert [life.answers for life in lives] == [[200] * 3] * 3


@pytest.mark.parametrize("number", [0, 1, 2])
def test_sigterm_ends_every_process_within_five_seconds(lives, number):
    assert lives[number].ended_in_time
    assert lives[number].left_over == []


def test_a_second_start_has_the_same_passwords_and_secrets(lives):
    assert lives[1].secrets == lives[0].secrets


def test_another_port_moves_the_apps_addresses(lives):
    assert lives[1].portal != lives[0].portal
    assert [life.redirect_uris for life in lives[:2]] == [[f"{life.portal}/oidc/callback"] for life in lives[:2]]


def test_a_reset_makes_the_next_start_a_first_one(lives):
    assert lives[2].secrets["demo-credentials.json"] != lives[1].secrets["demo-credentials.json"]
