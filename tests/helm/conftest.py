"""A real Helm, built from its Go module once, and what it renders."""

import json
import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm.building import go
from tests.servers import ROOT

HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0"
CHART = ROOT / "helm" / "idp"
TOOLS = ROOT / ".cache" / "helm-v3.22.0"
KUBERNETES = "1.36.0"
PROFILES = ("demo", "small", "production")
EVERYTHING: dict[str, Any] = {
    "staffOrigin": "https://staff.example.com",
    "portalUrl": "https://portal.example.com",
    "settings": {
        "smtp_host": "mail.example.com",
        "smtp_ca_file": "/etc/idp/ca.pem",
        "tracing_endpoint": "http://otel.observability:4318/v1/traces",
    },
    "extraVolumes": [{"name": "files", "configMap": {"name": "idp-files"}}],
    "extraVolumeMounts": [{"name": "files", "mountPath": "/etc/idp", "readOnly": True}],
    "image": {"pullSecrets": ["registry"]},
    "secrets": {
        "smtp": {"name": "idp-smtp"},
        "database": {"directKey": "direct", "replicaKey": "replica"},
        "masterSecret": {"previousKey": "previous"},
    },
    "externalSecrets": {"enabled": True, "storeName": "vault"},
    "gateway": {"enabled": True},
    "maintenance": {"cronJob": True},
    "metrics": {"serviceMonitor": {"enabled": True}, "rules": {"enabled": True}, "dashboards": {"enabled": True}},
}
"""Every part of the chart switched on; on top of the profile production."""

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
"""Where the definitions of the custom kinds are."""

Render = Callable[..., list[dict[str, Any]]]


@cache
def module_folder(module: str) -> Path:
    """Fetch a Go module and tell where it lies."""
    done = subprocess.run([go(), "mod", "download", "-json", module], cwd="/", capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout)
    assert "Dir" in answer, answer.get("Error")
    return Path(answer["Dir"])


@pytest.fixture(scope="session")
def helm() -> str:
    """The path of Helm."""
    binary = TOOLS / "helm"
    if not binary.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        subprocess.run([go(), "install", HELM], check=True, env=os.environ | {"GOBIN": str(TOOLS)}, cwd="/")
    return str(binary)


@pytest.fixture(scope="session")
def render(helm: str, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Render the chart with a profile and further values."""
    folder = tmp_path_factory.mktemp("values")

    def rendered(profile: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        file = folder / "values.json"
        file.write_text(json.dumps(values or {}))
        command = [helm, "template", "idp", str(CHART), "--kube-version", KUBERNETES, "--namespace", "identity"]
        command += ["-f", str(CHART / "profiles" / f"{profile}.yaml"), "-f", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ValueError(done.stderr)
        return [document for document in yaml.safe_load_all(done.stdout) if document]

    return rendered


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay values over others, as Helm does."""
    both = dict(below)
    for name, value in above.items():
        both[name] = merged(both[name], value) if isinstance(value, dict) and isinstance(both.get(name), dict) else value
    return both
