"""Lists come from the replica, decisions from the primary; what is away or far behind is left alone.

The replica of these tests is a second database that is filled differently, so that a page shows where it was read.
"""

import time
from collections.abc import Iterator
from datetime import timedelta

import flask
import pytest
from sqlalchemy import create_engine, insert, text, update

from idp import metrics, replica
from idp.app import worker_of
from idp.authn import sessions
from idp.authn.events import EndReason
from idp.database import Base
from idp.directory.tables import Account as AccountRow
from idp.outbox.tables import PeriodicRun
from idp.settings import Settings
from idp.unit_of_work import SYSTEM
from tests import builders
from tests.conftest import NOON, closing_app, make_settings
from tests.counting import counting
from tests.http.console.administrator import HOME, Administrator, new_person
from tests.visitor import deliver, give_password, signed_in_browser

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def elsewhere(postgres) -> Iterator[str]:
    """The address of another database with all tables."""
    with postgres.database("template_idp") as url:
        yield url


@pytest.fixture
def settings(database: str, tmp_path, elsewhere: str) -> Settings:
    return make_settings(database, tmp_path, database_replica_url=elsewhere)


@pytest.fixture
def app(settings: Settings, clock) -> Iterator[flask.Flask]:
    with closing_app(settings, clock) as made:
        yield made


@pytest.fixture
def max_muster(units, unit):
    """The administrator who looks at the list."""
    with unit() as work:
        account = builders.administrator(work)
    return give_password(units, account)


@pytest.fixture
def copied(app, max_muster, database, elsewhere, units):
    """Fill the replica with what the primary has, the family name apart; gives what sets its beat."""
    here, there = create_engine(database), create_engine(elsewhere)
    with here.connect() as source, there.begin() as target:
        target.execute(text("SET session_replication_role = replica"))  # no foreign keys on the way
        for table in Base.metadata.sorted_tables:
            rows = [dict(row) for row in source.execute(table.select()).mappings()]
            if rows and table.name != "signing_keys":
                target.execute(table.delete())
                target.execute(table.insert(), rows)
        target.execute(update(AccountRow).values(family_name="Anderswo"))
    here.dispose()

    def beat(at=NOON):
        with there.begin() as target:
            target.execute(text("DELETE FROM periodic_runs"))
            target.execute(insert(PeriodicRun).values(name=replica.BEAT, started_at=at))

    beat()
    yield beat
    there.dispose()


@pytest.fixture
def console(app, max_muster, copied) -> Administrator:
    return Administrator(signed_in_browser(app, max_muster))


def names(console: Administrator) -> list[str]:
    console.open(HOME)
    return [row["Vor- und Nachname"].removesuffix(" (Sie)") for row in console.rows]


def test_the_list_is_read_at_the_replica(console):
    with counting(metrics.REPLICA_READS) as reads:
        assert names(console) == ["Max Anderswo"]
    assert reads == {("replica",): 1}


def test_who_may_enter_is_decided_at_the_primary(console, unit, max_muster):
    with unit() as work:
        sessions.end_all_of(work, [max_muster.id], EndReason.SIGNED_OUT_BY_ADMIN)
    console.open(HOME)
    assert "/signin/" in console.address


def test_one_account_is_shown_from_the_primary(console, max_muster):
    console.open(f"/console/accounts/{max_muster.id}")
    assert 'value="Muster"' in console.page.text
    assert 'value="Anderswo"' not in console.page.text


def test_who_has_just_changed_something_sees_it(console, clock, copied):
    console.submit("/console/accounts/new", **new_person())
    assert names(console) == ["Tanja Testerin", "Max Muster"]
    clock.advance(seconds=61)
    copied(clock.now)
    assert names(console) == ["Max Anderswo"]


def test_others_still_read_at_the_replica_meanwhile(app, console, max_muster):
    console.submit("/console/accounts/new", **new_person())
    other = Administrator(signed_in_browser(app, max_muster))
    assert names(other) == ["Max Anderswo"]


@pytest.mark.parametrize("behind", [timedelta(seconds=61), timedelta(days=1)])
def test_a_replica_that_is_far_behind_is_left_alone(console, copied, behind):
    copied(NOON - behind)
    with counting(metrics.REPLICA_READS) as reads:
        assert names(console) == ["Max Muster"]
    assert reads == {("lagging",): 1}


def test_a_replica_without_any_beat_is_left_alone(console, elsewhere):
    engine = create_engine(elsewhere)
    with engine.begin() as target:
        target.execute(text("DELETE FROM periodic_runs"))
    engine.dispose()
    assert names(console) == ["Max Muster"]


def test_one_within_the_allowed_lag_is_used(console, copied):
    copied(NOON - timedelta(seconds=59))
    assert names(console) == ["Max Anderswo"]


def test_a_replica_that_breaks_while_it_is_read_costs_nobody_a_page(console, elsewhere):
    engine = create_engine(elsewhere)
    with engine.begin() as target:
        target.execute(text("ALTER TABLE accounts RENAME TO accounts_gone"))
    with counting(metrics.REPLICA_READS) as reads:
        console.open(HOME)
        first = console.page.status_code
        assert names(console) == ["Max Muster"]
    with engine.begin() as target:
        target.execute(text("ALTER TABLE accounts_gone RENAME TO accounts"))
    engine.dispose()
    assert first == 200
    assert set(reads) == {("away",)}


def test_a_replica_that_hangs_up_is_left_for_the_primary(console, postgres, elsewhere):
    assert names(console) == ["Max Anderswo"]
    name = elsewhere.rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    try:
        assert names(console) == ["Max Muster"]
    finally:
        postgres.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_one_that_is_back_is_used_again(console, copied, monkeypatch):
    copied(NOON - timedelta(hours=1))
    assert names(console) == ["Max Muster"]
    copied()
    assert names(console) == ["Max Muster"], "it is left alone for some seconds"
    later = time.monotonic() + 11
    monkeypatch.setattr("idp.replica.monotonic", lambda: later)
    assert names(console) == ["Max Anderswo"]


def test_an_address_where_nobody_answers_costs_one_try(database, tmp_path, clock, free_port):
    gone = make_settings(database, tmp_path, database_replica_url=f"postgresql://idp@127.0.0.1:{free_port()}/idp")
    with closing_app(gone, clock) as app:
        units = app.extensions["idp.units"]
        with units.write(SYSTEM) as work:
            account = builders.administrator(work)
        console = Administrator(signed_in_browser(app, account))
        tries = []
        connect = units._replica.engine.connect
        units._replica.engine.connect = lambda: tries.append(1) or connect()
        assert names(console) == names(console) == ["Max Muster"]
    assert tries == [1]


def test_workers_beat_where_there_is_a_replica(app, units):
    worker = worker_of(app)
    assert replica.BEAT in {job.name for job in worker._periodic}
    deliver(app)


def test_writing_units_and_plain_reading_units_never_ask_the_replica(units, copied):
    for opened in (units.write, units.read):
        with opened() as work:
            assert work.db.execute(text("SELECT family_name FROM accounts")).scalars().all() == ["Muster"]
    with units.read(replica=True) as work:
        assert work.db.execute(text("SELECT family_name FROM accounts")).scalars().all() == ["Anderswo"]
