"""A Kubernetes cluster without nodes: its real store, API server and controllers. Objects are admitted, kept, acted upon; nothing runs."""

import contextlib
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import trustme
import yaml

from tests import servers
from tests.helm.building import built
from tests.servers import free_port, wait_until

APPLIED = {"Content-Type": "application/apply-patch+yaml"}
MERGED = {"Content-Type": "application/merge-patch+json"}
STRICT = {"fieldValidation": "Strict", "fieldManager": "test"}
PARTS = ("kube-apiserver", "kube-controller-manager")
VERSION = {f"k8s.io/component-base/version.git{part}": value for part, value in (("Version", "v1.36.3"), ("Major", "1"), ("Minor", "36"))}
"""What the API server says of itself; Helm asks for it."""
CLUSTER_WIDE = {"Namespace", "CustomResourceDefinition"}
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server said of one object."""

    status: int
    document: dict[str, Any]
    warnings: tuple[str, ...]

    @property
    def problem(self) -> str:
        """Say what is wrong, by refusal or by warning; empty when nothing is."""
        return "; ".join([*([] if self.status < 400 else [self.document["message"]]), *self.warnings])


class Cluster:
    """A running API server, and what tests ask it."""

    def __init__(self, address: str, ca: Path, token: str) -> None:
        self.address = address
        self.token = token
        self.http = requests.Session()
        self.http.verify = str(ca)
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {token}"
        self._places: dict[tuple[str, str], str] = {}

    def kubeconfig(self, ca: Path) -> str:
        """Give what lets Helm in."""
        cluster = {"server": self.address, "certificate-authority": str(ca)}
        parts: dict[str, Any] = {
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": self.token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        }
        return yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "test"} | parts)

    def ready(self) -> bool:
        """Tell whether it answers."""
        with contextlib.suppress(requests.ConnectionError):
            return self.http.get(f"{self.address}/readyz", timeout=5).status_code == 200
        return False

    def place(self, version: str, kind: str, namespace: str) -> str:
        """Give the address of a kind's collection, as the API server's own discovery names it."""
        root = f"{self.address}/{'apis' if '/' in version else 'api'}/{version}"
        if (version, kind) not in self._places:
            found = self.http.get(root, timeout=10).json()["resources"]
            self._places |= {(version, one["kind"]): one["name"] for one in found if "/" not in one["name"]}
        within = "" if kind in CLUSTER_WIDE else f"namespaces/{namespace}/"
        return f"{root}/{within}{self._places[version, kind]}"

    def apply(self, document: dict[str, Any], namespace: str = "", *, dry: bool = False) -> Answer:
        """Apply an object at the server's side with strict validation of its fields; `dry` does all of it but keeping."""
        where = f"{self.place(document['apiVersion'], document['kind'], namespace)}/{document['metadata']['name']}"
        given = STRICT | {"force": "true"} | ({"dryRun": "All"} if dry else {})
        return _answer(self.http.patch(where, params=given, json=document, headers=APPLIED, timeout=30))

    def create_pod(self, template: dict[str, Any], namespace: str) -> Answer:
        """Ask whether a pod of this template would be let in."""
        document = {"apiVersion": "v1", "kind": "Pod"} | template
        document["metadata"] = {"generateName": "tried-"} | {"labels": template["metadata"].get("labels", {})}
        where = self.place("v1", "Pod", namespace)
        return _answer(self.http.post(where, params=STRICT | {"dryRun": "All"}, json=document, timeout=30))

    def get(self, version: str, kind: str, namespace: str, name: str = "") -> dict[str, Any]:
        """Read an object, or all of a kind."""
        return self.http.get(f"{self.place(version, kind, namespace)}/{name}".rstrip("/"), timeout=10).json()

    def namespace(self, name: str) -> str:
        """Make a namespace that lets in restricted pods only; wait for the account that a controller makes in it."""
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}})
        wait_until(lambda: self.get("v1", "ServiceAccount", name, "default")["kind"] == "ServiceAccount")
        return name

    def evict(self, pod: dict[str, Any]) -> int:
        """Ask for a pod to leave, as the drain of a node does; give the status."""
        place = f"{self.place('v1', 'Pod', pod['metadata']['namespace'])}/{pod['metadata']['name']}/eviction"
        asked = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod["metadata"]["name"]}}
        return self.http.post(place, json=asked, timeout=10).status_code

    def define(self, definition: dict[str, Any]) -> None:
        """Make a kind known."""
        name = definition["metadata"]["name"]
        answer = self.apply(definition)
        assert answer.status < 300, answer.problem
        version = definition["apiVersion"]

        def established() -> bool:
            found = self.get(version, "CustomResourceDefinition", "", name).get("status", {}).get("conditions") or []
            return any(one["type"] == "Established" and one["status"] == "True" for one in found)

        wait_until(established)


def _answer(response: requests.Response) -> Answer:
    # 299 - "text": the texts of several come joined by commas
    said = response.headers.get("Warning", "")
    return Answer(response.status_code, response.json(), (said,) if said else ())


@contextlib.contextmanager
def running(folder: Path) -> Iterator[tuple[Cluster, Path]]:
    """Start store, API server and controllers in a folder; give the cluster and the file by which Helm finds it."""
    etcd = built("cluster", "./etcd")
    server, controllers = (built("cluster", f"k8s.io/kubernetes/cmd/{name}", variables=VERSION) for name in PARTS)
    port = free_port(following=3)
    store = f"http://127.0.0.1:{port}"
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    token = secrets.token_urlsafe()
    (folder / "tokens.csv").write_text(f'{token},test,test,"system:masters"\n')
    cluster = Cluster(f"https://127.0.0.1:{port + 2}", folder / "ca.pem", token)
    (folder / "kubeconfig").write_text(cluster.kubeconfig(folder / "ca.pem"))
    (folder / "kubeconfig").chmod(0o600)
    peers = ["--listen-peer-urls", f"http://127.0.0.1:{port + 1}"]
    kept = ["--data-dir", str(folder / "etcd"), "--unsafe-no-fsync", "--listen-client-urls", store, "--advertise-client-urls", store]
    asked = [
        *("--etcd-servers", store, "--bind-address", "127.0.0.1", "--secure-port", str(port + 2)),
        *("--tls-cert-file", f"{folder}/certificate.pem", "--tls-private-key-file", f"{folder}/key.pem"),
        *("--token-auth-file", f"{folder}/tokens.csv", "--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.0.0.0/24"),
        *("--service-account-issuer", cluster.address, "--service-account-key-file", f"{folder}/key.pem"),
        *("--service-account-signing-key-file", f"{folder}/key.pem", "--endpoint-reconciler-type", "none", "--profiling=false"),
        *("--cert-dir", str(folder)),
    ]
    led = ["--kubeconfig", f"{folder}/kubeconfig", "--leader-elect=false", "--cert-dir", str(folder), "--secure-port", str(port + 3)]
    led += ["--bind-address", "127.0.0.1", "--service-account-private-key-file", f"{folder}/key.pem", "--root-ca-file", f"{folder}/ca.pem"]
    with (
        (folder / "log").open("wb") as log,
        _process([etcd, *kept, *peers], log),
        _process([server, *asked], log) as process,
    ):
        wait_until(cluster.ready, 90, process)
        with _process([controllers, *led], log):
            yield cluster, folder / "kubeconfig"
        cluster.http.close()


@contextlib.contextmanager
def _process(command: list[str], log: Any) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=servers._end_with_parent) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
