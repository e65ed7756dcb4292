"""Connections to PostgreSQL that the server has left are noticed before they are used, without asking it each time."""

import psycopg
import pytest
from sqlalchemy import event, text

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
ONE, PID = text("SELECT 1"), text("SELECT pg_backend_pid()")


@pytest.mark.parametrize("kind", ["read", "write"])
def test_a_unit_works_at_once_after_the_server_hung_up(units, database, kind):
    with getattr(units, kind)() as work:
        ours = work.db.scalar(PID)
    with psycopg.connect(database, autocommit=True) as another:
        another.execute("SELECT pg_terminate_backend(%s, 2000)", [ours])
    with getattr(units, kind)() as work:
        assert work.db.scalar(PID) != ours


def test_an_open_connection_is_not_asked_whether_it_lives(units):
    with units.read() as work:
        work.db.execute(ONE)
        engine = work.db.engine
    asked = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with units.read() as work:
        work.db.execute(ONE)
    assert asked == ["SELECT 1"]
    assert not engine.pool._pre_ping
