"""Migrations and tables say the same, on each database."""

import ast
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


@pytest.fixture
def newer(empty, connection):
    """A database that a newer version has upgraded; tells the oldest revision whose programs it serves, where one is said."""

    def upgraded(serves_from: str | None = None) -> schema.SchemaState:
        schema.upgrade(empty)
        connection.execute(text("UPDATE alembic_version SET version_num = 'f00'"))
        if serves_from:
            connection.execute(text("INSERT INTO installation_facts VALUES ('schema_serves_from', :since)"), {"since": serves_from})
        connection.commit()
        return schema.schema_state_of(empty)

    return upgraded


def test_a_newer_version_that_only_added_to_the_schema_leaves_this_one_serving(newer):
    state = newer()
    assert (state.known, state.is_current, state.may_serve, state.problem) == (False, False, True, "")


def test_what_a_newer_version_took_away_when_this_one_did_without_it_already_is_no_loss(newer):
    assert newer(serves_from="0005").may_serve


def test_a_newer_version_that_took_away_what_this_one_needs_is_named(newer):
    state = newer(serves_from="e99")
    assert not state.may_serve
    assert "too new for this version" in state.problem


def test_the_upgrade_of_a_version_rolled_back_to_changes_nothing(newer, empty):
    state = newer()
    assert schema.upgrade(empty) == state


def test_migrations_that_take_something_away_say_from_which_revision_on_programs_do_without_it():
    versions = [file for file in sorted((schema.MIGRATIONS / "versions").glob("*.py")) if file.name > "0005"]
    assert versions
    for file in versions:
        (upgrade,) = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
        called = {node.func.attr for node in ast.walk(upgrade) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)}
        assert not called & {"drop_table", "drop_column", "alter_column", "rename_table"} or "serves_from" in called, file.name


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_two_nodes_may_upgrade_at_once(empty):
    environment = os.environ | {"IDP_DATABASE_URL": empty.database_address, "IDP_DATA_DIR": str(empty.data_dir)}
    nodes = [subprocess.Popen([sys.executable, "-m", "idp.cli", "db", "upgrade"], cwd=ROOT, env=environment) for _ in range(2)]
    assert [node.wait(60) for node in nodes] == [0, 0]
    assert schema.schema_state_of(empty).is_current
