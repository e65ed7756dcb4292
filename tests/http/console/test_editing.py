"""Changing an account: what counts at once, what waits for the owner, and what is refused."""

import pytest

from idp.directory import contact_changes, contracts
from idp.directory.accounts import AccountChange, Role, deactivate, edit
from tests import builders
from tests.http.console.administrator import HOME, MOBILE, changed_person
from tests.visitor import mails_of

KUNDENPORTAL = "administrator-kundenportal"


@pytest.fixture
def tanja(people):
    """Tanja Testerin, invited as phone administrator."""
    return people(username="Tanja.1", email="tanja.testerin@example.com")


@pytest.fixture
def active_tanja(people):
    """Tanja Testerin, active as phone administrator."""
    return people("active_account", username="Tanja.1", email="tanja.testerin@example.com", mobile=MOBILE)


@pytest.fixture
def waiting(units):
    """Read what waits for the owner's confirmation."""

    def read(account):
        with units.read() as work:
            return {change.kind.value: change.value for change in contact_changes.waiting(work, account.id)}

    return read


def page_of(account):
    return f"/console/accounts/{account.id}"


def test_the_form_shows_what_is_known(console, people):
    account = people(phone="+4921155512345", mobile="+4915155512346", email="tanja@example.com")
    console.open(page_of(account))
    assert console.heading == "Tanja Testerin bearbeiten"
    fields = console.visitor.form("given_name").fields
    shown = {name: fields[name] for name in ("given_name", "family_name", "email", "phone", "mobile")}
    assert shown == {
        "given_name": "Tanja",
        "family_name": "Testerin",
        "email": "tanja@example.com",
        "phone": "+49 211 5551 2345",
        "mobile": "+49 151 5551 2346",
    }


def test_a_name_and_number_are_changed(console, tanja):
    console.submit(page_of(tanja), **changed_person(family_name="Neumann", phone="0211 55512345"))
    console.follow()
    assert console.flashes == ["Die Änderungen bei Tanja Testerin sind gespeichert."]
    row = console.row("Tanja.1")
    assert (row["Vor- und Nachname"], row["Telefonnummer"]) == ("Tanja Neumann", "+49 211 5551 2345")


@pytest.mark.parametrize(
    "other",
    [{"email": "neu@example.com"}, {"role": Role.ADMINISTRATOR_KUNDENPORTAL, "mobile": MOBILE}, {"locale": "en"}, {"contracts": ()}],
)
def test_who_saves_later_does_not_undo_what_somebody_saved_meanwhile(console, customer, tanja, unit, now, other):
    console.open(page_of(tanja))
    seen = console.visitor.form("given_name").fields["seen"]
    said = {"role": tanja.role, "given_name": "Tanja", "family_name": "Testerin", "email": tanja.email} | other
    with unit() as work:
        edit(work, customer.id, tanja.id, AccountChange(**said))
    changed = now(tanja)
    console.post(page_of(tanja), **changed_person(family_name="Zuspät", seen=seen))
    console.follow()
    assert console.flashes == ["Dieses Benutzerkonto wurde inzwischen geändert. Bitte prüfen Sie es und ändern Sie noch einmal."]
    assert console.heading == "Tanja Testerin bearbeiten"
    assert now(tanja) == changed


def test_a_form_that_was_refused_still_knows_what_it_has_seen(console, tanja, now):
    console.submit(page_of(tanja), **changed_person(family_name=""))
    console.visitor.send("given_name", **changed_person(family_name="Neumann"))
    assert now(tanja).family_name == "Neumann"


def test_saving_without_changes_sends_nothing(app, console, tanja):
    assert len(mails_of(app, tanja.email)) == 1
    console.submit(page_of(tanja), **changed_person())
    assert len(mails_of(app, tanja.email)) == 1


def test_a_new_address_before_activation_gets_a_new_invitation(app, console, tanja):
    console.submit(page_of(tanja), **changed_person(email="neu@example.com"))
    console.follow()
    assert console.flashes == ["Gespeichert. Tanja Testerin erhält eine neue Einladung; frühere Links sind ungültig."]
    assert len(mails_of(app, "neu@example.com")) == 1


def test_a_new_address_and_number_after_activation_wait_for_the_owner(console, active_tanja, waiting, now):
    console.submit(page_of(active_tanja), **changed_person(email="neu@example.com", mobile="+4915155598765"))
    console.follow()
    assert console.flashes == ["Gespeichert. Die neue Adresse oder Nummer von Tanja Testerin gilt, sobald die Person sie bestätigt hat."]
    assert waiting(active_tanja) == {"email": "neu@example.com", "mobile": "+4915155598765"}
    assert (now(active_tanja).email, now(active_tanja).mobile) == (active_tanja.email, active_tanja.mobile)


def test_a_change_sent_again_waits_once(app, console, active_tanja):
    for _ in range(2):
        console.submit(page_of(active_tanja), **changed_person(email="neu@example.com", mobile=MOBILE))
    assert len(mails_of(app, "neu@example.com")) == 1


@pytest.mark.parametrize(
    "changes",
    [{"given_name": ""}, {"family_name": " "}, {"email": "niemand"}, {"phone": "12"}, {"mobile": "0211 550011"}, {"given_name": "<b>"}],
)
def test_a_wrong_entry_is_refused_at_its_field_and_nothing_is_saved(console, tanja, now, changes):
    answer = console.submit(page_of(tanja), **changed_person(**({"salutation": "Frau"} | changes)))
    assert answer.status_code == 422
    assert list(console.problems) == list(changes)
    assert now(tanja) == tanja


# --- roles


def test_a_phone_administrator_becomes_portal_administrator_with_a_mobile_number(console, tanja, now):
    assert console.submit(page_of(tanja), **changed_person(role=KUNDENPORTAL)).status_code == 422
    assert list(console.problems) == ["mobile"]
    console.post(page_of(tanja), **changed_person(role=KUNDENPORTAL, mobile=MOBILE))
    assert now(tanja).role is Role.ADMINISTRATOR_KUNDENPORTAL


def test_nobody_changes_the_own_role(console, max_muster, now):
    answer = console.submit(page_of(max_muster), **changed_person(given_name="Max", family_name="Muster"))
    assert answer.status_code == 403
    assert list(console.problems.values()) == [
        (
            "Ihr eigenes Benutzerkonto können Sie nicht deaktivieren und seine Rolle nicht ändern. "
            "Bitte wenden Sie sich an einen anderen Administrator."
        )
    ]
    assert now(max_muster).role is Role.ADMINISTRATOR_KUNDENPORTAL


def test_the_last_administrator_keeps_the_role(signed_in, unit, customer, max_muster, people, now):
    other = people("active_account", role=Role.ADMINISTRATOR_KUNDENPORTAL)
    console = signed_in(other)
    assert console.token
    with unit() as work:
        deactivate(work, customer.id, max_muster.id)
        other_one = builders.active_account(work, customer, role=Role.ADMINISTRATOR_KUNDENPORTAL)
        deactivate(work, customer.id, other_one.id)
    answer = console.submit(page_of(other), **changed_person(mobile=MOBILE))
    assert answer.status_code == 403
    assert now(other).role is Role.ADMINISTRATOR_KUNDENPORTAL


def test_the_role_of_another_administrator_can_be_changed(console, people, now):
    other = people("active_account", role=Role.ADMINISTRATOR_KUNDENPORTAL)
    answer = console.submit(page_of(other), **changed_person(email=other.email, mobile=MOBILE))
    assert answer.status_code == 303
    assert now(other).role is Role.ADMINISTRATOR_TELEFONANLAGE


@pytest.mark.parametrize("role", ["operator", "servicedesk", "", "Administrator", "administrator-kundenportal\x00"])
def test_no_other_role_can_be_given(console, tanja, now, role):
    assert console.submit(page_of(tanja), **changed_person(role=role, mobile=MOBILE)).status_code == 422
    assert list(console.problems) == ["role"]
    assert now(tanja) == tanja


# --- contracts


def test_a_limit_to_contracts_is_shown_and_lifted(console, units, people):
    account = people(username="Tanja.1", email="tanja.testerin@example.com", contracts=(builders.PHONE_2,))
    page = console.open(page_of(account)).text
    assert f'checked class="form-check-input" id="contracts-1" name="contracts" type="checkbox" value="{builders.PHONE_2}"' in page
    assert 'class="form-check-input" id="all_contracts" name="all_contracts" type="checkbox" value="y"' in page
    console.post(page_of(account), **changed_person())
    with units.read() as work:
        assert contracts.granted(work, account.id) == []
        assert not builders.refreshed(work, account).limited_to_contracts


def test_a_limit_to_a_contract_that_has_become_inactive_is_kept(console, unit, units, people):
    account = people(username="Tanja.1", email="tanja.testerin@example.com", contracts=(builders.PHONE_2,))
    with unit() as work:
        builders.customer(work, contracts=builders.document().contracts[:1])
    console.submit(page_of(account), **changed_person(all_contracts=[], contracts=[builders.PHONE_2], family_name="Neumann"))
    with units.read() as work:
        assert contracts.granted(work, account.id) == [builders.PHONE_2]


def test_the_salutation_that_the_ordering_system_gave_is_kept(console, people, now):
    account = people(salutation="Dr.", username="Tanja.1", email="tanja.testerin@example.com")
    console.submit(page_of(account), **changed_person(salutation="Dr.", family_name="Neumann"))
    assert (now(account).salutation, now(account).family_name) == ("Dr.", "Neumann")


def test_the_user_name_cannot_be_changed(console, tanja, now):
    console.submit(page_of(tanja), **changed_person(username="Anders.2"))
    console.open(HOME)
    assert now(tanja).username == "Tanja.1"
