"""Jobs as callers see them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from idp.errors import NotFound
from idp.identifiers import JobId
from idp.outbox import JobState, jobs, store
from idp.outbox.senders import Failed, Retry, Uncertain
from idp.outbox.tables import Job
from tests.storage.outbox.conftest import ChosenSender


def row(units, job_id):
    with units.read() as work:
        return work.db.execute(select(Job.__table__).where(Job.id == job_id)).mappings().one()


def enqueued(unit, **options):
    with unit() as work:
        return jobs.enqueue(work, options.pop("kind", "mail"), {"to": "somebody"}, **options)


def state(units, job_id):
    with units.read() as work:
        return jobs.state_of(work, job_id)


def test_a_job_waits_until_the_change_that_causes_it_is_committed(units, unit, worker):
    sender = ChosenSender()

    def change_that_fails():
        with unit() as work:
            jobs.enqueue(work, "mail", {"to": "somebody"})
            raise NotFound

    with pytest.raises(NotFound):
        change_that_fails()
    assert worker(mail=sender).drain() == 0


def test_a_scheduled_job_is_not_sent_before_its_minute(units, unit, worker, clock):
    job_id = enqueued(unit, due=clock() + timedelta(minutes=10))
    sender = ChosenSender()
    clock.advance(minutes=9, seconds=59)
    worker(mail=sender).drain()
    assert state(units, job_id) is JobState.WAITING
    clock.advance(seconds=1)
    worker(mail=sender).drain()
    assert state(units, job_id) is JobState.SENT


def test_a_waiting_job_can_be_cancelled(units, unit, worker, clock):
    job_id = enqueued(unit, due=clock() + timedelta(hours=1))
    with unit() as work:
        assert jobs.cancel(work, job_id)
    clock.advance(hours=2)
    assert worker(mail=ChosenSender()).drain() == 0
    assert state(units, job_id) is JobState.CANCELLED


def test_a_sent_job_can_neither_be_cancelled_nor_moved(units, unit, worker, clock):
    job_id = enqueued(unit)
    worker(mail=ChosenSender()).drain()
    with unit() as work:
        assert not jobs.cancel(work, job_id)
        assert not jobs.move(work, job_id, clock() + timedelta(hours=1))


def test_a_moved_job_keeps_its_new_times(units, unit, worker, clock):
    job_id = enqueued(unit, due=clock() + timedelta(minutes=10))
    with unit() as work:
        assert jobs.move(work, job_id, clock() + timedelta(minutes=30), clock() + timedelta(days=1))
    clock.advance(minutes=29)
    assert worker(mail=ChosenSender()).drain() == 0
    clock.advance(minutes=1)
    assert worker(mail=ChosenSender()).drain() == 1
    assert row(units, job_id)["useless_after"] == clock() + timedelta(days=1) - timedelta(minutes=30)


def test_states_are_told_for_many_jobs_at_once_and_unknown_ones_left_out(units, unit):
    first, second = enqueued(unit), enqueued(unit)
    with units.read() as work:
        assert jobs.states_of(work, [first, second, JobId("unknown")]) == {first: JobState.WAITING, second: JobState.WAITING}
        with pytest.raises(NotFound):
            jobs.state_of(work, JobId("unknown"))


def test_the_secret_is_sealed_in_the_row_and_open_for_the_sender(units, unit, worker):
    job_id = enqueued(unit, secret={"pin": "2623565"})
    sender = ChosenSender()
    assert b"2623565" not in row(units, job_id)["sealed"]
    worker(mail=sender).drain()
    assert sender.jobs[0].secret == {"pin": "2623565"}
    assert "2623565" not in repr(sender.jobs[0])


@pytest.mark.parametrize("outcome", [None, Failed("refused"), Uncertain("closed")])
def test_the_secret_is_wiped_when_the_job_ends(units, unit, worker, outcome):
    job_id = enqueued(unit, secret={"pin": "2623565"})
    worker(mail=ChosenSender(at_most_once=True, outcomes=[outcome] if outcome else [])).drain()
    assert row(units, job_id)["sealed"] is None


def test_the_secret_stays_while_the_job_waits_for_another_attempt(units, unit, worker, clock):
    job_id = enqueued(unit, secret={"link": "x"})
    sender = ChosenSender(outcomes=[Retry("busy")])
    worker(mail=sender).drain()
    assert row(units, job_id)["sealed"] is not None
    clock.advance(minutes=1)
    worker(mail=sender).drain()
    assert sender.jobs[1].secret == {"link": "x"}


def test_the_secret_is_wiped_when_the_job_is_cancelled(units, unit):
    job_id = enqueued(unit, secret={"link": "x"})
    with unit() as work:
        jobs.cancel(work, job_id)
    assert row(units, job_id)["sealed"] is None


def test_a_secret_of_another_master_secret_calls_nobody_and_waits_for_a_worker_that_has_it(units, unit, worker):
    job_id = enqueued(unit, secret={"link": "x"})
    with unit() as work:
        work.db.execute(Job.__table__.update().values(sealed=b"another secret's bytes, sealed long ago"))
    sender = ChosenSender()
    worker(mail=sender).drain()
    assert (state(units, job_id), sender.jobs) == (JobState.WAITING, [])


def test_ended_jobs_are_kept_a_month_and_waiting_ones_for_ever(units, unit, worker, clock):
    sent = enqueued(unit)
    waiting = enqueued(unit, kind="other")
    worker(mail=ChosenSender()).drain()
    clock.advance(days=29)
    with unit() as work:
        assert store.delete_expired(work.db, work.now, 100) == 0
    clock.advance(days=2)
    with unit() as work:
        assert store.delete_expired(work.db, work.now, 100) == 1
    with units.read() as work:
        assert jobs.states_of(work, [sent, waiting]) == {waiting: JobState.WAITING}


def test_clean_up_deletes_at_most_as_many_as_asked(unit, worker, clock):
    for _ in range(3):
        enqueued(unit)
    worker(mail=ChosenSender()).drain()
    clock.advance(days=31)
    with unit() as work:
        assert store.delete_expired(work.db, work.now, 2) == 2
