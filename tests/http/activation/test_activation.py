"""From the invitation's link to an active account."""

from urllib.parse import urlsplit

import pytest

from idp import addresses
from idp.authn import passwords
from idp.directory import accounts, customers, invitations
from tests import builders
from tests.visitor import PASSWORD, Visitor, give_password, pins_of, wrong


def choose(visitor: Visitor, password: str = PASSWORD, repeat: str | None = None):
    return visitor.send("new_password", new_password=password, new_password_repeat=password if repeat is None else repeat)


def status(visitor: Visitor, account) -> str:
    with visitor.units.read() as work:
        return accounts.show(work, account.customer_id, account.id).status.value


def account_now(visitor: Visitor, account):
    with visitor.units.read() as work:
        return accounts.find(work, account.id)


def test_an_administrator_kundenportal_sets_a_password_and_confirms_by_pin(visitor, invited_admin, link):
    visitor.open(link(invited_admin))
    for words in ("Passwort festlegen", "Bitte legen Sie ein neues Kennwort fest", "Neues Kennwort Wiederholung", "Speichern"):
        assert words in visitor.page.text
    choose(visitor)
    assert visitor.heading == "SMS PIN erforderlich"
    visitor.send("pin", pin=pins_of(visitor.app, invited_admin.mobile)[-1])
    assert visitor.heading == "Ihr Kennwort wurde festgelegt."
    now = account_now(visitor, invited_admin)
    assert (now.is_active, now.email_verified, now.mobile_verified) == (True, True, True)
    assert status(visitor, invited_admin) == "active"


def test_an_administrator_telefonanlage_sets_a_password_without_pin(visitor, invited_phone_admin, link):
    visitor.open(link(invited_phone_admin))
    assert "Kennwort festlegen" in visitor.page.text
    assert "Speichern" not in visitor.page.text
    choose(visitor)
    assert visitor.heading == "Ihr Kennwort wurde festgelegt."
    assert status(visitor, invited_phone_admin) == "active"
    visitor.open("/signin")
    visitor.sign_in(invited_phone_admin.username)
    assert visitor.session


def test_a_customers_policy_demands_the_pin_of_phone_admins_too(visitor, invited_admin, unit, link):
    with unit() as work:
        customers.set_pin_for_all(work, invited_admin.customer_id, True)
        account = builders.invited_account(work, mobile="+4915155598765")
    visitor.open(link(account))
    choose(visitor)
    assert visitor.heading == "SMS PIN erforderlich"


def test_activation_never_signs_in(visitor, invited_phone_admin, link):
    visitor.open(link(invited_phone_admin))
    choose(visitor)
    assert visitor.session is None
    assert 'href="/signin"' in visitor.page.text


def test_the_account_is_not_active_before_the_pin(visitor, invited_admin, link, units):
    visitor.open(link(invited_admin))
    choose(visitor)
    assert status(visitor, invited_admin) == "invitation_sent"
    with units.read() as work:
        assert passwords.credentials(work, invited_admin.id).hash is None


def test_opening_the_link_uses_nothing_up(visitor, another, invited_admin, link):
    address = link(invited_admin)
    for _ in range(3):
        scanner = another(agent="scanner")
        assert scanner.open(address).status_code == 200
    visitor.open(address)
    choose(visitor)
    assert visitor.heading == "SMS PIN erforderlich"


def test_the_links_address_leaks_nowhere(visitor, invited_admin, link):
    address = link(invited_admin)
    visitor.open(address)
    assert visitor.page.headers["Referrer-Policy"] == "no-referrer"
    choose(visitor)
    assert address.rpartition("/")[2] not in visitor.address + visitor.page.text


def test_the_mail_names_the_address_of_this_page(app, settings):
    adapter = app.url_map.bind("localhost")
    for address, endpoint in (
        (addresses.activation(settings, "t"), "activation.activate"),
        (addresses.password_reset(settings, "t"), "activation.reset"),
        (addresses.access_request(settings, "t"), "selfservice.verify_access"),
        (addresses.contact_change(settings, "t"), "selfservice.confirm_contact"),
    ):
        assert adapter.match(urlsplit(address).path) == (endpoint, {"token": "t"})


def test_a_used_link_says_so_before_anything_is_typed(visitor, invited_phone_admin, link):
    address = link(invited_phone_admin)
    visitor.open(address)
    choose(visitor)
    visitor.open(address)
    assert visitor.page.status_code == 410
    assert visitor.heading == "Dieser Link wurde bereits verwendet"
    assert "new_password" not in visitor.page.text
    assert "Passwort vergessen" in visitor.page.text
    assert "Zur Anmeldung" in visitor.page.text


def test_an_expired_link_says_so_and_sends_a_new_invitation_to_the_address_on_file(visitor, invited_admin, link, clock, unit):
    address = link(invited_admin)
    clock.advance(days=14)
    visitor.open(address)
    assert visitor.page.status_code == 410
    assert visitor.heading == "Dieser Link ist abgelaufen"
    assert "new_password" not in visitor.page.text
    visitor.send("renew")
    assert visitor.heading == "Neue Einladung gesendet"
    with unit() as work:
        token = builders.link_token(work, invited_admin)
    visitor.open(f"/activate/{token}")
    assert visitor.heading == "Passwort festlegen"


def test_a_replaced_link_points_to_the_newer_mail(visitor, invited_phone_admin, link, unit):
    address = link(invited_phone_admin)
    with unit() as work:
        invitations.resend(work, invited_phone_admin.customer_id, invited_phone_admin.id)
    visitor.open(address)
    assert visitor.page.status_code == 410
    assert "Es gibt eine neuere Einladung." in visitor.page.text


def test_the_link_of_a_deactivated_account_cannot_be_used(visitor, invited_phone_admin, link, unit):
    address = link(invited_phone_admin)
    with unit() as work:
        accounts.deactivate(work, invited_phone_admin.customer_id, invited_phone_admin.id)
    visitor.open(address)
    assert visitor.page.status_code == 410
    assert "new_password" not in visitor.page.text


@pytest.mark.parametrize("token", ["x", "a" * 43, "%00", "a" * 3000])
def test_an_unknown_link_lands_on_a_page_that_helps(visitor, token):
    visitor.open(f"/activate/{token}")
    assert visitor.page.status_code == 404
    assert visitor.heading == "Dieser Link ist nicht gültig"


def test_a_resent_invitation_ends_a_running_activation(visitor, invited_admin, link, unit):
    visitor.open(link(invited_admin))
    choose(visitor)
    pin = pins_of(visitor.app, invited_admin.mobile)[-1]
    with unit() as work:
        invitations.resend(work, invited_admin.customer_id, invited_admin.id)
    visitor.send("pin", pin=pin)
    assert visitor.heading == "Vorgang beendet"
    assert status(visitor, invited_admin) == "invitation_sent"


def test_of_two_activations_with_one_link_the_first_pin_wins_and_the_other_is_told(visitor, another, invited_admin, link):
    address = link(invited_admin)
    other = another()
    visitor.open(address)
    choose(visitor)
    first = pins_of(visitor.app, invited_admin.mobile)[-1]
    other.open(address)
    choose(other, "ganz andere Birne unter Wasser 9")
    second = pins_of(visitor.app, invited_admin.mobile)[-1]
    visitor.send("pin", pin=first)
    assert visitor.heading == "Ihr Kennwort wurde festgelegt."
    other.send("pin", pin=second)
    assert other.page.status_code == 410
    visitor.open("/signin")
    visitor.sign_in(invited_admin.username)
    assert visitor.heading == "SMS PIN erforderlich"


def test_five_wrong_pins_end_the_activation_and_the_link_stays_good(visitor, invited_admin, link):
    address = link(invited_admin)
    visitor.open(address)
    choose(visitor)
    pin = pins_of(visitor.app, invited_admin.mobile)[-1]
    for _ in range(5):
        visitor.send("pin", pin=wrong(pin))
    assert visitor.heading == "Vorgang beendet"
    visitor.open(address)
    choose(visitor)
    visitor.send("pin", pin=pins_of(visitor.app, invited_admin.mobile)[-1])
    assert visitor.heading == "Ihr Kennwort wurde festgelegt."


def test_the_pin_of_a_sign_in_does_not_activate(visitor, another, invited_admin, link, unit, units):
    address = link(invited_admin)
    with unit() as work:
        colleague = builders.active_account(work, role=accounts.Role.ADMINISTRATOR_KUNDENPORTAL)
    give_password(units, colleague)
    other = another()
    other.sign_in(colleague.username)
    pin_of_sign_in = pins_of(visitor.app, colleague.mobile)[-1]
    visitor.open(address)
    choose(visitor)
    visitor.send("pin", pin=pin_of_sign_in)
    assert visitor.page.status_code == 422
    assert status(visitor, invited_admin) != "active"


def test_an_expired_pin_is_sent_anew_by_a_button(visitor, invited_admin, link, clock):
    visitor.open(link(invited_admin))
    choose(visitor)
    old = pins_of(visitor.app, invited_admin.mobile)[-1]
    clock.advance(minutes=5, seconds=1)
    visitor.send("pin", pin=old)
    assert "Die PIN gilt nicht mehr." in visitor.page.text
    visitor.send("pin/send")
    visitor.send("pin", pin=pins_of(visitor.app, invited_admin.mobile)[-1])
    assert visitor.heading == "Ihr Kennwort wurde festgelegt."


def test_another_browser_cannot_finish_an_activation(visitor, another, invited_admin, link):
    visitor.open(link(invited_admin))
    choose(visitor)
    stranger = another()
    stranger.open(visitor.address)
    assert stranger.page.status_code == 400


def test_a_finished_activation_sent_again_leads_to_its_end(visitor, invited_admin, link):
    visitor.open(link(invited_admin))
    choose(visitor)
    form, pin = visitor.form("pin"), pins_of(visitor.app, invited_admin.mobile)[-1]
    visitor.send("pin", pin=pin)
    again = visitor.post(form.action, **form.fields | {"pin": pin})
    assert again.status_code == 303
    visitor.open(again.location)
    assert visitor.heading == "Ihr Kennwort wurde festgelegt."


def test_half_of_a_numbers_sms_are_kept_for_accounts_that_confirmed_it(visitor, another, invited_admin, link):
    address = link(invited_admin)
    for _ in range(3):
        browser = another()
        browser.open(address)
        choose(browser)
        assert browser.heading == "SMS PIN erforderlich"
    visitor.open(address)
    choose(visitor)
    assert visitor.page.status_code == 429
    assert len(pins_of(visitor.app, invited_admin.mobile)) == 3


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("kurz", "mindestens 12 Zeichen"),
        ("x" * 129, "höchstens 128 Zeichen"),
        ("Max.Muster.2300229", "Es enthält Ihren Namen"),
        ("passwordpassword", "zu schwach"),
        ("abcdefghijklmnop", "Folgen"),
    ],
)
def test_a_bad_password_is_refused_with_its_reason(visitor, invited_admin, link, password, reason):
    visitor.open(link(invited_admin))
    choose(visitor, password)
    assert visitor.page.status_code == 422
    assert reason in visitor.page.text
    assert pins_of(visitor.app, invited_admin.mobile) == []


def test_two_different_entries_are_refused(visitor, invited_phone_admin, link):
    visitor.open(link(invited_phone_admin))
    choose(visitor, PASSWORD, PASSWORD + "x")
    assert "Die beiden Eingaben sind verschieden." in visitor.page.text
    assert status(visitor, invited_phone_admin) != "active"


def test_a_password_of_128_characters_is_accepted(visitor, invited_phone_admin, link):
    visitor.open(link(invited_phone_admin))
    choose(visitor, ("grüne Laterne am alten Hafen und dann noch ein ganzes Stück weiter " * 3)[:128])
    assert visitor.heading == "Ihr Kennwort wurde festgelegt."
