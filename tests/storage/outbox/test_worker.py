"""The worker's loop, and several workers on one database."""

import threading
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from idp.errors import TryAgain
from idp.outbox import JobState, Periodic, jobs, periodic
from idp.outbox.senders import Sent
from idp.outbox.worker import Worker
from tests.servers import wait_until
from tests.storage.outbox.conftest import ChosenSender


@contextmanager
def running(worker: Worker):
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def enqueue(unit, kind="mail", count=1, **options):
    with unit() as work:
        return [jobs.enqueue(work, kind, {"n": n}, **options) for n in range(count)]


def states(units, job_ids):
    with units.read() as work:
        return Counter(jobs.states_of(work, job_ids).values())


class HangingSender(ChosenSender):
    """Hangs like a server that accepts a connection and says nothing, until it is let go."""

    def __init__(self):
        super().__init__()
        self.entered = threading.Semaphore(0)
        self.let_go = threading.Event()

    def send(self, job):
        self.entered.release()
        assert self.let_go.wait(20)
        return Sent()


def test_two_workers_at_the_same_time_never_send_one_job_twice(units, unit, told):
    job_ids = enqueue(unit, count=60)
    senders = [ChosenSender(), ChosenSender()]
    workers = [Worker(units, {"mail": sender}) for sender in senders]
    threads = [threading.Thread(target=worker.drain) for worker in workers for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    sent = [job.id for sender in senders for job in sender.jobs]
    assert sorted(sent) == sorted(job_ids)


def test_a_running_worker_sends_what_is_enqueued_meanwhile(units, unit, told):
    with running(Worker(units, {"mail": ChosenSender()})):
        job_ids = enqueue(unit)
        wait_until(lambda: states(units, job_ids)[JobState.SENT] == 1)


def test_a_hanging_mail_server_does_not_delay_a_pin(units, unit, told):
    hanging, pins = HangingSender(), ChosenSender(at_most_once=True)
    with running(Worker(units, {"mail": hanging, "sms": pins})):
        enqueue(unit, count=20)
        for _ in range(4):
            assert hanging.entered.acquire(timeout=10)
        job_ids = enqueue(unit, kind="sms")
        wait_until(lambda: states(units, job_ids)[JobState.SENT] == 1)
        hanging.let_go.set()


def test_stopping_finishes_what_is_being_sent_and_starts_nothing_new(units, unit, told):
    hanging = HangingSender()
    job_ids = enqueue(unit, count=10)
    stop = threading.Event()
    thread = threading.Thread(target=Worker(units, {"mail": hanging}).run, args=(stop,))
    thread.start()
    for _ in range(4):
        assert hanging.entered.acquire(timeout=10)
    stop.set()
    hanging.let_go.set()
    thread.join(20)
    assert states(units, job_ids) == {JobState.SENT: 4, JobState.WAITING: 6}


def test_a_dead_database_does_not_end_the_loop(units, unit, told, monkeypatch):
    real, failures = units.read, [OperationalError("SELECT", {}, Exception("gone")), TryAgain("database: gone")]

    @contextmanager
    def failing(*arguments):
        if failures:
            raise failures.pop()
        with real(*arguments) as work:
            yield work

    job_ids = enqueue(unit)
    monkeypatch.setattr(units, "read", failing)
    with running(Worker(units, {"mail": ChosenSender()})):
        wait_until(lambda: not failures and states(units, job_ids)[JobState.SENT] == 1)


def test_of_several_workers_one_runs_a_periodic_job(units, clock):
    runs = []
    job = Periodic("clean", timedelta(minutes=10), lambda units: runs.append(1))
    assert [periodic.run(units, job) for _ in range(3)] == [True, False, False]
    clock.advance(minutes=10)
    assert periodic.due(units, (job,)) == [job]
    assert [periodic.run(units, job) for _ in range(2)] == [True, False]
    assert len(runs) == 2


def test_a_broken_periodic_job_waits_for_its_next_run(units, clock):
    def broken(units):
        raise ValueError("a mistake")

    job = Periodic("clean", timedelta(minutes=10), broken)
    assert periodic.run(units, job)
    assert periodic.due(units, (job,)) == []


@pytest.mark.parametrize("count", [1, 2])
def test_the_running_loop_runs_periodic_jobs(units, told, count):
    ran = threading.Event()
    jobs_ = [Periodic(f"job-{n}", timedelta(hours=1), lambda units: ran.set()) for n in range(count)]
    with running(Worker(units, {}, jobs_)):
        assert ran.wait(10)
