"""The chart by a real Helm: lint, schemas of Kubernetes and of the custom kinds, policies on what is rendered, each value."""

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator

from idp.settings import Settings
from tests.helm.conftest import CHART, CUSTOM, EVERYTHING, KUBERNETES, PROFILES, merged, module_folder
from tests.servers import ROOT

pytestmark = pytest.mark.slow

VERSIONS = ("1.34", "1.35", "1.36")


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
        ("production", {"settings": {"database_url": "postgresql://idp:secret@db/idp"}}, "database_url"),
        ("production", {"settings": {"port": 9000}}, "port"),
        ("production", {"profile": "staging"}, "profile"),
        ("production", {"issuer": "login.example.com"}, "issuer"),
        ("production", {"externalSecrets": {"enabled": True}}, "names the store"),
    ],
)
def test_values_that_cannot_work_are_refused_by_name(render, profile, values, problem):
    with pytest.raises(ValueError, match=problem):
        render(profile, values)


def one_of(rendered: list[dict[str, Any]], kind: str, end: str = "") -> dict[str, Any]:
    (found,) = [one for one in rendered if one["kind"] == kind and one["metadata"]["name"].endswith(end)]
    return found


def environment(pod: dict[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in pod["containers"][0]["env"]}


@pytest.mark.parametrize("profile", PROFILES)
def test_each_option_is_named_once_in_a_pod(render, profile):
    for name, spec in pods(documents(render, profile)):
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            given = [entry["name"] for entry in container.get("env", [])]
            assert len(given) == len(set(given)), name


def test_every_option_of_the_program_can_be_set_by_the_chart(render):
    given = {"argon2_memory_kib": 1048576, "audit_log": True, "outbound_allow": ["apps.example"], "mail_from": "e:service <a@b.example>"}
    web = one_of(render("production", merged(EVERYTHING, {"settings": given})), "Deployment", "-web")["spec"]["template"]["spec"]
    found = environment(web)
    options = set(read("values.schema.json")["properties"]["settings"]["properties"])
    as_arguments = {"host", "port", "workers"}
    by_values = {name.removeprefix("IDP_").removesuffix("_FILE").lower() for name in found}
    assert set(Settings.model_fields) - options - as_arguments - by_values == set()
    assert found["IDP_ARGON2_MEMORY_KIB"] == "1048576"
    assert found["IDP_AUDIT_LOG"] == "true"
    assert found["IDP_OUTBOUND_ALLOW"] == '["apps.example"]'
    assert found["IDP_MAIL_FROM"] == "e:service <a@b.example>"


def test_the_read_replica_comes_from_the_databases_secret(render):
    worker = one_of(render("production", EVERYTHING), "Deployment", "-worker")["spec"]["template"]["spec"]
    assert environment(worker)["IDP_DATABASE_REPLICA_URL_FILE"] == "/run/secrets/idp/database-replica-url"
    items = [
        item
        for volume in worker["volumes"]
        if "projected" in volume
        for source in volume["projected"]["sources"]
        for item in source["secret"]["items"]
        if source["secret"]["name"] == "idp-database"
    ]
    assert {"key": "replica", "path": "database-replica-url"} in items


def test_secrets_that_share_a_name_come_as_one_external_secret_with_all_keys(render):
    secrets = {name: {"name": "idp"} for name in ("masterSecret", "redis", "smtp", "sms")} | {"database": {"name": "idp"}}
    secrets["redis"] |= {"key": "redis-url"}
    made = one_of(render("production", merged(EVERYTHING, {"secrets": secrets})), "ExternalSecret")
    keys = {one["secretKey"]: one["remoteRef"]["property"] for one in made["spec"]["data"]}
    assert keys == {
        "master-secret": "master-secret",
        "previous": "master-secret-previous",
        "url": "database-url",
        "direct": "database-direct-url",
        "replica": "database-replica-url",
        "redis-url": "redis-url",
        "username": "smtp-username",
        "password": "smtp-password",
        "api-key": "sms-api-key",
        "api-secret": "sms-api-secret",
    }


@pytest.mark.parametrize(
    ("endpoint", "port"),
    [
        ("http://otel:4318/v1/traces", 4318),
        ("https://otel.example.com/v1/traces", 443),
        ("http://otel/v1/traces", 80),
        ("http://[2001:db8::1]:4319/v1/traces", 4319),
    ],
)
def test_traces_are_let_out_to_the_port_of_their_collector(render, endpoint, port):
    policy = one_of(render("production", {"settings": {"tracing_endpoint": endpoint}}), "NetworkPolicy")
    assert {"ports": [{"protocol": "TCP", "port": port}], "to": [{"namespaceSelector": {}}]} in policy["spec"]["egress"]


def test_nothing_is_let_out_for_traces_that_nobody_asked_for(render):
    policy = one_of(render("production"), "NetworkPolicy")
    assert [rule for rule in policy["spec"]["egress"] if rule.get("to") == [{"namespaceSelector": {}}]] == []


def test_mail_is_let_out_to_the_port_that_it_goes_to(render):
    policy = one_of(render("production", {"settings": {"smtp_port": 465}}), "NetworkPolicy")
    ports = [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]]
    assert 465 in ports
    assert 587 not in ports


OTHERS: dict[str, Any] = {
    "profile": "small",
    "issuer": "https://other.example.com",
    "image.digest": f"sha256:{'0' * 64}",
    "image.pullPolicy": "Always",
    "image.pullSecrets": ["other"],
    "externalSecrets.storeKind": "SecretStore",
    "service.type": "NodePort",
    "settings": {"smtp_host": "other.example.com"},
    "extraVolumes": [{"name": "other", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "other", "mountPath": "/other"}],
    "gateway.parentRefs": [{"name": "other"}],
    "gateway.staffParentRefs": [{"name": "other"}],
    "networkPolicy.extraEgress": [{"ports": [{"port": 9}]}],
}
BY_LAST_NAME: dict[str, Any] = {"extraEnv": [{"name": "OTHER", "value": "x"}], "tolerations": [{"key": "other", "operator": "Exists"}]} | {
    name: [{"ipBlock": {"cidr": "192.0.2.0/24"}}]
    for name in ("ingressFrom", "metricsFrom", "databaseTo", "redisTo", "smtpTo", "httpsTo", "tracingTo")
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


def test_what_the_documentation_asks_kubectl_for_is_there(render):
    rendered = documents(render, "production")
    deployments = {f"deploy/{one['metadata']['name']}" for one in rendered if one["kind"] == "Deployment"}
    labels = {f"{name}={value}" for one in rendered if one["kind"] == "Deployment" for name, value in one["metadata"]["labels"].items()}
    pages = "".join(page.read_text(encoding="utf-8") for page in [*(ROOT / "docs").rglob("*.md"), *CHART.glob("*.md")])
    assert set(re.findall(r"\bdeploy/[\w-]+", pages)) <= deployments
    assert set(re.findall(r"kubectl[^`\n]* -l ([^\s`]+)", pages)) <= labels
    assert "deploy/idp-worker" in pages
