"""What pods are given is what the program takes: their environment as settings, their arguments as a command, their probes as addresses."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idp.settings import Settings, load_settings, misspelt_variables
from tests.helm.conftest import EVERYTHING, PROFILES
from tests.helm.test_chart import pods
from tests.servers import ROOT, free_port, wait_until
from tests.unit.test_runbooks import refusal

pytestmark = pytest.mark.slow

MOUNTED = "/run/secrets/idp"
SECRETS = {
    "master-secret": "Xq3vJ8mZt1Lw6Rb9Yd4Kc7Nf2Hg5Ps0Ua8Te3Vi6Wo",
    "master-secret-previous": "Pb7kD2nQs9Fx4Mh1Zg6Lj3Rt8Wc5Vy0Ae2Ui7Ko4Nz",
    "database-url": "postgresql://idp:Gz5wT8pQ@pooler/idp",
    "database-direct-url": "postgresql://idp:Gz5wT8pQ@db/idp",
    "database-replica-url": "postgresql://idp:Gz5wT8pQ@replica/idp",
    "redis-url": "redis://redis/0",
    "smtp-username": "idp",
    "smtp-password": "Hn4xR7vB",
    "sms-api-key": "abcd1234",
    "sms-api-secret": "Lk9sM2dF",
}


def containers(render, profile: str) -> Iterator[tuple[str, dict[str, Any], set[str]]]:
    """Yield the provider's containers by name, with the secrets that their pod mounts."""
    for name, spec in pods(render(profile, EVERYTHING if profile == "production" else {})):
        sources = [source for volume in spec["volumes"] for source in volume.get("projected", {}).get("sources", [])]
        mounted = {item["path"] for source in sources for item in source["secret"]["items"]}
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            if "env" in container:
                yield f"{name} {container['name']}", container, mounted


def settings_in(container: dict[str, Any], mounted: set[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Load the settings as the container's program does."""
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        monkeypatch.delenv(name)
    for secret in mounted:
        (folder / secret).write_text(f"{SECRETS[secret]}\n")
    for entry in container["env"]:
        monkeypatch.setenv(entry["name"], entry["value"].replace(MOUNTED, str(folder)))
    assert misspelt_variables() == []
    return load_settings(os.environ["IDP_PROFILE"])


@pytest.mark.parametrize("profile", PROFILES)
def test_the_program_takes_the_environment_of_each_pod(render, profile, tmp_path, monkeypatch):
    seen = 0
    for name, container, mounted in containers(render, profile):
        settings = settings_in(container, mounted, tmp_path, monkeypatch)
        assert settings.profile == profile, name
        assert settings.issuer_address == "https://login.example.com", name
        seen += 1
    assert seen >= {"production": 4}.get(profile, 1)


def test_each_secret_arrives_where_it_belongs(render, tmp_path, monkeypatch):
    for name, container, mounted in containers(render, "production"):
        assert mounted == set(SECRETS), name
        settings = settings_in(container, mounted, tmp_path, monkeypatch)
        arrived = {
            "master-secret": settings.master_secret,
            "master-secret-previous": settings.master_secret_previous,
            "database-url": settings.database_url,
            "database-direct-url": settings.database_direct_url,
            "database-replica-url": settings.database_replica_url,
            "redis-url": settings.redis_url,
            "smtp-password": settings.smtp_password,
            "sms-api-secret": settings.vonage_api_secret,
        }
        assert {secret: value.get_secret_value() for secret, value in arrived.items()}.items() <= SECRETS.items(), name
        assert (settings.smtp_username, settings.vonage_api_key) == (SECRETS["smtp-username"], SECRETS["sms-api-key"])


@pytest.mark.parametrize("profile", PROFILES)
def test_the_program_knows_the_arguments_of_each_pod(render, profile):
    for name, container, _ in containers(render, profile):
        assert refusal(container["args"]) == "", name


class Run:
    """A container's program as a process: its arguments, its environment and nothing else of ours, its ports moved to free ones."""

    def __init__(self, spec: dict[str, Any], folder: Path, secrets: dict[str, str]) -> None:
        (self.container,) = spec["containers"]
        self.grace = spec.get("terminationGracePeriodSeconds", 30)
        self.ports = {port["name"]: free_port() for port in self.container.get("ports", [])}
        numbers = {str(port["containerPort"]): str(self.ports[port["name"]]) for port in self.container.get("ports", [])}
        for name, value in secrets.items():
            (folder / name).write_text(value)
        given = {entry["name"]: entry["value"].replace(MOUNTED, str(folder)) for entry in self.container["env"]}
        given["IDP_METRICS_PORT"] = numbers.get(given["IDP_METRICS_PORT"], "0")
        given |= {"PATH": os.defpath, "IDP_DATA_DIR": str(folder)}
        arguments = [numbers.get(word, word) for word in self.container["args"]]
        self.log = (folder / "log").open("w")
        command = [sys.executable, "-m", "idp.cli", *arguments]
        self.process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=self.log, stderr=self.log)

    def answers(self, probe: str) -> bool:
        """Ask as the node would."""
        asked = self.container[probe]["httpGet"]
        address = f"http://127.0.0.1:{self.ports[asked['port']]}{asked['path']}"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
        return False

    def end(self) -> int:
        """End it as the node would, once the waiting before is over; give the exit code."""
        waited = int(self.container.get("lifecycle", {}).get("preStop", {"exec": {"command": ["sleep", "0"]}})["exec"]["command"][1])
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(self.grace - waited)
        finally:
            self.process.kill()
            self.log.close()


def test_migration_web_and_worker_run_as_their_pods_are_told(render, postgres, redis_url, tmp_path):
    rendered = {f"{one['kind']}/{one['metadata']['name']}": one for one in render("production") if one["kind"] in {"Job", "Deployment"}}
    specs = {name.rpartition("-")[2]: one["spec"]["template"]["spec"] for name, one in rendered.items()}
    for name in specs:
        (tmp_path / name).mkdir()
    with postgres.database() as url:
        secrets = SECRETS | {"database-url": url, "redis-url": redis_url}
        migration = Run(specs["migration"], tmp_path / "migration", secrets)
        assert migration.process.wait(60) == 0, (tmp_path / "migration" / "log").read_text()
        migration.end()
        running = [Run(specs[name], tmp_path / name, secrets) for name in ("web", "worker")]
        try:
            for run in running:
                for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                    wait_until(lambda run=run, probe=probe: run.answers(probe), seconds=60, process=run.process)
        finally:
            codes = [run.end() for run in running]
        assert codes == [0, 0]
