"""A PostgreSQL and a Redis of their own for the nodes."""

import pytest

from tests import servers
from tests.nodes.cluster import Cluster


@pytest.fixture
def own_postgres():
    """A PostgreSQL server that a test may stop."""
    server = servers.Postgres(durable=True)
    yield server
    server.stop()


@pytest.fixture
def own_redis():
    """A Redis server that a test may stop."""
    server = servers.Redis()
    yield server
    server.stop()


@pytest.fixture
def cluster(own_postgres, own_redis, tmp_path):
    """A cluster without nodes yet, on an empty database."""
    with own_postgres.database() as url:
        made = Cluster(tmp_path, url, own_redis.url)
        yield made
        made.stop()
