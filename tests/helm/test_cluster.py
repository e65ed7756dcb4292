"""The chart at a real API server: each object is admitted as it stands, and Helm installs, upgrades, tests and takes away."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm.cluster import Cluster, running
from tests.helm.conftest import CHART, CUSTOM, EVERYTHING, PROFILES, module_folder

pytestmark = pytest.mark.slow

Helm = Callable[..., str]
NAMESPACE = "identity"
"""Where the fixture `render` places what it renders."""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, Path]]:
    with running(tmp_path_factory.mktemp("cluster")) as (cluster, config):
        for module, place in CUSTOM.values():
            cluster.define(yaml.safe_load((module_folder(module) / place).read_text()))
        yield cluster, config


@pytest.fixture(scope="module")
def cluster(machine: tuple[Cluster, Path]) -> Cluster:
    return machine[0]


@pytest.fixture
def ended() -> list[dict[str, Any]]:
    """Jobs and test pods of which the cluster said that they succeeded, while Helm waited for them."""
    return []


@pytest.fixture
def run_helm(machine: tuple[Cluster, Path], helm: str, tmp_path: Path, ended: list[dict[str, Any]]) -> Helm:
    """Run Helm in a namespace of the cluster, with a profile and further values; jobs end well at once."""
    cluster, config = machine

    def run(*words: str, namespace: str, profile: str = "", values: dict[str, Any] | None = None) -> str:
        (tmp_path / "values.json").write_text(json.dumps(values or {}))
        chosen = ["-f", str(CHART / "profiles" / f"{profile}.yaml"), "-f", str(tmp_path / "values.json")] if profile else []
        environment = os.environ | {"KUBECONFIG": str(config), "HELM_CACHE_HOME": str(tmp_path)}
        command = [helm, *words, "--namespace", namespace, *chosen]
        with cluster.finishing_jobs(namespace) as seen:
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        ended.extend(seen)
        assert done.returncode == 0, done.stderr
        assert "warnings.go" not in done.stderr, done.stderr
        return done.stdout

    return run


def values_of(profile: str) -> dict[str, Any]:
    return EVERYTHING if profile == "production" else {"staffOrigin": "https://staff.example.com"}


def templates(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    match document["kind"]:
        case "Pod":
            yield document
        case "Deployment" | "Job":
            yield document["spec"]["template"]
        case "CronJob":
            yield document["spec"]["jobTemplate"]["spec"]["template"]


@pytest.fixture
def rendered(render, cluster: Cluster, request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """What a profile renders; the service accounts, without which no pod is let in, are there."""
    cluster.namespace(NAMESPACE)
    documents = render(request.param, values_of(request.param))
    for one in documents:
        if one["kind"] == "ServiceAccount":
            assert cluster.apply(one, NAMESPACE).problem == ""
    return documents


every_profile = pytest.mark.parametrize("rendered", PROFILES, indirect=True)


@every_profile
def test_the_api_server_takes_each_object_strictly_and_without_a_warning(cluster, rendered):
    answers = {f"{one['kind']}/{one['metadata']['name']}": cluster.apply(one, NAMESPACE, dry=True) for one in rendered}
    assert {name: answer.problem for name, answer in answers.items() if answer.problem} == {}


@every_profile
def test_a_namespace_of_the_restricted_standard_lets_each_pod_in(cluster, rendered):
    found = [(one["metadata"]["name"], template) for one in rendered for template in templates(one)]
    assert found
    assert {name: problem for name, template in found if (problem := cluster.create_pod(template, NAMESPACE).problem)} == {}


@pytest.mark.parametrize("rendered", ["production"], indirect=True)
def test_what_is_wrong_is_refused_or_warned_of(cluster, rendered):
    (web,) = [one for one in rendered if one["kind"] == "Deployment" and one["metadata"]["name"].endswith("-web")]
    web["spec"]["template"]["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    assert "violate PodSecurity" in cluster.apply(web, NAMESPACE, dry=True).problem
    assert cluster.create_pod(web["spec"]["template"], NAMESPACE).status == 403
    web["spec"]["replica"] = 2
    refused = cluster.apply(web, NAMESPACE, dry=True)
    assert refused.status >= 400
    assert ".spec.replica: field not declared in schema" in refused.problem


@pytest.mark.parametrize("profile", PROFILES)
def test_helm_finds_nothing_to_object_to_at_the_server(cluster, run_helm, profile):
    said = run_helm(
        "install",
        "idp",
        str(CHART),
        "--dry-run=server",
        namespace=cluster.namespace(f"dry-{profile}"),
        profile=profile,
        values=values_of(profile),
    )
    assert "kind: Deployment" in said
    assert cluster.get("apps/v1", "Deployment", f"dry-{profile}")["items"] == []


def deployments(cluster: Cluster, namespace: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one["spec"] for one in cluster.get("apps/v1", "Deployment", namespace)["items"]}


def test_a_release_is_installed_upgraded_rolled_back_and_taken_away(cluster, run_helm):
    namespace = cluster.namespace("release")
    release = ("upgrade", "--install", "idp", str(CHART), "--timeout", "60s")
    run_helm(*release, namespace=namespace, profile="production", values={"image": {"tag": "1"}, "worker": {"replicas": 3}})
    assert deployments(cluster, namespace)["idp-worker"]["replicas"] == 3

    run_helm(*release, namespace=namespace, profile="production", values=EVERYTHING | {"image": {"tag": "2"}})
    images = {spec["template"]["spec"]["containers"][0]["image"] for spec in deployments(cluster, namespace).values()}
    assert images == {"registry.example.com/idp:2"}
    assert len(cluster.get("external-secrets.io/v1", "ExternalSecret", namespace)["items"]) == 5

    run_helm("rollback", "idp", "1", namespace=namespace)
    assert deployments(cluster, namespace)["idp-worker"]["template"]["spec"]["containers"][0]["image"].endswith(":1")

    run_helm("uninstall", "idp", namespace=namespace)
    left = [
        f"{kind}/{one['metadata']['name']}"
        for version, kind in (("apps/v1", "Deployment"), ("v1", "Service"), ("batch/v1", "CronJob"), ("networking.k8s.io/v1", "Ingress"))
        for one in cluster.get(version, kind, namespace)["items"]
    ]
    assert left == []


def test_the_migration_of_each_version_is_a_job_of_its_own_that_goes_when_it_is_done(cluster, run_helm, ended):
    namespace = cluster.namespace("migrations")
    for tag in ("1", "2"):
        values = {"image": {"tag": tag}}
        run_helm("upgrade", "--install", "idp", str(CHART), namespace=namespace, profile="production", values=values)
    images = [job["spec"]["template"]["spec"]["containers"][0]["image"] for job in ended]
    assert images == ["registry.example.com/idp:1", "registry.example.com/idp:2"]
    assert cluster.get("batch/v1", "Job", namespace)["items"] == []


def test_the_volume_of_a_small_installation_outlives_its_release(cluster, run_helm):
    namespace = cluster.namespace("small")
    run_helm("install", "idp", str(CHART), namespace=namespace, profile="small")
    run_helm("upgrade", "idp", str(CHART), namespace=namespace, profile="small", values={"image": {"tag": "2"}})
    run_helm("uninstall", "idp", namespace=namespace)
    assert [one["metadata"]["name"] for one in cluster.get("v1", "PersistentVolumeClaim", namespace)["items"]] == ["idp-data"]


def test_the_test_of_a_demo_installation_is_let_in(cluster, run_helm, ended):
    namespace = cluster.namespace("demo")
    run_helm("install", "idp", str(CHART), namespace=namespace, profile="demo")
    assert "Phase:          Succeeded" in run_helm("test", "idp", namespace=namespace)
    assert [pod["metadata"]["name"] for pod in ended] == ["idp-test-login"]
