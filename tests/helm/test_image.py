"""The image without an engine: its Dockerfile linted, its steps run as the script that they are, and what they install tried."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import yaml

from tests.servers import ROOT, free_port, wait_until

pytestmark = pytest.mark.slow

IMAGE = ROOT / "helm" / "image"
DOCKERFILE = (IMAGE / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the build stage leaves, made in a clean copy of what the build may see."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("image") / "idp"
    kept = [line[1:] for line in (IMAGE / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")]
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *kept]
    for name in filter(None, subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")):
        if (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    subprocess.run(["sh", "helm/image/build.sh", str(target)], cwd=source, check=True, env=environment)
    return target


def run(installed: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(installed / "bin" / "idp"), *arguments]
    return subprocess.run(command, cwd="/", env={"PATH": "/usr/bin:/bin"} | environment, capture_output=True, text=True, check=False)


def test_the_dockerfile_has_no_findings():
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([str(hadolint), str(IMAGE / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_all_that_is_built_is_built_by_the_script():
    build = DOCKERFILE.split("\nFROM ")[1]
    assert re.findall(r"^RUN (.*)$", build, re.MULTILINE) == ["sh helm/image/build.sh /opt/idp"]


def test_the_base_is_named_by_a_full_version_and_no_digest_is_made_up():
    assert re.search(r"^ARG PYTHON_TAG=3\.\d+\.\d+-slim-bookworm$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^ARG PYTHON_DIGEST=$", DOCKERFILE, re.MULTILINE)


def test_it_runs_as_nobody_in_particular():
    assert DOCKERFILE.split("\nUSER ")[1].startswith("10001:10001\n")


def test_compose_names_full_versions_and_no_secret():
    compose = yaml.safe_load((IMAGE / "compose.yaml").read_text())
    for service in compose["services"].values():
        assert re.search(r":v?\d+\.\d+", service["image"])
    assert {"idp", "postgres", "redis", "mail"} == set(compose["services"])
    assert compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_the_list_of_parts_names_what_is_installed(installed):
    parts = {part["name"].lower() for part in json.loads((installed / "sbom.cdx.json").read_text())["components"]}
    assert {"flask", "authlib", "sqlalchemy", "granian", "libpass"} <= parts


def test_nothing_that_installs_or_compiles_is_left(installed):
    left = {path.name for path in (installed / "bin").iterdir()}
    assert not {name for name in left if name.startswith(("pip", "gcc", "cc"))}


def test_settings_can_be_checked_where_nothing_of_the_repository_is(installed, tmp_path):
    done = run(installed, "settings", "check", "--json", IDP_DATA_DIR=str(tmp_path), IDP_PROFILE="small")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_demo_of_the_image_serves_all_three_and_the_charts_own_test_walks_through_it(installed, tmp_path):
    port = free_port()
    environment = {"PATH": "/usr/bin:/bin", "IDP_DATA_DIR": str(tmp_path), "IDP_METRICS_PORT": "0"}
    log = (tmp_path / "log").open("w")
    command = [str(installed / "bin" / "idp"), "demo", "--port", str(port)]
    with subprocess.Popen(command, cwd="/", env=environment, stdout=log, stderr=log) as served:
        try:
            wait_until(lambda: "ready" in (tmp_path / "log").read_text().splitlines(), seconds=90, process=served)
            with urllib.request.urlopen(f"http://localhost:{port}/health/ready", timeout=20) as answer:
                assert answer.status == 200
            login = [str(installed / "bin" / "python"), str(ROOT / "helm" / "idp" / "files" / "login.py")]
            walked = subprocess.run(
                [*login, f"http://127.0.0.1:{port}", f"http://localhost:{port}", "customer2300230"],
                capture_output=True,
                text=True,
                check=False,
            )
            assert walked.stdout == "customer2300230 signed in with password and PIN\n", walked.stderr
        finally:
            served.terminate()
            log.close()
