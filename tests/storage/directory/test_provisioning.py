"""The ordering system's document."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from idp.directory import accounts, contact_changes, contracts, customers, editing, invitations, provisioning
from idp.directory.accounts import Role, Status
from idp.directory.errors import ContractElsewhere
from idp.directory.events import AccountsDeactivated, ContractsEnded, InvitationEnded
from idp.directory.provisioning import ContractEntry
from idp.errors import InvalidField, NotFound
from idp.outbox.tables import Job
from tests import builders


def provision(unit, number=builders.NUMBER, **changes):
    with unit() as work:
        return provisioning.provision(work, number, builders.document(number, **changes))


def mails(units):
    with units.read() as work:
        rows = work.db.execute(select(Job.payload, Job.state).where(Job.kind == "mail").order_by(Job.created_at)).all()
    return [(payload["template"], payload["to"]) for payload, state in rows if state != "cancelled"]


def main_account(units):
    with units.read() as work:
        found = customers.find_by_number(work, builders.NUMBER)
        return accounts.show(work, found.id, found.main_contact_account_id)


def test_the_first_document_creates_customer_contracts_and_invited_main_contact(unit, units):
    done = provision(unit)
    assert done.created
    [account] = done.document["accounts"]
    assert account["number"] == 1101
    assert account["username"] == "customer2300229"
    assert account["role"] == Role.ADMINISTRATOR_KUNDENPORTAL.value
    assert account["status"] == Status.INVITATION_SENT.value
    assert mails(units) == [("mail/invitation", "max.muster@example.com")]


def test_the_answer_repeats_the_document(unit):
    document = provision(unit).document
    assert document["name"] == "Muster GmbH"
    assert document["active"] is True
    assert document["contracts"][0] == {"id": "CP-4711", "product": "cloud_phone", "label": "Telefonanlage Zentrale", "active": True}
    assert document["main_contact"] == {
        "salutation": "Herr",
        "given_name": "Max",
        "family_name": "Muster",
        "email": "max.muster@example.com",
        "mobile": "+4915155512345",
        "phone": "+49211550",
        "locale": "de",
    }


def test_an_equal_document_sends_no_second_mail(unit, units):
    provision(unit)
    again = provision(unit)
    assert not again.created
    assert len(mails(units)) == 1


def test_a_number_written_otherwise_is_an_equal_document(unit, units):
    provision(unit)
    provision(unit, main_contact=builders.main_contact(mobile="0151 555 12345"))
    assert len(mails(units)) == 1


def test_of_parallel_first_documents_one_creates_and_one_mail_goes_out(unit, units):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(provision(unit).created)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == [False, False, False, True]
    assert len(mails(units)) == 1


def test_contracts_not_named_become_inactive(unit, units, told, muster):
    kept = builders.document().contracts[:1]
    provision(unit, contracts=kept)
    with units.read() as work:
        assert [(found.id, found.active) for found in contracts.of_customer(work, muster.id)] == [
            ("CP-4711", True),
            ("CP-4712", False),
            ("IN-1001", False),
        ]
    assert told == [ContractsEnded(("CP-4712", "IN-1001"))]


def test_a_contract_set_inactive_ends_and_comes_back(unit, units, told, muster):
    first, *others = builders.document().contracts
    provision(unit, contracts=(replace(first, active=False), *others))
    assert told == [ContractsEnded(("CP-4711",))]
    provision(unit)
    with units.read() as work:
        assert all(found.active for found in contracts.of_customer(work, muster.id))


def test_a_contract_of_another_customer_is_a_conflict_and_changes_nothing(unit, units, muster):
    foreign = (ContractEntry("CP-4711", "cloud_phone", "Geraubt"),)
    with pytest.raises(ContractElsewhere):
        provision(unit, builders.OTHER_NUMBER, contracts=foreign)
    with units.read() as work:
        assert customers.find_by_number(work, builders.OTHER_NUMBER) is None
        assert contracts.of_customer(work, muster.id)[0].label == "Telefonanlage Zentrale"


def test_before_activation_a_changed_contact_updates_the_account_and_invites_anew(unit, units, told):
    provision(unit)
    provision(unit, main_contact=builders.main_contact(email="neu@example.com"))
    listed = main_account(units)
    assert listed.account.email == "neu@example.com"
    assert ("mail/invitation", "neu@example.com") in mails(units)
    assert [type(event) for event in told] == [InvitationEnded]


@pytest.mark.parametrize("change", [{"mobile": "+4915155512346"}, {"given_name": "Moritz"}])
def test_before_activation_any_changed_contact_invites_anew(unit, units, clock, change):
    provision(unit)
    with unit() as work:
        old = builders.link_token(work, main_account(units).account)
    clock.advance(minutes=1)
    provision(unit, main_contact=builders.main_contact(**change))
    with units.read() as work:
        assert invitations.find_by_token(work, old).state is invitations.LinkState.REPLACED


def test_after_activation_name_and_phone_follow_at_once(unit, units, muster):
    with unit() as work:
        builders.administrator(work, muster)
    provision(unit, main_contact=builders.main_contact(given_name="Moritz", phone="+49211551"))
    account = main_account(units).account
    assert (account.name, account.phone) == ("Moritz Muster", "+49211551")


def test_after_activation_address_and_mobile_wait_and_the_answer_says_so(unit, units, muster):
    with unit() as work:
        builders.administrator(work, muster)
    changed = builders.main_contact(email="neu@example.com", mobile="+4915155512346")
    done = provision(unit, main_contact=changed)
    assert done.document["awaiting_confirmation"] == ["email", "mobile"]
    account = main_account(units).account
    assert (account.email, account.mobile) == ("max.muster@example.com", "+4915155512345")
    assert ("mail/contact_change_confirm", "neu@example.com") in mails(units)


def test_a_waiting_address_sends_no_second_mail_for_another_change(unit, units, muster):
    with unit() as work:
        builders.administrator(work, muster)
    changed = builders.main_contact(email="neu@example.com")
    provision(unit, main_contact=changed)
    provision(unit, main_contact=replace(changed, given_name="Moritz"))
    assert [template for template, _ in mails(units)].count("mail/contact_change_confirm") == 1


def test_going_back_to_the_confirmed_address_takes_the_waiting_one_back(unit, units, muster):
    with unit() as work:
        account = builders.administrator(work, muster)
    provision(unit, main_contact=builders.main_contact(email="neu@example.com"))
    done = provision(unit)
    assert "awaiting_confirmation" not in done.document
    with units.read() as work:
        assert contact_changes.waiting(work, account.id) == []


def test_what_the_console_changed_stays_where_the_document_says_the_same_as_before(unit, units, muster):
    with unit() as work:
        account = builders.main_account(work, muster)
        change = editing.AccountChange(
            role=account.role, given_name="Maximilian", family_name="Muster", email=account.email, mobile=account.mobile
        )
        accounts.edit(work, muster.id, account.id, change)
    provision(unit, name="Muster AG")
    assert main_account(units).account.given_name == "Maximilian"


def test_a_changed_contact_is_always_the_same_account(unit, units):
    first = provision(unit).document["accounts"]
    second = provision(unit, main_contact=builders.main_contact(given_name="Erika", email="erika@example.com")).document["accounts"]
    assert [account["id"] for account in second] == [account["id"] for account in first]


def test_an_inactive_customer_has_all_accounts_deactivated(unit, units, told, muster):
    with unit() as work:
        phone_admin = builders.active_account(work, muster)
        main = builders.administrator(work, muster)
    told.clear()
    done = provision(unit, active=False)
    assert {account["status"] for account in done.document["accounts"]} == {"deactivated"}
    assert [set(event.account_ids) for event in told if isinstance(event, AccountsDeactivated)] == [{main.id, phone_admin.id}]


def test_an_active_customer_again_lifts_exactly_those_deactivations(unit, units, muster):
    with unit() as work:
        stays = builders.active_account(work, muster)
        comes_back = builders.active_account(work, muster)
        accounts.deactivate(work, muster.id, stays.id)
    provision(unit, active=False)
    provision(unit)
    with units.read() as work:
        assert accounts.show(work, muster.id, stays.id).status is Status.DEACTIVATED
        assert accounts.show(work, muster.id, comes_back.id).status is Status.ACTIVE


def test_the_main_contact_of_a_customer_that_begins_inactive_is_invited_when_it_becomes_active(unit, units):
    provision(unit, active=False)
    assert mails(units) == []
    provision(unit)
    assert mails(units) == [("mail/invitation", "max.muster@example.com")]


def test_a_link_sent_to_an_address_that_changed_while_inactive_stays_void(unit, units, muster):
    with unit() as work:
        old = builders.link_token(work, builders.main_account(work, muster))
    changed = builders.main_contact(email="neu@example.com")
    provision(unit, active=False, main_contact=changed)
    provision(unit, main_contact=changed)
    with units.read() as work:
        assert invitations.find_by_token(work, old).state is invitations.LinkState.CANCELLED
    assert ("mail/invitation", "neu@example.com") in mails(units)


def test_the_main_contact_gets_the_next_name_where_its_own_is_taken(unit):
    with unit() as work:
        other = builders.customer(work, builders.OTHER_NUMBER)
        columns = {"username": "customer2300229", "username_key": "customer2300229"}
        contact = provisioning.checked(builders.document())["main_contact"]
        editing.write(work, other, Role.ADMINISTRATOR_KUNDENPORTAL, contact | columns)
    [account] = provision(unit).document["accounts"]
    assert account["username"] == "customer2300229-2"


@pytest.mark.parametrize("number", ["0123", "", "12a", "1" * 21, "١٢٣", "-1", "1 "])
def test_a_customer_number_has_1_to_20_digits_without_leading_zero(unit, number):
    with pytest.raises(InvalidField) as refused:
        provision(unit, number)
    assert refused.value.field == "customer_number"


@pytest.mark.parametrize("number", ["1", "9" * 20])
def test_the_shortest_and_the_longest_customer_number_are_taken(unit, number):
    assert provision(unit, number).created


def test_every_problem_of_a_document_is_told_with_its_path(unit):
    contact = builders.main_contact(email="nobody", mobile="+49211550", locale="fr", phone="1")
    twice = (ContractEntry("CP-1", "cloud phone", "A"), ContractEntry("CP-1", "cloud_phone", ""))
    with pytest.raises(InvalidField) as refused:
        provision(unit, contracts=twice, main_contact=contact)
    assert {problem.field for problem in refused.value.problems} == {
        "main_contact.email",
        "main_contact.mobile",
        "main_contact.locale",
        "main_contact.phone",
        "contracts.0.product",
        "contracts.1.id",
        "contracts.1.label",
    }


def test_a_refused_document_leaves_nothing(unit, units):
    with pytest.raises(InvalidField):
        provision(unit, main_contact=builders.main_contact(mobile="1"))
    with units.read() as work:
        assert customers.find_by_number(work, builders.NUMBER) is None
        assert work.db.execute(select(func.count()).select_from(Job)).scalar_one() == 0


def test_an_unknown_customer_cannot_be_described(units):
    with units.read() as work, pytest.raises(NotFound):
        provisioning.describe(work, "99")
