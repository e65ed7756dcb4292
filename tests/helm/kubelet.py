"""In place of nodes: says of each pod what a node would, so that the real controllers go on. No container runs."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from tests.helm.cluster import MERGED, Cluster

BROKEN = ":broken"
"""A tag whose programs never get ready, and whose jobs fail."""
READY = {"phase": "Running", "conditions": [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady")]}


def is_ready(pod: dict[str, Any]) -> bool:
    """Tell whether requests would be sent to a pod."""
    conditions = pod["status"].get("conditions") or []
    return "deletionTimestamp" not in pod["metadata"] and any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


class Kubelet(threading.Thread):
    """Starts and ends the pods of a namespace, and remembers what it saw."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        super().__init__(daemon=True)
        self.cluster, self.namespace = cluster, namespace
        self.over = threading.Event()
        self.ready_web: list[int] = []
        self.ended: dict[str, tuple[str, str]] = {}

    def run(self) -> None:
        """Look again and again."""
        while not self.over.wait(0.1):
            pods = self.cluster.get("v1", "Pod", self.namespace)["items"]
            web = [pod for pod in pods if pod["metadata"]["labels"].get("app.kubernetes.io/component") == "web"]
            self.ready_web.append(sum(is_ready(pod) for pod in web))
            for pod in pods:
                self._attend(pod)

    def _attend(self, pod: dict[str, Any]) -> None:
        name, image = pod["metadata"]["name"], pod["spec"]["containers"][0]["image"]
        where = f"{self.cluster.place('v1', 'Pod', self.namespace)}/{name}"
        if "deletionTimestamp" in pod["metadata"]:
            self.cluster.http.delete(where, json={"gracePeriodSeconds": 0}, timeout=10)
        elif pod["spec"]["restartPolicy"] == "Never":
            if pod["status"]["phase"] == "Pending":
                phase = "Failed" if image.endswith(BROKEN) else "Succeeded"
                self.ended[pod["metadata"]["uid"]] = (image, phase)
                self.cluster.http.patch(f"{where}/status", json={"status": {"phase": phase}}, headers=MERGED, timeout=10)
        elif not is_ready(pod) and not image.endswith(BROKEN):
            self.cluster.http.patch(f"{where}/status", json={"status": READY}, headers=MERGED, timeout=10)


@contextlib.contextmanager
def attended(cluster: Cluster, namespace: str) -> Iterator[Kubelet]:
    """Let pods of a namespace start and end for as long as this lasts."""
    kubelet = Kubelet(cluster, namespace)
    kubelet.start()
    try:
        yield kubelet
    finally:
        kubelet.over.set()
        kubelet.join()
