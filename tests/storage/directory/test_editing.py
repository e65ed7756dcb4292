"""Accounts edited: what changes at once, what waits for the owner, what is granted."""

import pytest
from sqlalchemy import select

from idp.directory import accounts, contracts
from idp.directory.accounts import Role
from idp.directory.entries import ContactKind
from idp.directory.events import ContractGrantsNarrowed, RolesChanged
from idp.errors import InvalidField, NotFound
from idp.outbox.tables import Job
from tests import builders
from tests.storage.directory.conftest import edit, now, said

ADMIN, PHONE_ADMIN = Role.ADMINISTRATOR_KUNDENPORTAL, Role.ADMINISTRATOR_TELEFONANLAGE


def test_a_changed_role_is_told(unit, units, told, tanja):
    edit(unit, tanja, role=ADMIN)
    assert now(units, tanja).role is ADMIN
    assert told == [RolesChanged((tanja.id,))]


def test_names_and_phone_change_at_once(unit, units, tanja):
    edit(unit, tanja, given_name="Tina", phone="0211 5510")
    assert (now(units, tanja).name, now(units, tanja).phone) == ("Tina Testerin", "+492115510")


def test_an_active_accounts_new_address_and_number_wait_for_the_owner(unit, units, max_muster):
    edited = edit(unit, max_muster, email="neu@example.com", mobile="+4915155512346")
    assert set(edited.waiting) == {ContactKind.EMAIL, ContactKind.MOBILE}
    assert (now(units, max_muster).email, now(units, max_muster).mobile) == (max_muster.email, max_muster.mobile)


def test_a_first_number_is_used_at_once_but_not_verified(unit, units, muster):
    with unit() as work:
        account = builders.active_account(work, muster, mobile="")
    edit(unit, account, mobile="+4915155512346")
    changed = now(units, account)
    assert (changed.mobile, changed.mobile_verified) == ("+4915155512346", False)


def test_before_activation_a_changed_number_is_simply_used(unit, units, muster):
    with unit() as work:
        account = builders.main_account(work, muster)
    edited = edit(unit, account, mobile="+4915155512346")
    assert edited.waiting == ()
    assert now(units, account).mobile == "+4915155512346"


def test_before_activation_a_changed_address_is_invited_anew(unit, units, muster):
    with unit() as work:
        account = builders.main_account(work, muster)
    assert edit(unit, account, email="neu@example.com").invited
    with units.read() as work:
        sent = work.db.execute(select(Job.payload["to"].as_string()).where(Job.state == "waiting")).scalars().all()
    assert sent == ["neu@example.com"]


def test_an_account_of_another_customer_cannot_be_edited(unit, tanja):
    with unit() as work:
        other = builders.customer(work, builders.OTHER_NUMBER)
    with pytest.raises(NotFound), unit() as work:
        accounts.edit(work, other.id, tanja.id, said(tanja))


# --- contract grants


def test_a_phone_administrator_may_be_limited_to_some_contracts(unit, units, told, tanja):
    edit(unit, tanja, contracts=(builders.PHONE_1,))
    with units.read() as work:
        assert [contract.id for contract in contracts.usable(work, tanja.id)] == [builders.PHONE_1]
        assert contracts.granted(work, tanja.id) == [builders.PHONE_1]
    assert told == [ContractGrantsNarrowed((tanja.id,))]


def test_a_wider_grant_tells_nobody(unit, told, tanja):
    edit(unit, tanja, contracts=(builders.PHONE_1,))
    told.clear()
    edit(unit, tanja, contracts=(builders.PHONE_1, builders.PHONE_2))
    edit(unit, tanja, contracts=None)
    assert told == []


def test_a_contract_of_another_customer_cannot_be_granted(unit, tanja):
    with unit() as work:
        builders.customer(work, builders.OTHER_NUMBER)
    with pytest.raises(InvalidField) as refused:
        edit(unit, tanja, contracts=(f"{builders.OTHER_NUMBER}-{builders.PHONE_1}",))
    assert refused.value.field == "contracts"


def test_a_portal_administrator_uses_all_contracts(unit, units, max_muster):
    with units.read() as work:
        assert len(contracts.usable(work, max_muster.id)) == 3


def test_only_an_active_cloud_phone_contract_leads_into_the_phone_system(unit, units, tanja):
    with unit() as work:
        entries = builders.document().contracts
        ended = [entry for entry in entries if entry.id != builders.PHONE_2]
        builders.customer(work, contracts=tuple(ended))
        builders.customer(work, builders.OTHER_NUMBER)
    foreign = f"{builders.OTHER_NUMBER}-{builders.PHONE_1}"
    with units.read() as work:
        usable = [
            contracts.usable_cloud_phone(work, tanja.id, asked)
            for asked in (builders.PHONE_1, builders.PHONE_2, builders.INTERNET, foreign, "?")
        ]
    assert [bool(found) for found in usable] == [True, False, False, False, False]


@pytest.mark.parametrize("stop", ["invited", "locked", "deactivated"])
def test_an_account_that_is_not_active_uses_no_contract(unit, units, muster, tanja, stop):
    with unit() as work:
        account = builders.invited_account(work, muster) if stop == "invited" else tanja
        if stop == "locked":
            accounts.lock(work, account.id)
        if stop == "deactivated":
            accounts.deactivate(work, muster.id, account.id)
    with units.read() as work:
        assert contracts.usable(work, account.id) == []


def test_staff_use_no_contract(unit, muster):
    with unit() as work:
        assert contracts.usable(work, builders.staff_account(work).id) == []
