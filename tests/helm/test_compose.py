"""The compose file by the library that reads it in Docker: its schema, its variables, what depends on what."""

import json
import os
import subprocess
from typing import Any

import pytest

from tests.helm.building import built
from tests.servers import ROOT

pytestmark = pytest.mark.slow

FILE = ROOT / "helm" / "image" / "compose.yaml"


def loaded(file, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("POSTGRES_", "COMPOSE_"))}
    command = [built("documents", "./compose"), str(file)]
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    done = loaded(FILE, POSTGRES_PASSWORD="0123abcd")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_compose_reads_it_with_the_password_in_both_places(project):
    services = project["services"]
    assert services["idp"]["environment"]["IDP_DATABASE_URL"] == "postgresql://idp:0123abcd@postgres/idp"
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == "0123abcd"


def test_without_a_password_it_says_what_to_write():
    done = loaded(FILE)
    assert done.returncode != 0
    assert "write helm/image/.env first" in done.stderr


def test_ports_are_open_to_this_machine_alone(project):
    for name, service in project["services"].items():
        assert {port["host_ip"] for port in service.get("ports", [])} <= {"127.0.0.1"}, name


def test_what_has_to_be_healthy_first_says_when_it_is(project):
    services = project["services"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in services[needed], f"{name} waits for {needed}"


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (("cap_drop:", "cap_dorp:"), "cap_dorp"),
        (("      redis: {condition: service_healthy}", "      reddis: {condition: service_healthy}"), "reddis"),
        (('ports: ["127.0.0.1:8025:8025"]', 'ports: ["127.0.0.1:web:8025"]'), "web"),
        (("      - data:/var/lib/idp", "      - date:/var/lib/idp"), "date"),
    ],
)
def test_what_compose_would_refuse_is_noticed(tmp_path, wrong, problem):
    text = FILE.read_text(encoding="utf-8")
    assert wrong[0] in text
    (tmp_path / "compose.yaml").write_text(text.replace(*wrong))
    done = loaded(tmp_path / "compose.yaml", POSTGRES_PASSWORD="x")
    assert done.returncode != 0
    assert problem in done.stderr
