"""Invitations: sent, scheduled, moved, taken back, replaced, used."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from idp import outbox
from idp.directory import accounts, invitations
from idp.directory.accounts import Status
from idp.directory.entries import Invitation
from idp.directory.errors import AlreadyActive, InvitationGone, LinkVoid, NotInvitable
from idp.directory.events import InvitationEnded
from idp.directory.invitations import LinkState
from idp.directory.store import invitations as store
from idp.directory.tables import Invitation as Table
from idp.errors import InvalidField, NotFound, TooMany
from idp.outbox import JobFinished, JobState
from idp.outbox.tables import Job
from tests import builders

local = datetime.fromisoformat
TOMORROW_NINE = local("2026-03-03T09:00")
"""Local time; the tests' clock stands at 2 March 2026, 13:00 in Berlin."""


@pytest.fixture
def tanja(unit, muster):
    with unit() as work:
        return builders.invited_account(work, muster)


@pytest.fixture
def scheduled(unit, muster):
    with unit() as work:
        return builders.invited_account(work, muster, send_at=TOMORROW_NINE)


def open_invitation(units, account) -> Invitation:
    with units.read() as work:
        found = store.open_of(work.db, account.id)
    assert found
    return found


def job(units, invitation):
    with units.read() as work:
        return work.db.execute(select(Job.__table__).where(Job.id == invitation.job_id)).mappings().one()


def token(unit, account):
    with unit() as work:
        return builders.link_token(work, account)


def link(units, token):
    with units.read() as work:
        return invitations.find_by_token(work, token)


def status(units, account):
    with units.read() as work:
        return accounts.show(work, account.customer_id, account.id).status


def test_the_token_is_stored_hashed_only(unit, units, tanja):
    secret = token(unit, tanja)
    with units.read() as work:
        stored = work.db.execute(select(Table.token_hash).where(Table.account_id == tanja.id)).scalar_one()
    assert len(secret) >= 43
    assert secret not in stored


def test_opening_a_link_does_not_use_it_up(unit, units, tanja):
    secret = token(unit, tanja)
    assert [link(units, secret).state for _ in range(3)] == [LinkState.OPEN] * 3


def test_an_unknown_link_is_nothing(units, tanja):
    assert link(units, "nothing") is None


def test_an_invitation_lives_14_days(unit, units, clock, tanja):
    secret = token(unit, tanja)
    clock.advance(days=14, seconds=-1)
    assert link(units, secret).state is LinkState.OPEN
    clock.advance(seconds=1)
    assert link(units, secret).state is LinkState.EXPIRED
    assert status(units, tanja) is Status.INVITATION_EXPIRED


def test_an_expired_link_cannot_be_used_up(unit, units, clock, tanja):
    clock.advance(days=14)
    with unit() as work:
        assert not invitations.use_up(work, open_invitation(units, tanja).id)


def test_of_parallel_uses_of_one_link_one_succeeds(unit, units, tanja):
    invitation_id, answers = open_invitation(units, tanja).id, []

    def use():
        with unit() as work:
            answers.append(invitations.use_up(work, invitation_id))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == [False, False, False, True]


def test_a_used_link_says_so(unit, units, tanja):
    secret = token(unit, tanja)
    with unit() as work:
        builders.activated(work, tanja)
    assert link(units, secret).state is LinkState.USED


def test_a_resent_invitation_ends_the_link_before(unit, units, told, muster, tanja):
    old, ended = token(unit, tanja), open_invitation(units, tanja)
    with unit() as work:
        invitations.resend(work, muster.id, tanja.id)
    assert link(units, old).state is LinkState.REPLACED
    assert link(units, token(unit, tanja)).state is LinkState.OPEN
    assert told == [InvitationEnded(ended.id, tanja.id)]
    assert job(units, ended)["state"] == "cancelled"


def test_an_account_of_another_customer_is_not_found(unit, muster, tanja):
    with unit() as work:
        other = builders.customer(work, builders.OTHER_NUMBER)
    for call in (invitations.resend, invitations.cancel, lambda *asked: invitations.move(*asked, TOMORROW_NINE)):
        with pytest.raises(NotFound), unit() as work:
            call(work, other.id, tanja.id)


def test_an_active_account_needs_no_invitation(unit, muster):
    with unit() as work:
        account = builders.active_account(work, muster)
    with pytest.raises(AlreadyActive), unit() as work:
        invitations.resend(work, muster.id, account.id)


STOPS = [
    lambda work, account: accounts.lock(work, account.id),
    lambda work, account: accounts.deactivate(work, account.customer_id, account.id),
]


@pytest.mark.parametrize("stop", STOPS)
def test_a_locked_or_deactivated_account_is_not_called_active(unit, muster, stop):
    with unit() as work:
        account = builders.active_account(work, muster)
        stop(work, account)
    with pytest.raises(NotInvitable), unit() as work:
        invitations.invite(work, account.id)


@pytest.mark.parametrize("stop", STOPS)
def test_a_locked_or_deactivated_account_is_not_invited_and_its_link_is_void(unit, units, muster, tanja, stop):
    secret, opened = token(unit, tanja), open_invitation(units, tanja)
    with unit() as work:
        stop(work, tanja)
    assert link(units, secret).state is LinkState.CANCELLED
    with unit() as work:
        assert not invitations.use_up(work, opened.id)
    with pytest.raises(NotInvitable), unit() as work:
        invitations.resend(work, muster.id, tanja.id)


def test_a_lifted_lock_makes_the_link_good_again(unit, units, tanja):
    secret = token(unit, tanja)
    with unit() as work:
        accounts.lock(work, tanja.id)
        accounts.unlock(work, tanja.id)
    assert link(units, secret).state is LinkState.OPEN


def test_at_most_ten_invitations_a_day_go_to_one_account(unit, clock, muster, tanja):
    with unit() as work:
        for _ in range(9):
            invitations.resend(work, muster.id, tanja.id)
    with pytest.raises(TooMany) as refused, unit() as work:
        invitations.resend(work, muster.id, tanja.id)
    assert refused.value.retry_after <= 24 * 3600
    clock.advance(days=1)
    with unit() as work:
        assert invitations.resend(work, muster.id, tanja.id)


# --- scheduled


def test_a_scheduled_invitation_waits_in_utc_beside_the_entered_local_time(units, scheduled):
    waiting = open_invitation(units, scheduled)
    assert waiting.send_at.isoformat() == "2026-03-03T08:00:00+00:00"
    assert waiting.scheduled_local == "2026-03-03T09:00 Europe/Berlin"
    assert job(units, waiting)["due"] is not None
    assert waiting.expires_at - waiting.send_at == timedelta(days=14)


def test_the_mail_of_a_scheduled_invitation_is_due_at_its_minute(units, scheduled):
    waiting = open_invitation(units, scheduled)
    with units.read() as work:
        due = work.db.execute(select(Job.due).where(Job.id == waiting.job_id)).scalar_one()
    assert due == waiting.send_at


def test_a_scheduled_invitation_counts_as_sent_from_its_minute(units, clock, scheduled):
    assert status(units, scheduled) is Status.INVITATION_SCHEDULED
    clock.advance(hours=20, seconds=-1)
    assert status(units, scheduled) is Status.INVITATION_SCHEDULED
    clock.advance(seconds=1)
    assert status(units, scheduled) is Status.INVITATION_SENT


def test_a_link_that_waits_cannot_be_used_up(unit, units, scheduled):
    with unit() as work:
        assert not invitations.use_up(work, open_invitation(units, scheduled).id)


@pytest.mark.parametrize("entered", [local("2026-03-02T13:00"), local("2026-03-02T12:59"), local("2020-01-01T00:00")])
def test_the_past_and_the_present_minute_are_refused(unit, muster, entered):
    with pytest.raises(InvalidField) as refused, unit() as work:
        builders.invited_account(work, muster, send_at=entered)
    assert refused.value.field == "send_at"


def test_a_refused_time_creates_no_account(unit, units, muster):
    with pytest.raises(InvalidField), unit() as work:
        builders.invited_account(work, muster, send_at=local("2020-01-01T00:00"), username="nobody.new")
    with units.read() as work:
        assert accounts.find_by_username(work, "nobody.new") is None


def test_a_time_more_than_a_year_ahead_is_refused(unit, muster):
    with pytest.raises(InvalidField), unit() as work:
        builders.invited_account(work, muster, send_at=local("2027-03-04T00:00"))


def test_a_time_that_the_clocks_skip_is_refused(unit, muster):
    with pytest.raises(InvalidField), unit() as work:
        builders.invited_account(work, muster, send_at=local("2026-03-29T02:30"))


def test_of_a_time_that_comes_twice_the_first_is_meant(unit, units, muster):
    with unit() as work:
        account = builders.invited_account(work, muster, send_at=local("2026-10-25T02:30"))
    assert open_invitation(units, account).send_at.isoformat() == "2026-10-25T00:30:00+00:00"


def test_a_scheduled_invitation_can_be_moved(unit, units, muster, scheduled):
    with unit() as work:
        invitations.move(work, muster.id, scheduled.id, TOMORROW_NINE + timedelta(hours=1))
    moved = open_invitation(units, scheduled)
    assert moved.send_at.isoformat() == "2026-03-03T09:00:00+00:00"
    assert moved.scheduled_local == "2026-03-03T10:00 Europe/Berlin"
    with units.read() as work:
        assert work.db.execute(select(Job.due).where(Job.id == moved.job_id)).scalar_one() == moved.send_at


def test_a_scheduled_invitation_can_be_taken_back(unit, units, told, muster, scheduled):
    waiting = open_invitation(units, scheduled)
    with unit() as work:
        invitations.cancel(work, muster.id, scheduled.id)
    assert status(units, scheduled) is Status.NOT_INVITED
    assert job(units, waiting)["state"] == "cancelled"
    assert told == [InvitationEnded(waiting.id, scheduled.id)]


@pytest.mark.parametrize("call", [invitations.cancel, lambda *asked: invitations.move(*asked, local("2026-03-20T09:00"))])
def test_what_has_been_sent_can_be_neither_moved_nor_taken_back(unit, clock, muster, scheduled, tanja, call):
    with pytest.raises(InvitationGone), unit() as work:
        call(work, muster.id, tanja.id)
    clock.advance(days=2)
    with pytest.raises(InvitationGone), unit() as work:
        call(work, muster.id, scheduled.id)


@pytest.mark.parametrize("call", [invitations.cancel, lambda *asked: invitations.move(*asked, local("2026-03-20T09:00"))])
def test_what_the_worker_has_taken_can_be_neither_moved_nor_taken_back(unit, units, muster, scheduled, call):
    waiting = open_invitation(units, scheduled)
    with unit() as work:
        while outbox.store.claim(work.db, "mail", "worker", waiting.send_at, waiting.send_at + timedelta(minutes=1)):
            pass
    with pytest.raises(InvitationGone), unit() as work:
        call(work, muster.id, scheduled.id)


def test_deactivating_takes_back_what_waits(unit, units, muster, scheduled):
    waiting = open_invitation(units, scheduled)
    with unit() as work:
        accounts.deactivate(work, muster.id, scheduled.id)
        accounts.reactivate(work, muster.id, scheduled.id)
    assert status(units, scheduled) is Status.NOT_INVITED
    assert job(units, waiting)["state"] == "cancelled"


def test_a_change_before_its_time_keeps_the_time_and_renews_the_mail(unit, units, muster, scheduled):
    before = open_invitation(units, scheduled)
    change = accounts.AccountChange(role=scheduled.role, given_name="Tina", family_name="Testerin", email="tina@example.com")
    with unit() as work:
        edited = accounts.edit(work, muster.id, scheduled.id, change)
    after = open_invitation(units, scheduled)
    assert edited.invited
    assert (after.send_at, after.scheduled_local) == (before.send_at, before.scheduled_local)
    assert job(units, after)["payload"]["to"] == "tina@example.com"
    assert job(units, before)["state"] == "cancelled"


# --- delivery and expired links


def test_the_row_shows_a_failed_delivery(unit, units, tanja):
    sent = open_invitation(units, tanja)
    with unit() as work:
        invitations.note_delivery(work, JobFinished(sent.job_id, "mail", JobState.FAILED, {}))
    assert status(units, tanja) is Status.DELIVERY_FAILED
    assert open_invitation(units, tanja).delivery_failed_at is not None


def test_the_row_shows_a_delivery(unit, units, clock, tanja):
    sent = open_invitation(units, tanja)
    with unit() as work:
        invitations.note_delivery(work, JobFinished(sent.job_id, "mail", JobState.SENT, {}))
    assert status(units, tanja) is Status.INVITATION_SENT
    assert open_invitation(units, tanja).delivered_at == clock()


def test_other_mails_say_nothing_of_invitations(unit, units, tanja):
    with unit() as work:
        invitations.note_delivery(work, JobFinished("another", "mail", JobState.FAILED, {}))
    assert status(units, tanja) is Status.INVITATION_SENT


def test_an_expired_link_offers_a_new_invitation_to_the_address_on_file(unit, units, clock, tanja):
    secret = token(unit, tanja)
    clock.advance(days=15)
    with unit() as work:
        invitations.resend_expired(work, secret)
    assert job(units, open_invitation(units, tanja))["payload"]["to"] == tanja.email
    assert status(units, tanja) is Status.INVITATION_SENT


def test_asking_twice_at_an_expired_link_sends_one_invitation(unit, units, clock, tanja):
    secret = token(unit, tanja)
    clock.advance(days=15)
    with unit() as work:
        invitations.resend_expired(work, secret)
    first = open_invitation(units, tanja)
    with unit() as work:
        invitations.resend_expired(work, secret)
    assert open_invitation(units, tanja).id == first.id


@pytest.mark.parametrize("state", ["open", "used", "unknown"])
def test_only_an_expired_link_sends_a_new_one(unit, muster, tanja, state):
    secret = token(unit, tanja) if state != "unknown" else "unknown"
    if state == "used":
        with unit() as work:
            builders.activated(work, tanja)
    with pytest.raises(LinkVoid), unit() as work:
        invitations.resend_expired(work, secret)


def test_staff_are_invited_too(unit, units):
    with unit() as work:
        account = accounts.create_staff(work, builders.new_account(role=accounts.Role.OPERATOR, mobile=builders.MOBILE))
        invitations.invite(work, account.id)
    assert status(units, account) is Status.INVITATION_SENT
