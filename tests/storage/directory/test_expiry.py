"""What is cleaned away, and what stays."""

import pytest
from sqlalchemy import func, select

from idp.directory import invitations
from idp.directory.access_requests import AccessWish, receive
from idp.directory.store import delete_expired
from idp.directory.tables import AccessRequest, Attempt, ContactChange, Invitation
from tests import builders
from tests.storage.directory.conftest import edit


def counted(units, table):
    with units.read() as work:
        return work.db.execute(select(func.count()).select_from(table)).scalar_one()


def clean(unit, limit=100):
    with unit() as work:
        return delete_expired(work.db, work.now, limit)


def test_an_open_invitation_stays_for_ever(unit, units, clock, muster):
    clock.advance(days=1000)
    clean(unit)
    assert counted(units, Invitation) == 1


def test_an_ended_invitation_stays_90_days_so_that_its_link_says_what_became_of_it(unit, units, clock, muster, max_muster):
    clock.advance(days=90)
    clean(unit)
    assert counted(units, Invitation) == 1
    clock.advance(seconds=1)
    clean(unit)
    assert counted(units, Invitation) == 0


def test_an_unproven_request_for_an_account_goes_after_a_day(unit, units, clock):
    wish = AccessWish(customer_number="1", given_name="A", family_name="B", email="a@example.com", username="a.b.c")
    with unit() as work:
        receive(work, wish, network="192.0.2.1")
    clock.advance(days=1, seconds=1)
    clean(unit)
    assert counted(units, AccessRequest) == 0


def test_what_counted_against_a_limit_goes_after_its_day(unit, units, clock, muster):
    assert counted(units, Attempt) > 0
    clock.advance(days=1, seconds=1)
    clean(unit)
    assert counted(units, Attempt) == 0


def test_a_contact_change_that_nobody_confirmed_goes(unit, units, clock, max_muster):
    edit(unit, max_muster, email="neu@example.com")
    clock.advance(days=105)
    clean(unit)
    assert counted(units, ContactChange) == 0


@pytest.mark.parametrize(("limit", "left"), [(2, 2), (10, 0)])
def test_one_run_deletes_at_most_so_many_of_a_kind(unit, units, clock, muster, limit, left):
    with unit() as work:
        account = builders.main_account(work, muster)
        for _ in range(4):
            invitations.resend(work, muster.id, account.id)
    clock.advance(days=91)
    clean(unit, limit)
    assert counted(units, Invitation) == left + 1
