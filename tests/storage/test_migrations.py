"""Migrations and tables say the same, on each database."""

import os
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

import idp.app
from idp.database import Base
from idp.operations import schema
from idp.settings import Settings
from tests.conftest import make_settings
from tests.servers import ROOT

assert idp.app  # importing it is what fills the metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path) -> Settings:
    """Settings of an installation whose database is empty."""
    if request.param == "sqlite":
        yield make_settings(f"sqlite:///{tmp_path}/empty.sqlite3", tmp_path)
        return
    with request.getfixturevalue("postgres").database() as url:
        yield make_settings(url, tmp_path)


@pytest.fixture
def connection(empty):
    """A connection to that database."""
    engine = create_engine(empty.database_address)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_code(empty, connection):
    schema.upgrade(empty)
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    assert compare_metadata(context, Base.metadata) == []


def test_indexes_of_some_rows_only_are_the_same_too(empty, connection):
    schema.upgrade(empty)
    made = {index["name"] for table in Base.metadata.tables for index in inspect(connection).get_indexes(table)}
    assert {index.name for table in Base.metadata.tables.values() for index in table.indexes} - made == set()


def test_an_empty_database_is_not_served(empty):
    state = schema.schema_state_of(empty)
    assert (state.is_current, state.revision) == (False, None)


def test_an_upgraded_database_is_served(empty):
    assert schema.upgrade(empty).is_current


def test_upgrading_again_changes_nothing(empty):
    assert schema.upgrade(empty) == schema.upgrade(empty)


def test_a_database_of_a_newer_version_is_refused_and_named(empty, connection):
    schema.upgrade(empty)
    connection.execute(text("UPDATE alembic_version SET version_num = 'f00'"))
    connection.commit()
    state = schema.schema_state_of(empty)
    assert (state.known, state.is_current) == (False, False)
    assert "newer than this version" in state.problem


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_two_nodes_may_upgrade_at_once(empty):
    environment = os.environ | {"IDP_DATABASE_URL": empty.database_address, "IDP_DATA_DIR": str(empty.data_dir)}
    nodes = [subprocess.Popen([sys.executable, "-m", "idp.cli", "db", "upgrade"], cwd=ROOT, env=environment) for _ in range(2)]
    assert [node.wait(60) for node in nodes] == [0, 0]
    assert schema.schema_state_of(empty).is_current
