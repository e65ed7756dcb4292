"""The chart at a real API server: each object is admitted as it stands, and Helm installs, upgrades, tests and takes away."""

import json
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm.cluster import Cluster, running
from tests.helm.conftest import CHART, CUSTOM, EVERYTHING, PROFILES, merged, module_folder
from tests.helm.kubelet import attended, is_ready
from tests.servers import wait_until
from tests.unit.test_runbooks import refusal

pytestmark = pytest.mark.slow

Helm = Callable[..., str]


class HelmRefused(Exception):
    """Helm ended with an error."""


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
def run_helm(machine: tuple[Cluster, Path], helm: str, tmp_path: Path) -> Helm:
    """Run Helm in a namespace of the cluster, with a profile and further values."""
    _, config = machine

    def run(*words: str, namespace: str, profile: str = "", values: dict[str, Any] | None = None) -> str:
        (tmp_path / "values.json").write_text(json.dumps(values or {}))
        chosen = ["-f", str(CHART / "profiles" / f"{profile}.yaml"), "-f", str(tmp_path / "values.json")] if profile else []
        environment = os.environ | {"KUBECONFIG": str(config), "HELM_CACHE_HOME": str(tmp_path)}
        command = [helm, *words, "--namespace", namespace, *chosen]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise HelmRefused(done.stderr)
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
    advised = [line.partition(" -- idp ")[2] for line in said.replace("\\\n", "").splitlines() if " -- idp " in line]
    assert advised
    assert [problem for words in advised if (problem := refusal(shlex.split(words)))] == []
    assert cluster.get("apps/v1", "Deployment", f"dry-{profile}")["items"] == []


RELEASE = ("upgrade", "--install", "idp", str(CHART), "--wait", "--timeout", "90s")
REPLICAS = 3
"""Web pods of the production profile."""


def tagged(tag: str, more: dict[str, Any] | None = None) -> dict[str, Any]:
    return (more or {}) | {"image": {"tag": tag}, "autoscaling": {"enabled": False}, "migration": {"backoffLimit": 0}}


def images(cluster: Cluster, namespace: str) -> set[str]:
    """Give the images of the pods that are ready."""
    return {pod["spec"]["containers"][0]["image"] for pod in cluster.get("v1", "Pod", namespace)["items"] if is_ready(pod)}


def test_a_release_is_installed_upgraded_rolled_back_and_taken_away(cluster, run_helm):
    namespace = cluster.namespace("release")
    with attended(cluster, namespace) as kubelet:
        run_helm(*RELEASE, namespace=namespace, profile="production", values=tagged("1"))
        assert images(cluster, namespace) == {"registry.example.com/idp:1"}
        kubelet.ready_web.clear()
        run_helm(*RELEASE, namespace=namespace, profile="production", values=tagged("2", EVERYTHING))
        assert images(cluster, namespace) == {"registry.example.com/idp:2"}
        run_helm("rollback", "idp", "1", "--wait", namespace=namespace)
        assert images(cluster, namespace) == {"registry.example.com/idp:1"}
        assert min(kubelet.ready_web) >= REPLICAS
        assert list(kubelet.ended.values()) == [(f"registry.example.com/idp:{tag}", "Succeeded") for tag in ("1", "2")]
        run_helm("uninstall", "idp", "--wait", namespace=namespace)
        kinds = {"apps/v1": "Deployment", "v1": "Service", "batch/v1": "CronJob", "networking.k8s.io/v1": "Ingress"}
        wait_until(lambda: [cluster.get(*kind, namespace)["items"] for kind in [*kinds.items(), ("v1", "Pod")]] == [[]] * 5)


@pytest.mark.parametrize("kept_back", [{"migration": {"enabled": True}}, {"migration": {"enabled": False}}], ids=["migration", "pods"])
def test_a_version_that_does_not_work_leaves_the_one_before_as_it_is(cluster, run_helm, kept_back):
    namespace = cluster.namespace(f"broken-{str(kept_back['migration']['enabled']).lower()}")
    with attended(cluster, namespace) as kubelet:
        run_helm(*RELEASE, namespace=namespace, profile="production", values=tagged("1"))
        kubelet.ready_web.clear()
        values = merged(tagged("broken"), kept_back)
        with pytest.raises(HelmRefused):
            run_helm(*RELEASE[:-1], "15s", namespace=namespace, profile="production", values=values)
        assert images(cluster, namespace) == {"registry.example.com/idp:1"}
        run_helm("rollback", "idp", "1", "--wait", namespace=namespace)
        assert min(kubelet.ready_web) >= REPLICAS


def test_nodes_are_drained_one_web_pod_after_the_other(cluster, run_helm):
    namespace = cluster.namespace("drained")
    with attended(cluster, namespace):
        run_helm(*RELEASE, namespace=namespace, profile="production", values=tagged("1"))
        wait_until(lambda: cluster.get("policy/v1", "PodDisruptionBudget", namespace, "idp-web")["status"]["disruptionsAllowed"] == 1)
    web = [pod for pod in cluster.get("v1", "Pod", namespace)["items"] if "-web-" in pod["metadata"]["name"]]
    assert [cluster.evict(pod) for pod in web[:2]] == [201, 429]


def test_the_autoscaler_takes_over_the_number_of_web_pods(cluster, run_helm):
    namespace = cluster.namespace("scaled")
    with attended(cluster, namespace) as kubelet:
        run_helm(*RELEASE, namespace=namespace, profile="production", values=tagged("1"))
        run_helm(*RELEASE, namespace=namespace, profile="production", values=tagged("1") | {"autoscaling": {"minReplicas": 4}})
        wait_until(lambda: kubelet.ready_web[-1] == 4, seconds=60)
        run_helm(*RELEASE, namespace=namespace, profile="production", values=tagged("2") | {"autoscaling": {"minReplicas": 4}})
        wait_until(lambda: images(cluster, namespace) == {"registry.example.com/idp:2"}, seconds=60)
        assert min(kubelet.ready_web[kubelet.ready_web.index(REPLICAS) :]) >= REPLICAS


def test_the_volume_of_a_small_installation_outlives_its_release(cluster, run_helm):
    namespace = cluster.namespace("small")
    with attended(cluster, namespace):
        run_helm("install", "idp", str(CHART), namespace=namespace, profile="small")
        run_helm("upgrade", "idp", str(CHART), namespace=namespace, profile="small", values={"image": {"tag": "2"}})
        wait_until(lambda: images(cluster, namespace) == {"registry.example.com/idp:2"})
        run_helm("uninstall", "idp", namespace=namespace)
    assert [one["metadata"]["name"] for one in cluster.get("v1", "PersistentVolumeClaim", namespace)["items"]] == ["idp-data"]


def test_the_test_of_a_demo_installation_is_let_in(cluster, run_helm):
    namespace = cluster.namespace("demo")
    with attended(cluster, namespace):
        run_helm("install", "idp", str(CHART), namespace=namespace, profile="demo")
        assert "Phase:          Succeeded" in run_helm("test", "idp", namespace=namespace)
