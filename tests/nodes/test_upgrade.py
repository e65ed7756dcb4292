"""An upgrade and a rollback under load: this version and the next one, which adds to the schema, on one PostgreSQL."""

import shutil
from pathlib import Path

import pytest

from idp.operations.schema import MIGRATIONS
from tests.nodes.cluster import Load
from tests.servers import ROOT

pytestmark = pytest.mark.slow

ADDS = '''"""What a next version adds."""

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{newest}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("of_the_next_version", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("accounts", sa.Column("of_the_next_version", sa.String(20), nullable=True))
    op.add_column("sessions", sa.Column("of_the_next_version", sa.String(20), nullable=False, server_default="x"))


def downgrade() -> None:
    raise NotImplementedError
'''


@pytest.fixture
def next_version(tmp_path) -> Path:
    """This version's tree with one migration more."""
    tree = tmp_path / "next"
    for folder in ("idp", "templates", "config", "clients"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    newest = max(file.stem.partition("_")[0] for file in (MIGRATIONS / "versions").glob("0*.py"))
    (tree / "idp" / "migrations" / "versions" / "9999_next.py").write_text(ADDS.format(newest=newest))
    return tree


def test_an_upgrade_and_a_rollback_under_load_fail_no_request(cluster, next_version):
    cluster.upgrade()
    for name in ("old-a", "old-b"):
        cluster.add(name, "web")
    for name in ("new-a", "new-b"):
        cluster.add(name, "web", next_version)
    old_worker, new_worker = cluster.add("old-worker", "worker"), cluster.add("new-worker", "worker", next_version)
    load = Load(cluster)
    load.prepare()
    cluster.start_proxy()
    old_worker.start()
    for name in ("old-a", "old-b"):
        cluster.join(name)
    with load:
        load.wait_for(5)
        cluster.upgrade(next_version)
        load.wait_for(5)  # the old version on the new schema
        new_worker.start()
        for old, new in (("old-a", "new-a"), ("old-b", "new-b")):
            cluster.join(new)
            load.wait_for(3)  # both versions at once
            cluster.leave(old)
        old_worker.end()
        load.wait_for(5)
        cluster.upgrade()  # what the rollback's own migration step does: nothing
        old_worker.start()
        for new, old in (("new-a", "old-a"), ("new-b", "old-b")):
            cluster.join(old)
            load.wait_for(3)
            cluster.leave(new)
        new_worker.end()
        load.wait_for(5)
    assert load.failures == [], "\n".join(load.failures)
    print(f"\n{load.done} sign-ins, no failed request")
