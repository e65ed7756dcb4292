"""One job through claim, send and record, whatever comes of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from idp.outbox import JobFinished, JobState, jobs, store
from idp.outbox.delivery import LEASE, Delivery
from idp.outbox.senders import MAX_ATTEMPTS, Failed, Retry, Sent, Uncertain
from idp.outbox.tables import Job
from tests.storage.outbox.conftest import ChosenSender


@pytest.fixture
def job_id(unit, clock):
    with unit() as work:
        return jobs.enqueue(work, "sms", {"to": "x"}, secret={"pin": "1"}, useless_after=clock() + timedelta(minutes=5))


def row(units, job_id):
    with units.read() as work:
        return work.db.execute(select(Job.__table__).where(Job.id == job_id)).mappings().one()


def claim(units, worker="dead", kind="sms"):
    with units.write() as work:
        return store.claim(work.db, kind, worker, work.now, work.now + LEASE)


def test_a_sent_job_notes_the_providers_name_for_it_and_is_told(units, job_id, worker, told):
    worker(sms=ChosenSender()).drain()
    assert (row(units, job_id)["state"], row(units, job_id)["provider_id"]) == ("sent", "provider-1")
    assert told == [JobFinished(job_id, "sms", JobState.SENT, {"to": "x"})]


def test_a_refused_job_notes_why_and_is_told(units, job_id, worker, told):
    worker(sms=ChosenSender(outcomes=[Failed("no such number")])).drain()
    assert row(units, job_id)["error"] == "no such number"
    assert [(event.state, event.error) for event in told] == [(JobState.FAILED, "no such number")]


def test_a_job_that_may_be_sent_once_is_not_repeated_after_an_unknown_outcome(units, job_id, worker, told, clock):
    sender = ChosenSender(at_most_once=True, outcomes=[Uncertain("closed")])
    worker(sms=sender).drain()
    clock.advance(minutes=1)
    worker(sms=sender).drain()
    assert len(sender.jobs) == 1
    assert [event.state for event in told] == [JobState.UNCERTAIN]


def test_a_broken_sender_counts_as_an_unknown_outcome(units, job_id, worker, told):
    worker(sms=ChosenSender(at_most_once=True, outcomes=[RuntimeError("pin 1234567")])).drain()
    assert told[0].state is JobState.UNCERTAIN
    assert "1234567" not in row(units, job_id)["error"]


def test_a_job_that_may_be_repeated_is_after_an_unknown_outcome(units, job_id, worker, told, clock):
    sender = ChosenSender(outcomes=[Uncertain("closed")])
    worker(sms=sender).drain()
    assert told == []
    clock.advance(minutes=1)
    worker(sms=sender).drain()
    assert [job.attempt for job in sender.jobs] == [1, 2]


def test_a_job_that_surely_was_not_sent_is_tried_again_within_its_life(units, job_id, worker, told, clock):
    sender = ChosenSender(at_most_once=True, outcomes=[Retry("throttled", after=timedelta(seconds=1))])
    worker(sms=sender).drain()
    clock.advance(seconds=1)
    worker(sms=sender).drain()
    assert (len(sender.jobs), told[0].state) == (2, JobState.SENT)


def test_a_useless_job_is_not_sent(units, job_id, worker, told, clock):
    clock.advance(minutes=5)
    sender = ChosenSender()
    worker(sms=sender).drain()
    assert (sender.jobs, told[0].state) == ([], JobState.FAILED)


def test_a_job_fails_at_once_when_its_next_attempt_would_come_too_late(units, job_id, worker, told):
    worker(sms=ChosenSender(outcomes=[Retry("down", after=timedelta(minutes=5))])).drain()
    assert told[0].state is JobState.FAILED


def test_a_job_is_given_up_after_the_last_attempt(units, unit, worker, told, clock):
    with unit() as work:
        jobs.enqueue(work, "mail", {})
    sender = ChosenSender(outcomes=[Retry("down")] * MAX_ATTEMPTS)
    for _ in range(MAX_ATTEMPTS + 3):
        worker(mail=sender).drain()
        clock.advance(hours=2)
    assert (len(sender.jobs), told[0].state) == (MAX_ATTEMPTS, JobState.FAILED)


def test_a_mail_of_a_dead_worker_is_sent_again_when_its_lease_ends(units, job_id, worker, told, clock):
    claim(units)
    sender = ChosenSender()
    clock.advance(seconds=29)
    assert worker(sms=sender).drain() == 0
    clock.advance(seconds=2)
    worker(sms=sender).drain()
    assert (len(sender.jobs), told[0].state) == (1, JobState.SENT)


def test_a_pin_of_a_dead_worker_is_uncertain_when_its_lease_ends(units, job_id, worker, told, clock):
    claim(units)
    sender = ChosenSender(at_most_once=True)
    clock.advance(seconds=31)
    worker(sms=sender).drain()
    assert (sender.jobs, [event.state for event in told]) == ([], [JobState.UNCERTAIN])
    assert row(units, job_id)["sealed"] is None


def test_a_job_that_kills_each_worker_is_given_up(units, unit, worker, told, clock):
    with unit() as work:
        jobs.enqueue(work, "mail", {})
    for _ in range(MAX_ATTEMPTS):
        assert claim(units, kind="mail")
        clock.advance(seconds=31)
        with units.write() as work:
            store.release_expired(work.db, ["mail"], work.now, "died")
    sender = ChosenSender()
    worker(mail=sender).drain()
    assert (sender.jobs, told[0].state) == ([], JobState.FAILED)


def test_a_long_sending_keeps_its_lease(units, job_id, told, clock):
    class SlowSender(ChosenSender):
        def send(self, job):
            for _ in range(4):
                clock.advance(seconds=20)
                delivery.renew_leases()
            Delivery(units, {"sms": ChosenSender(at_most_once=True)}, "other").take_over()
            return Sent()

    delivery = Delivery(units, {"sms": SlowSender(at_most_once=True)}, "mine")
    delivery.next("sms")
    assert [event.state for event in told] == [JobState.SENT]


def test_who_lost_the_lease_does_not_overwrite_what_the_other_wrote(units, job_id, told, clock):
    class FrozenSender(ChosenSender):
        def send(self, job):
            clock.advance(seconds=31)
            Delivery(units, {"sms": self}, "other").take_over()
            return Sent()

    Delivery(units, {"sms": FrozenSender(at_most_once=True)}, "mine").next("sms")
    assert [event.state for event in told] == [JobState.UNCERTAIN]
    assert row(units, job_id)["state"] == "uncertain"


def test_a_database_that_is_away_for_a_moment_loses_no_outcome(units, job_id, told, monkeypatch):
    real, failures = store.finish, [1, 1, 1]

    def failing(*arguments):
        if failures and failures.pop():
            raise OperationalError("UPDATE", {}, Exception("server closed the connection"))
        return real(*arguments)

    monkeypatch.setattr(store, "finish", failing)
    pauses = []
    sender = ChosenSender(at_most_once=True)
    Delivery(units, {"sms": sender}, "mine", pause=pauses.append).next("sms")
    assert (len(sender.jobs), len(pauses), row(units, job_id)["state"]) == (1, 3, "sent")


def test_a_broken_handler_does_not_make_a_job_repeat(units, job_id, monkeypatch):
    def broken(work, event):
        raise RuntimeError("a mistake in a handler")

    monkeypatch.setattr(units, "_handlers", {JobFinished: [broken]})
    sender = ChosenSender()
    Delivery(units, {"sms": sender}, "mine").next("sms")
    assert (len(sender.jobs), row(units, job_id)["state"]) == (1, "sent")


def test_the_most_overdue_job_comes_first(units, unit, worker, clock, told):
    for minutes in (3, 1, 2):
        with unit() as work:
            jobs.enqueue(work, "mail", {"n": minutes}, due=clock() + timedelta(minutes=minutes))
    clock.advance(minutes=10)
    sender = ChosenSender()
    worker(mail=sender).drain()
    assert [job.payload["n"] for job in sender.jobs] == [1, 2, 3]


def test_pins_come_before_mails(units, unit, worker, told):
    order = []

    class Noting(ChosenSender):
        def send(self, job):
            order.append(job.kind)
            return Sent()

    with unit() as work:
        for kind in ("mail", "logout_token", "sms"):
            jobs.enqueue(work, kind, {})
    worker(mail=Noting(), logout_token=Noting(), sms=Noting()).drain()
    assert order[0] == "sms"
