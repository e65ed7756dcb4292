"""Indexes that leave out the rows without a value are used by the statements that look for a value."""

import json

import pytest
from alembic import command
from sqlalchemy import create_engine, event, func, insert, inspect, select, text

from idp.audit import store as audit_store
from idp.audit.query import Wanted
from idp.database import Base
from idp.oidc.tokens import store as tokens_store
from idp.operations import schema
from idp.outbox import store as outbox_store
from tests.conftest import NOON, make_settings
from tests.filled import row_of
from tests.migrated import empty_database, postgres_migrated, sqlite_migrated

__all__ = ["empty_database", "postgres_migrated", "sqlite_migrated"]

ROWS = 43
SPARSE = {
    "token_families": ("session_id", "account_id", "parent_id"),
    "audit_events": ("account_id", "customer_id"),
    "jobs": ("account_id", "finished_at"),
}
CASES = {
    "ix_token_families_session": lambda db: tokens_store.end_of_sessions(db, ["session_id-7", "s"], "r", NOON),
    "ix_token_families_account": lambda db: tokens_store.end_of_accounts(db, ["account_id-7", "s"], "r", NOON),
    "ix_token_families_parent": lambda db: tokens_store.end_family(db, "id-7", "r", NOON),
    "ix_audit_events_account": lambda db: audit_store.events_of_account(db, "account_id-7", before=None, limit=5),
    "ix_audit_events_customer": lambda db: audit_store.newest(db, Wanted(customer_id="customer_id-7"), before=None, limit=5),
    "ix_jobs_finished_at": lambda db: outbox_store.delete_expired(db, NOON, 5),
}


@pytest.fixture
def filled(unit):
    """Tables of which every tenth row has the value."""
    with unit() as work:
        for name, columns in SPARSE.items():
            table = Base.metadata.tables[name]
            rows = [
                row_of(table, number) | {column: f"{column}-{number}" if number % 10 == 0 else None for column in columns}
                for number in range(3, ROWS)
            ]
            for row in rows:
                if "finished_at" in row:
                    row["finished_at"] = NOON if row["finished_at"] else None
            work.db.execute(insert(table), rows)
        work.db.execute(text("ANALYZE"))
    return unit


@pytest.mark.parametrize("index", CASES)
def test_what_looks_for_a_value_uses_the_index(filled, index) -> None:
    plans = []

    def explain(_connection, cursor, statement, parameters, _context, _many) -> None:
        asked = cursor.connection.cursor()
        asked.execute(("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + statement, parameters)
        plans.append(json.dumps([[str(value) for value in row] for row in asked.fetchall()]))

    with filled() as work:
        sqlite = work.db.dialect.name == "sqlite"
        if not sqlite:
            work.db.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))  # as for statements that are prepared for good
            work.db.execute(text("SET LOCAL enable_seqscan = off"))  # the table is small
        event.listen(work.db, "before_cursor_execute", explain)
        CASES[index](work.db)
    assert any(index in plan for plan in plans), plans


def indexes(engine) -> dict[str, tuple[list[str], list[str]]]:
    with engine.connect() as connection:
        return {
            str(index["name"]): (index["column_names"], [str(value) for value in index.get("dialect_options", {}).values()])
            for table in (*SPARSE, "authorization_requests")
            for index in inspect(connection).get_indexes(table)
        }


def test_the_migration_goes_up_and_down_with_rows(empty_database, database, tmp_path) -> None:
    address = empty_database(database.partition(":")[0])
    settings, engine = make_settings(address, tmp_path), create_engine(address)

    def down() -> None:
        with engine.begin() as connection:
            config = schema.alembic_config()
            config.attributes["connection"] = connection
            command.downgrade(config, "0006")

    up = indexes(engine)
    with engine.begin() as connection:
        for name in SPARSE:
            table = Base.metadata.tables[name]
            connection.execute(insert(table), [row_of(table, number) for number in (2, 3)])
    down()
    before = indexes(engine)
    assert before.keys() == up.keys()
    assert {name for name in up if up[name] != before[name]} >= {*CASES, "ix_jobs_account_id", "ix_authorization_requests_pushed_id"}
    schema.upgrade(settings)
    assert indexes(engine) == up
    down()
    assert indexes(engine) == before
    with engine.connect() as connection:
        assert {connection.execute(select(func.count()).select_from(Base.metadata.tables[name])).scalar() for name in SPARSE} == {2}
    engine.dispose()
