"""Two web nodes and two workers under load: nodes lost, the database restarted, Redis gone, a pooler between."""

import json
import os
import pwd
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.nodes.cluster import Cluster, Load
from tests.servers import free_port, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def running(cluster):
    """Two web nodes and two workers, and the load that is not yet started."""
    return start(cluster)


def start(cluster: Cluster, **more: str) -> tuple[Cluster, Load]:
    cluster.upgrade()
    for name, kind in (("web-a", "web"), ("web-b", "web"), ("worker-a", "worker"), ("worker-b", "worker")):
        cluster.add(name, kind, **more)
    load = Load(cluster)
    load.prepare()
    cluster.start_proxy()
    for name in ("worker-a", "worker-b"):
        cluster.nodes[name].start()
    for name in ("web-a", "web-b"):
        cluster.join(name)
    return cluster, load


def test_lost_nodes_cost_at_most_the_requests_that_were_on_them(running):
    cluster, load = running
    with load:
        load.wait_for(4)
        cluster.nodes["worker-a"].kill()
        load.wait_for(3)  # the other worker does all
        before = len(load.failures)
        cluster.nodes["web-a"].kill()
        load.wait_for(4)
        lost = load.failures[before:]
        cluster.nodes["worker-a"].start()
        cluster.join("web-a")
        before_rest = len(load.failures)
        load.wait_for(4)
    # a PIN that the worker was sending when it was killed is told to be under way until its lease is over
    unsent = [failure for failure in load.failures if failure.endswith("not within 30 s")]
    assert len(unsent) <= load.people, unsent
    assert [failure for failure in load.failures[:before] if failure not in unsent] == []
    assert len(lost) <= load.people, lost  # at most one request of each person was on the node
    assert [failure for failure in load.failures[before_rest:] if failure not in unsent] == []


def test_nobody_notices_that_redis_is_gone(running, own_redis):
    _, load = running
    with load:
        load.wait_for(3)
        own_redis.stop()
        load.wait_for(5)
    assert load.failures == [], "\n".join(load.failures)


def test_while_the_database_is_away_answers_are_503_with_a_time_and_what_was_acknowledged_stays(running, own_postgres):
    cluster, load = running
    with load:
        load.wait_for(3)
        known = keys_of(cluster)
        own_postgres.crash()
        refused = answer_while_away(cluster)
        time.sleep(6)  # by then a process would read the keys anew
        keys = keys_of(cluster)
        own_postgres.start()
        wait_until(lambda: cluster.is_up("web-a") and cluster.is_up("web-b"), seconds=60)
        time.sleep(1)
        before = len(load.failures)
        load.wait_for(4)
        lost = load.lost()
    assert lost == []
    assert keys == known, "what is in memory is told all the same"
    assert refused[0] == 503
    assert 0 < int(refused[1]) <= 60
    assert load.failures[before:] == [], "\n".join(load.failures[before:])


def keys_of(cluster: Cluster) -> Any:
    """Ask a node itself for the public keys."""
    with urllib.request.urlopen(f"http://localhost:{cluster.nodes['web-a'].port}/jwks", timeout=30) as answer:
        return json.load(answer)


def answer_while_away(cluster: Cluster) -> tuple[int, str]:
    """Ask a node itself for a page that needs the database."""
    try:
        with urllib.request.urlopen(
            f"http://localhost:{cluster.nodes['web-a'].port}/token",
            data=b"grant_type=client_credentials&client_id=x&client_secret=y",
            timeout=30,
        ) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers.get("Retry-After", "0")


@pytest.fixture
def pooled(cluster, tmp_path):
    """The cluster with pgbouncer in transaction mode between it and its database; migrations go past it."""
    port = free_port()
    address = cluster.database_url
    host, name = address.rpartition("/")[0].rpartition("@")[2], address.rpartition("/")[2]
    config = tmp_path / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n{name} = host={host.partition(':')[0]} port={host.partition(':')[2]} dbname={name} user=idp\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\npool_mode = transaction\n"
        "max_client_conn = 200\ndefault_pool_size = 6\nunix_socket_dir =\nlogfile = /dev/null\n"
    )
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    user = {"user": "nobody"} if os.geteuid() == 0 else {}
    assert pwd.getpwnam("nobody")
    process = subprocess.Popen(["/usr/sbin/pgbouncer", "-q", str(config)], **user)
    cluster.direct_url, cluster.database_url = address, f"postgresql://idp@127.0.0.1:{port}/{name}"
    yield cluster
    process.terminate()
    process.wait(10)


def test_everything_goes_by_way_of_pgbouncer_in_transaction_mode(pooled):
    _, load = start(pooled)
    with load:
        load.wait_for(8)
    assert load.failures == [], "\n".join(load.failures)
