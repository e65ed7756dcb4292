"""Accounts: created, edited, activated, locked, deactivated."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.directory import access_requests, accounts, contracts, customers
from idp.directory.accounts import Role, Status
from idp.directory.errors import AccountUnavailable, CustomerDeactivated, LastAdministrator, NotYourself, UsernameTaken
from idp.directory.events import AccountsDeactivated, AccountsLocked
from idp.errors import InvalidField, NotFound, TooMany
from tests import builders
from tests.storage.directory.conftest import acting, edit, now

ADMIN, PHONE_ADMIN = Role.ADMINISTRATOR_KUNDENPORTAL, Role.ADMINISTRATOR_TELEFONANLAGE


def audited(units, account):
    with units.read() as work:
        return list(work.db.execute(select(AuditEvent.event).where(AuditEvent.account_id == account.id)).scalars())


# --- creating


def test_numbers_run_per_customer_from_1101(unit, muster):
    with unit() as work:
        other = builders.customer(work, builders.OTHER_NUMBER)
        made = [builders.invited_account(work, muster), builders.invited_account(work, muster), builders.invited_account(work, other)]
    assert [account.number for account in made] == [1102, 1103, 1102]


def test_parallel_creations_get_different_numbers(unit, muster):
    numbers = []

    def create():
        with unit() as work:
            numbers.append(builders.invited_account(work, muster).number)

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(numbers) == [1102, 1103, 1104, 1105]


def test_id_and_subject_are_different_opaque_names(unit, muster):
    with unit() as work:
        account = builders.invited_account(work, muster)
    assert len({account.id, account.sub, str(account.number)}) == 3


def test_a_taken_name_is_refused_with_free_ones(unit, muster, tanja):
    with pytest.raises(UsernameTaken) as refused, unit() as work:
        builders.invited_account(work, muster, username=tanja.username.upper(), given_name="Eva", family_name="Neu")
    assert refused.value.suggestions == (f"{tanja.username.upper()}2", f"{tanja.username.upper()}3", "Eva.Neu")


def test_of_parallel_creations_with_one_name_one_succeeds(unit, units, muster):
    outcomes = []

    def create():
        try:
            with unit() as work:
                outcomes.append(builders.invited_account(work, muster, username="Zentrale").username)
        except UsernameTaken:
            outcomes.append("taken")

    threads = [threading.Thread(target=create) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["Zentrale", "taken", "taken"]


def test_trying_taken_names_is_limited(unit, clock, muster, max_muster, tanja):
    def try_taken():
        with unit(acting(max_muster)) as work:
            builders.invited_account(work, muster, username=tanja.username)

    for _ in range(20):
        with pytest.raises(UsernameTaken):
            try_taken()
    with pytest.raises(TooMany):
        try_taken()
    clock.advance(hours=1)
    with pytest.raises(UsernameTaken):
        try_taken()


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SERVICEDESK])
def test_a_customer_has_no_staff_accounts(unit, muster, role):
    with pytest.raises(InvalidField) as refused, unit() as work:
        builders.invited_account(work, muster, role=role, mobile=builders.MOBILE)
    assert refused.value.field == "role"


@pytest.mark.parametrize("role", [ADMIN, PHONE_ADMIN])
def test_staff_have_no_customer_role(unit, muster, role):
    with pytest.raises(InvalidField), unit() as work:
        accounts.create_staff(work, builders.new_account(role=role, mobile=builders.MOBILE))


def test_a_portal_administrator_needs_a_mobile_number(unit, muster):
    with pytest.raises(InvalidField) as refused, unit() as work:
        builders.invited_account(work, muster, role=ADMIN, mobile="")
    assert refused.value.field == "mobile"


def test_a_policy_that_asks_a_pin_asks_a_mobile_number_too(unit, muster):
    with unit() as work:
        customers.set_pin_for_all(work, muster.id, True)
    with pytest.raises(InvalidField) as refused, unit() as work:
        builders.invited_account(work, muster, mobile="")
    assert refused.value.field == "mobile"


def test_every_wrong_field_is_told_at_once(unit, muster):
    with pytest.raises(InvalidField) as refused, unit() as work:
        builders.invited_account(work, muster, username="a b", email="x", given_name="", mobile="12", phone="1")
    assert {problem.field for problem in refused.value.problems} == {"username", "email", "given_name", "mobile", "phone"}


def test_an_inactive_customer_gets_no_accounts(unit, muster):
    with unit() as work:
        builders.customer(work, active=False)
    with pytest.raises(CustomerDeactivated), unit() as work:
        builders.invited_account(work, muster)


# --- PIN


def test_who_confirms_by_pin(unit, muster, max_muster, tanja):
    with unit() as work:
        staff = builders.staff_account(work, Role.SERVICEDESK)
        assert [account.confirms_by_pin for account in (max_muster, tanja, staff)] == [True, False, True]
        assert replace(tanja, customer_id=None).confirms_by_pin
        customers.set_pin_for_all(work, muster.id, True)
        assert accounts.find(work, tanja.id).confirms_by_pin


# --- activation


def test_activation_verifies_address_and_number(max_muster):
    assert max_muster.is_active
    assert max_muster.email_verified
    assert max_muster.mobile_verified


def test_an_account_is_activated_once(unit, max_muster):
    with pytest.raises(AccountUnavailable), unit() as work:
        accounts.activate(work, max_muster.id, email_verified=True, mobile_verified=max_muster.mobile)


def test_a_pin_sent_to_a_number_that_changed_meanwhile_activates_nothing(unit, muster):
    with unit() as work:
        account = builders.main_account(work, muster)
    with pytest.raises(AccountUnavailable), unit() as work:
        accounts.activate(work, account.id, email_verified=True, mobile_verified="+4915155512300")


def test_an_account_without_pin_is_activated_without_number(tanja, unit, muster):
    with unit() as work:
        account = builders.active_account(work, muster)
    assert account.is_active
    assert not account.mobile_verified


@pytest.mark.parametrize("stop", ["lock", "deactivate"])
def test_a_locked_or_deactivated_account_is_not_activated(unit, muster, stop):
    with unit() as work:
        account = builders.invited_account(work, muster)
        if stop == "lock":
            accounts.lock(work, account.id)
        else:
            accounts.deactivate(work, muster.id, account.id)
    with pytest.raises(AccountUnavailable), unit() as work:
        accounts.activate(work, account.id, email_verified=True, mobile_verified=None)


# --- finding


@pytest.mark.parametrize("typed", ["customer2300229", " CUSTOMER2300229 ", "ｃｕｓｔｏｍｅｒ2300229"])
def test_user_names_are_found_whatever_their_spelling(units, muster, typed):
    with units.read() as work:
        assert accounts.find_by_username(work, typed).username == "customer2300229"


@pytest.mark.parametrize("typed", ["", " ", "a b", "x" * 100, "\x00", "no-such-name", "\ud800abc"])
def test_what_cannot_be_a_user_name_finds_nothing(units, muster, typed):
    with units.read() as work:
        assert accounts.find_by_username(work, typed) is None


@pytest.mark.parametrize("asked", ["", "nul\x00", "\ud800", "x" * 1000])
def test_what_cannot_be_an_id_finds_nothing(unit, units, muster, tanja, asked):
    with units.read() as work:
        assert accounts.find(work, asked) is None
        assert customers.find_by_number(work, asked) is None
        assert contracts.usable_cloud_phone(work, tanja.id, asked) is None
        with pytest.raises(NotFound):
            accounts.show(work, muster.id, asked)
    with pytest.raises(NotFound), unit() as work:
        access_requests.reject(work, muster.id, asked)


# --- deactivating and locking


def test_deactivating_tells_the_layers_above_and_the_audit_log(unit, units, told, muster, tanja):
    with unit() as work:
        accounts.deactivate(work, muster.id, tanja.id)
        accounts.deactivate(work, muster.id, tanja.id)
    assert told == [AccountsDeactivated((tanja.id,))]
    assert audited(units, tanja).count("account.deactivated") == 1


def test_reactivating_lifts_it(unit, units, muster, tanja):
    with unit() as work:
        accounts.deactivate(work, muster.id, tanja.id)
        accounts.reactivate(work, muster.id, tanja.id)
    assert now(units, tanja).is_active


def test_accounts_of_an_inactive_customer_stay_deactivated(unit, muster, tanja):
    with unit() as work:
        builders.customer(work, active=False)
    with pytest.raises(CustomerDeactivated), unit() as work:
        accounts.reactivate(work, muster.id, tanja.id)


def test_locking_is_lifted_by_unlocking_only(unit, units, told, muster, tanja):
    with unit() as work:
        accounts.lock(work, tanja.id)
        accounts.reactivate(work, muster.id, tanja.id)
        assert accounts.show(work, muster.id, tanja.id).status is Status.LOCKED
        accounts.unlock(work, tanja.id)
    assert now(units, tanja).is_active
    assert told == [AccountsLocked((tanja.id,))]


def test_the_last_active_portal_administrator_stays(unit, units, muster, max_muster):
    with pytest.raises(LastAdministrator), unit() as work:
        accounts.deactivate(work, muster.id, max_muster.id)
    assert now(units, max_muster).is_active
    assert "account.change_refused" in audited(units, max_muster)


def test_an_invited_administrator_does_not_count_as_active(unit, muster, max_muster):
    with unit() as work:
        builders.invited_account(work, muster, role=ADMIN)
    with pytest.raises(LastAdministrator), unit() as work:
        accounts.deactivate(work, muster.id, max_muster.id)


def test_the_last_active_portal_administrator_keeps_the_role(unit, max_muster):
    with pytest.raises(LastAdministrator):
        edit(unit, max_muster, role=PHONE_ADMIN)


def test_with_a_second_active_one_an_administrator_may_go(unit, units, muster, max_muster):
    with unit() as work:
        second = builders.active_account(work, muster, role=ADMIN)
    with unit(acting(second)) as work:
        accounts.deactivate(work, muster.id, max_muster.id)
    assert now(units, max_muster).deactivated_at


def test_two_administrators_who_remove_each_other_at_the_same_time_leave_one(unit, units, muster, max_muster):
    with unit() as work:
        second = builders.active_account(work, muster, role=ADMIN)
    refused = []

    def remove(actor, account):
        try:
            with unit(acting(actor)) as work:
                accounts.deactivate(work, muster.id, account.id)
        except LastAdministrator as error:
            refused.append(error)

    pairs = [(max_muster, second), (second, max_muster)]
    threads = [threading.Thread(target=remove, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(refused) == 1
    assert [now(units, account).is_active for account in (max_muster, second)].count(True) == 1


@pytest.mark.parametrize("act", ["deactivate", "demote"])
def test_nobody_removes_the_own_account_or_role(unit, units, muster, max_muster, act):
    with unit() as work:
        builders.active_account(work, muster, role=ADMIN)

    def remove():
        if act == "demote":
            edit(unit, max_muster, actor=max_muster, role=PHONE_ADMIN)
        else:
            with unit(acting(max_muster)) as work:
                accounts.deactivate(work, muster.id, max_muster.id)

    with pytest.raises(NotYourself):
        remove()
    assert now(units, max_muster).is_active
