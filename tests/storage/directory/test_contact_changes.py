"""A new mail address or number of an active account, until its owner confirms it."""

import pytest
from sqlalchemy import select

from idp.directory import contact_changes
from idp.directory.entries import ContactKind
from idp.directory.errors import LinkVoid
from idp.directory.store import contact_changes as store
from idp.directory.tables import ContactChange
from idp.outbox.tables import Job
from tests import builders
from tests.storage.directory.conftest import edit, now


@pytest.fixture
def address_link(unit, units, max_muster):
    edit(unit, max_muster, email="neu@example.com")
    with units.read() as work:
        job_id = work.db.execute(select(Job.id).where(Job.payload["to"].as_string() == "neu@example.com")).scalar_one()
        return builders.token_in(work, job_id)


def test_opening_the_link_of_a_new_address_does_not_confirm_it(units, max_muster, address_link):
    with units.read() as work:
        assert contact_changes.find_by_token(work, address_link).value == "neu@example.com"
    assert now(units, max_muster).email == max_muster.email


def test_a_confirmed_address_is_used_and_verified(unit, units, max_muster, address_link):
    with unit() as work:
        assert contact_changes.confirm(work, address_link) == max_muster.id
    assert (now(units, max_muster).email, now(units, max_muster).email_verified) == ("neu@example.com", True)


def test_a_link_of_a_new_address_is_good_once(unit, address_link):
    with unit() as work:
        contact_changes.confirm(work, address_link)
    with pytest.raises(LinkVoid), unit() as work:
        contact_changes.confirm(work, address_link)


def test_a_link_of_a_new_address_expires(unit, units, clock, address_link):
    clock.advance(days=14)
    with units.read() as work:
        assert contact_changes.find_by_token(work, address_link) is None
    with pytest.raises(LinkVoid), unit() as work:
        contact_changes.confirm(work, address_link)


def test_a_newer_address_voids_the_link_of_the_one_before(unit, max_muster, address_link):
    edit(unit, max_muster, email="neuer@example.com")
    with pytest.raises(LinkVoid), unit() as work:
        contact_changes.confirm(work, address_link)


def test_a_waiting_number_has_no_link(unit, units, max_muster):
    edit(unit, max_muster, mobile="+4915155512346")
    with units.read() as work:
        [waiting] = store.waiting(work.db, max_muster.id, work.now)
        assert waiting.kind is ContactKind.MOBILE
        assert work.db.execute(select(ContactChange.token_hash)).scalar_one() is None
