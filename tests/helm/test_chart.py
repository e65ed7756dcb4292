"""The chart by a real Helm: lint, schemas of Kubernetes and of the custom kinds, policies on what is rendered, each value."""

import subprocess
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.helm.conftest import CHART, EVERYTHING, KUBERNETES, PROFILES, merged, module_folder

pytestmark = pytest.mark.slow

VERSIONS = ("1.34", "1.35", "1.36")
CUSTOM = {
    "HTTPRoute": ("sigs.k8s.io/gateway-api@v1.6.3", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"),
    "ExternalSecret": (
        "github.com/external-secrets/external-secrets@v0.16.2",
        "config/crds/bases/external-secrets.io_externalsecrets.yaml",
    ),
} | {
    kind: (
        "github.com/prometheus-operator/prometheus-operator@v0.92.1",
        f"example/prometheus-operator-crd/monitoring.coreos.com_{kind.lower()}s.yaml",
    )
    for kind in ("ServiceMonitor", "PodMonitor", "PrometheusRule")
}


def documents(render, profile: str) -> list[dict[str, Any]]:
    return render(profile, EVERYTHING if profile == "production" else {"staffOrigin": "https://staff.example.com"})


def pods(documents: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in documents:
        name = f"{one['kind']}/{one['metadata']['name']}"
        match one["kind"]:
            case "Pod":
                yield name, one["spec"]
            case "Deployment" | "Job":
                yield name, one["spec"]["template"]["spec"]
            case "CronJob":
                yield name, one["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def strict(schema: Any) -> Any:
    """Refuse members that a schema does not name, as an API server does with strict field validation."""
    if isinstance(schema, dict):
        made = {name: strict(inner) for name, inner in schema.items()}
        if "properties" in made and "additionalProperties" not in made and not made.get("x-kubernetes-preserve-unknown-fields"):
            made["additionalProperties"] = False
        return made
    return [strict(inner) for inner in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("profile", PROFILES)
def test_helm_lint_finds_nothing(helm, profile):
    values = str(CHART / "profiles" / f"{profile}.yaml")
    done = subprocess.run(
        [helm, "lint", "--strict", str(CHART), "-f", values, "--kube-version", KUBERNETES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_rendered_fits_the_schemas_of_kubernetes_strictly(render, profile, version):
    found = [one for one in documents(render, profile) if one["kind"] not in CUSTOM]
    assert found
    for document in found:
        kubernetes_validate.validate(document, version, strict=True)


def test_custom_kinds_fit_their_own_definitions_strictly(render):
    found = [one for one in documents(render, "production") if one["kind"] in CUSTOM]
    assert {one["kind"] for one in found} == set(CUSTOM)
    for document in found:
        module, place = CUSTOM[document["kind"]]
        definition = yaml.safe_load((module_folder(module) / place).read_text())
        version = document["apiVersion"].rpartition("/")[2]
        (schema,) = [one["schema"]["openAPIV3Schema"] for one in definition["spec"]["versions"] if one["name"] == version]
        body = {name: value for name, value in document.items() if name != "metadata"}
        schema = strict(schema)
        schema["properties"].pop("metadata", None)
        assert [error.message for error in Draft202012Validator(schema).iter_errors(body)] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_every_pod_keeps_to_the_restricted_standard(render, profile):
    for name, spec in pods(documents(render, profile)):
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
            assert "memory" in container["resources"]["limits"], name


@pytest.mark.parametrize("profile", PROFILES)
def test_secrets_come_as_files_never_as_environment(render, profile):
    for name, spec in pods(documents(render, profile)):
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            assert not any("valueFrom" in entry for entry in container.get("env", [])), name


@pytest.mark.parametrize("profile", PROFILES)
def test_servers_have_three_probes_and_time_to_drain(render, profile):
    (web,) = [one for one in documents(render, profile) if one["metadata"]["name"].endswith("-web") and one["kind"] == "Deployment"]
    spec = web["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
    assert int(container["lifecycle"]["preStop"]["exec"]["command"][1]) < spec["terminationGracePeriodSeconds"]


def test_the_migration_runs_before_everything_and_needs_nothing_of_the_release(render):
    (job,) = [one for one in documents(render, "production") if one["kind"] == "Job"]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert job["metadata"]["annotations"]["helm.sh/hook-delete-policy"].startswith("before-hook-creation")
    spec = job["spec"]["template"]["spec"]
    assert "serviceAccountName" not in spec
    made = {
        one["metadata"]["name"] for one in documents(render, "production") if "helm.sh/hook" not in one["metadata"].get("annotations", {})
    }
    used = {source["secret"]["name"] for volume in spec["volumes"] if "projected" in volume for source in volume["projected"]["sources"]}
    assert used
    assert used.isdisjoint(made)


def test_staff_pages_have_a_host_of_their_own(render):
    rendered = documents(render, "production")
    (ingress,) = [one for one in rendered if one["kind"] == "Ingress"]
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == ["login.example.com", "staff.example.com"]
    assert [one["spec"]["hostnames"] for one in rendered if one["kind"] == "HTTPRoute"] == [["login.example.com"], ["staff.example.com"]]


@pytest.mark.parametrize(
    ("profile", "values", "problem"),
    [
        ("small", {"web": {"replicas": 2}}, "SQLite serves one replica only"),
        ("small", {"autoscaling": {"enabled": True}}, "SQLite serves one replica only"),
        ("production", {"secrets": {"masterSecret": {"name": ""}}}, "production needs an existing secret"),
        ("production", {"secrets": {"database": {"name": ""}}, "autoscaling": {"enabled": False}, "web": {"replicas": 1}}, "PostgreSQL"),
        ("production", {"settings": {"nonsense": 1}}, "nonsense"),
        ("production", {"profile": "staging"}, "profile"),
        ("production", {"issuer": "login.example.com"}, "issuer"),
        ("production", {"externalSecrets": {"enabled": True}}, "names the store"),
    ],
)
def test_values_that_cannot_work_are_refused_by_name(render, profile, values, problem):
    with pytest.raises(ValueError, match=problem):
        render(profile, values)


OTHERS: dict[str, Any] = {
    "profile": "small",
    "issuer": "https://other.example.com",
    "image.digest": f"sha256:{'0' * 64}",
    "image.pullPolicy": "Always",
    "image.pullSecrets": ["other"],
    "externalSecrets.storeKind": "SecretStore",
    "service.type": "NodePort",
    "settings": {"smtp_host": "other.example.com"},
    "gateway.parentRefs": [{"name": "other"}],
    "gateway.staffParentRefs": [{"name": "other"}],
    "networkPolicy.extraEgress": [{"ports": [{"port": 9}]}],
}
BY_LAST_NAME: dict[str, Any] = {"extraEnv": [{"name": "OTHER", "value": "x"}], "tolerations": [{"key": "other", "operator": "Exists"}]} | {
    name: [{"ipBlock": {"cidr": "192.0.2.0/24"}}] for name in ("ingressFrom", "metricsFrom", "databaseTo", "redisTo", "smtpTo", "httpsTo")
}
PROFILE_OF = {"storage": "small", "test": "demo"}
BESIDE: dict[str, dict[str, Any]] = {"web.replicas": {"autoscaling": {"enabled": False}}}


def names(values: dict[str, Any], above: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from names(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def another(name: str, value: Any) -> Any:
    """Give a different value of the same kind."""
    if name in OTHERS:
        return OTHERS[name]
    if name.rpartition(".")[2] in BY_LAST_NAME:
        return BY_LAST_NAME[name.rpartition(".")[2]]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return {"other": "value"} if isinstance(value, dict) else f"{value or 'https://x.'}other"


def read(place: str) -> dict[str, Any]:
    return yaml.safe_load((CHART / place).read_text())


@pytest.mark.parametrize("name", list(names(read("values.yaml"))))
def test_each_value_changes_what_is_rendered(render, name):
    profile = PROFILE_OF.get(name.partition(".")[0], "production")
    base = merged(EVERYTHING if profile == "production" else {}, BESIDE.get(name, {}))
    in_force: Any = merged(merged(read("values.yaml"), read(f"profiles/{profile}.yaml")), base)
    for key in name.split("."):
        in_force = in_force[key]
    changed = another(name, in_force)
    for key in reversed(name.split(".")):
        changed = {key: changed}
    assert render(profile, merged(base, changed)) != render(profile, base)
