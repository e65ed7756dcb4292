"""The first step of a sign-in: user ID and password."""

import re
from typing import Any

import pytest
from passlib.hash import pbkdf2_sha256

from idp.authn import passwords, sessions
from idp.authn.levels import ACR_PASSWORD
from idp.crypto import hash_token
from idp.directory import accounts, customers
from tests import builders
from tests.visitor import OTHER_PASSWORD, PASSWORD, Visitor, give_password, pins_of


def what_is_told(visitor: Visitor) -> tuple[int, str]:
    """The answer without what differs by chance: token, and the request's number."""
    text = re.sub(r'name="csrf_token" value="[^"]*"|(/signin/|[?]signin=)[\w-]{22}', "", visitor.page.text)
    return visitor.page.status_code, re.sub(r'(name="username"[^>]*value=)"[^"]*"', r"\1", text)


def test_a_phone_admin_signs_in_with_a_password_alone(visitor, phone_admin, units):
    visitor.sign_in(phone_admin.username)
    with units.read() as work:
        session = sessions.find(work, visitor.session)
    assert (session.account_id, session.acr, session.amr) == (phone_admin.id, ACR_PASSWORD, ("pwd",))


def test_the_user_id_may_be_typed_in_any_case_and_with_spaces_around(visitor, phone_admin):
    visitor.sign_in(f"  {phone_admin.username.upper()} ")
    assert visitor.session


def test_the_page_says_what_the_guide_says(visitor):
    visitor.open("/signin")
    for words in (
        "Anmeldung erforderlich",
        "Sie sind aktuell nicht angemeldet.",
        "Melden Sie sich mit Ihrer Kennung für den Service an.",
        "Nutzerkennung",
        "Passwort",
        "Anmelden",
        "Passwort vergessen",
        "Benutzerkonto erstellen",
    ):
        assert words in visitor.page.text


def test_a_wrong_password_keeps_the_user_id_and_never_the_password(visitor, phone_admin):
    visitor.sign_in(phone_admin.username, "not the password")
    assert visitor.page.status_code == 422
    assert f'value="{phone_admin.username}"' in visitor.page.text
    assert "not the password" not in visitor.page.text
    assert visitor.session is None


def make_invited(work: Any) -> str:
    return builders.invited_account(work).username


def make_deactivated(work: Any) -> str:
    account = builders.active_account(work)
    accounts.deactivate(work, account.customer_id, account.id)
    return account.username


def make_locked(work: Any) -> str:
    account = builders.active_account(work)
    accounts.lock(work, account.id)
    return account.username


def make_staff(work: Any) -> str:
    return builders.staff_account(work).username


@pytest.mark.parametrize("make", [make_invited, make_deactivated, make_locked, make_staff])
def test_with_a_wrong_password_every_account_looks_like_none(make, visitor, another, phone_admin, unit):
    with unit() as work:
        username = make(work)
    visitor.sign_in("nobody-has-this-name", "a wrong password")
    other = another()
    other.sign_in(username, "a wrong password")
    assert what_is_told(other) == what_is_told(visitor)


def test_a_name_that_cannot_be_one_looks_like_none(visitor, another):
    visitor.sign_in("nobody-has-this-name", "a wrong password")
    other = another()
    other.sign_in("no/such:name @@ \u202e", "a wrong password")
    assert what_is_told(other) == what_is_told(visitor)


def test_a_deactivated_person_with_the_right_password_is_told_whom_to_ask(visitor, phone_admin, unit):
    with unit() as work:
        accounts.deactivate(work, phone_admin.customer_id, phone_admin.id)
    visitor.sign_in(phone_admin.username)
    assert visitor.page.status_code == 403
    assert "Ihr Benutzerkonto ist deaktiviert. Bitte wenden Sie sich an Ihren Administrator Kundenportal." in visitor.page.text
    assert visitor.session is None


def test_a_locked_person_with_the_right_password_is_told_whom_to_ask(visitor, phone_admin, unit):
    with unit() as work:
        accounts.lock(work, phone_admin.id)
    visitor.sign_in(phone_admin.username)
    assert "Ihr Benutzerkonto ist gesperrt. Bitte wenden Sie sich an den Servicedesk." in visitor.page.text


def test_who_needs_a_pin_and_has_no_number_is_told_whom_to_ask(visitor, phone_admin, unit):
    with unit() as work:
        customers.set_pin_for_all(work, phone_admin.customer_id, True)
    visitor.sign_in(phone_admin.username)
    assert visitor.page.status_code == 403
    assert "keine Handynummer hinterlegt" in visitor.page.text


def test_staff_sign_in_with_password_and_pin(visitor, units, unit, app):
    with unit() as work:
        operator = builders.staff_account(work)
    give_password(units, operator)
    visitor.sign_in(operator.username)
    assert visitor.heading == "SMS PIN erforderlich"
    visitor.send("pin", pin=pins_of(app, operator.mobile)[-1])
    assert visitor.session


def test_empty_fields_are_named_and_spend_nothing(visitor, phone_admin):
    for _ in range(7):
        visitor.open("/signin")
        visitor.send("password", username="", password="")
        assert visitor.page.status_code == 422
        assert "Bitte geben Sie Ihre Nutzerkennung ein." in visitor.page.text
    visitor.sign_in(phone_admin.username)
    assert visitor.session


def test_an_older_hash_is_accepted_and_replaced_by_a_current_one(visitor, phone_admin, units, unit):
    with unit() as work:
        passwords.set_hash(work, phone_admin.id, pbkdf2_sha256.using(rounds=1000).hash(OTHER_PASSWORD))
    visitor.sign_in(phone_admin.username, OTHER_PASSWORD)
    assert visitor.session
    with units.read() as work:
        assert passwords.credentials(work, phone_admin.id).hash.startswith("$argon2id$")


def test_a_password_fits_in_any_unicode_form(visitor, phone_admin, units):
    give_password(units, phone_admin, "gru\u0308ne Laterne am alten Hafen")
    visitor.sign_in(phone_admin.username, "gr\u00fcne Laterne am alten Hafen")
    assert visitor.session


def test_a_completed_sign_in_makes_the_browser_known(visitor, phone_admin, units):
    visitor.sign_in(phone_admin.username)
    browser = hash_token(visitor.client.get_cookie("idp_browser").value)
    with units.read() as work:
        assert passwords.candidate(work, phone_admin.id, browser).device_is_known


def test_a_browser_is_forgotten_after_ninety_days(visitor, phone_admin, units, clock):
    visitor.sign_in(phone_admin.username)
    browser = hash_token(visitor.client.get_cookie("idp_browser").value)
    clock.advance(days=90, seconds=1)
    with units.read() as work:
        assert not passwords.candidate(work, phone_admin.id, browser).device_is_known


def test_a_password_of_another_account_does_not_fit(visitor, phone_admin, admin, units):
    give_password(units, admin, OTHER_PASSWORD)
    visitor.sign_in(phone_admin.username, OTHER_PASSWORD)
    assert visitor.page.status_code == 422
    visitor.sign_in(phone_admin.username, PASSWORD)
    assert visitor.session
