"""The second step of a sign-in: the PIN of an SMS."""

import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from idp.audit import Event
from idp.audit import store as audit_store
from idp.authn import sessions
from idp.authn.levels import ACR_MFA
from idp.authn.pins import derive
from idp.authn.tables import PinChallenge
from idp.directory import accounts
from idp.outbox.tables import Job
from tests import builders
from tests.visitor import OTHER_PASSWORD, Visitor, deliver, give_password, mails_of, pins_of, wrong


def asked_for_pin(visitor: Visitor, account) -> str:
    """Go up to the page of the PIN; gives the PIN."""
    visitor.sign_in(account.username)
    assert visitor.heading == "SMS PIN erforderlich"
    return pins_of(visitor.app, account.mobile)[-1]


def test_an_administrator_signs_in_with_password_and_pin(visitor, admin, units):
    pin = asked_for_pin(visitor, admin)
    assert "Bitte geben Sie die per SMS erhaltene PIN ein" in visitor.page.text
    visitor.send("pin", pin=pin)
    with units.read() as work:
        session = sessions.find(work, visitor.session)
    assert (session.account_id, session.acr, session.amr) == (admin.id, ACR_MFA, ("pwd", "sms", "mfa"))


def test_the_page_shows_the_number_masked_and_lets_the_browser_fill_the_pin_in(visitor, admin):
    asked_for_pin(visitor, admin)
    assert "…" + admin.mobile[-4:] in visitor.page.text
    assert admin.mobile[:-4] not in visitor.page.text
    assert 'autocomplete="one-time-code"' in visitor.page.text


def test_a_pin_has_seven_digits_and_may_be_pasted_with_a_space(visitor, admin):
    pin = asked_for_pin(visitor, admin)
    assert len(pin) == 7
    assert pin.isdigit()
    visitor.send("pin", pin=f" {pin[:3]} {pin[3:]} ")
    assert visitor.session


def test_nothing_is_sent_by_opening_or_reloading_the_page(visitor, admin):
    asked_for_pin(visitor, admin)
    for _ in range(3):
        visitor.open(visitor.address)
        assert visitor.page.status_code == 200
    assert len(pins_of(visitor.app, admin.mobile)) == 1


def test_there_is_no_session_before_the_pin(visitor, admin):
    asked_for_pin(visitor, admin)
    assert visitor.session is None


def test_a_wrong_pin_tells_how_many_tries_are_left(visitor, admin):
    pin = asked_for_pin(visitor, admin)
    visitor.send("pin", pin=wrong(pin))
    assert visitor.page.status_code == 422
    assert "Diese PIN stimmt nicht. Noch 4 Versuche." in visitor.page.text
    assert wrong(pin) not in visitor.page.text
    visitor.send("pin", pin=pin)
    assert visitor.session


def test_five_wrong_pins_end_the_sign_in_even_for_the_right_one(visitor, admin):
    pin = asked_for_pin(visitor, admin)
    form = visitor.form("pin")
    for _ in range(5):
        visitor.send("pin", pin=wrong(pin))
    assert visitor.heading == "Anmeldung beendet"
    assert "Die PIN war zu oft falsch." in visitor.page.text
    visitor.post(form.action, **form.fields | {"pin": pin})
    assert visitor.session is None


def test_five_wrong_pins_count_over_all_challenges_of_a_sign_in(visitor, admin, clock):
    pin = asked_for_pin(visitor, admin)
    for _ in range(3):
        visitor.send("pin", pin=wrong(pin))
    clock.advance(minutes=4)
    visitor.send("pin/send")
    pin = pins_of(visitor.app, admin.mobile)[-1]
    visitor.send("pin", pin=wrong(pin))
    assert "Noch 1 Versuch." in visitor.page.text
    visitor.send("pin", pin=wrong(pin))
    assert visitor.heading == "Anmeldung beendet"


def test_an_ended_sign_in_leads_back_to_a_new_one(visitor, admin):
    pin = asked_for_pin(visitor, admin)
    for _ in range(5):
        visitor.send("pin", pin=wrong(pin))
    visitor.open("/signin")
    new = asked_for_pin(visitor, admin)
    visitor.send("pin", pin=new)
    assert visitor.session


def test_what_is_no_pin_at_all_spends_no_try(visitor, admin):
    pin = asked_for_pin(visitor, admin)
    for entry in ("", "123", "abcdefg", "12345678"):
        visitor.send("pin", pin=entry)
        assert visitor.page.status_code == 422
    visitor.send("pin", pin=wrong(pin))
    assert "Noch 4 Versuche." in visitor.page.text


def test_an_expired_pin_is_refused_and_a_new_one_offered_by_a_button(visitor, admin, clock):
    pin = asked_for_pin(visitor, admin)
    clock.advance(minutes=5, seconds=1)
    visitor.send("pin", pin=pin)
    assert visitor.session is None
    assert "Die PIN gilt nicht mehr." in visitor.page.text
    assert len(pins_of(visitor.app, admin.mobile)) == 1
    visitor.send("pin/send")
    new = pins_of(visitor.app, admin.mobile)[-1]
    assert new != pin
    visitor.send("pin", pin=new)
    assert visitor.session


def test_a_pin_is_valid_up_to_five_minutes(visitor, admin, clock):
    pin = asked_for_pin(visitor, admin)
    clock.advance(minutes=4, seconds=59)
    visitor.send("pin", pin=pin)
    assert visitor.session


def test_the_pin_of_another_sign_in_does_not_fit(visitor, another, admin):
    other = another()
    pin_of_other = asked_for_pin(other, admin)
    own = asked_for_pin(visitor, admin)
    assert own != pin_of_other
    visitor.send("pin", pin=pin_of_other)
    assert visitor.session is None
    other.send("pin", pin=pin_of_other)
    assert other.session


def test_sending_again_within_its_life_sends_the_same_pin(visitor, admin, clock):
    pin = asked_for_pin(visitor, admin)
    clock.advance(seconds=31)
    visitor.send("pin/send")
    assert pins_of(visitor.app, admin.mobile) == [pin, pin]


def test_with_less_than_two_minutes_left_a_new_pin_is_sent_and_the_older_is_void(visitor, admin, clock):
    old = asked_for_pin(visitor, admin)
    clock.advance(minutes=3, seconds=1)
    visitor.send("pin/send")
    new = pins_of(visitor.app, admin.mobile)[-1]
    assert new != old
    visitor.send("pin", pin=old)
    assert visitor.session is None
    clock.advance(minutes=4, seconds=59)
    visitor.send("pin", pin=new)
    assert visitor.session


def test_a_new_pin_in_one_tab_leaves_the_other_tab_its_own(visitor, another, admin, clock):
    first = asked_for_pin(visitor, admin)
    first_page, first_address = visitor.page, visitor.address
    del visitor.page
    asked_for_pin(visitor, admin)
    clock.advance(minutes=3, seconds=1)
    visitor.send("pin/send")
    visitor.page, visitor.address = first_page, first_address
    visitor.send("pin", pin=first)
    assert visitor.session


@pytest.mark.parametrize(("sends", "wait"), [(1, 30), (2, 60), (3, 120)])
def test_the_next_sms_has_to_wait_longer_each_time(visitor, admin, clock, sends, wait):
    asked_for_pin(visitor, admin)
    for earlier in (30, 60)[: sends - 1]:
        clock.advance(seconds=earlier)
        visitor.send("pin/send")
        deliver(visitor.app)
    clock.advance(seconds=wait - 1)
    visitor.send("pin/send")
    assert visitor.page.status_code == 429
    assert visitor.page.headers["Retry-After"] == "1"
    assert len(pins_of(visitor.app, admin.mobile)) == sends
    clock.advance(seconds=1)
    visitor.send("pin/send")
    assert len(pins_of(visitor.app, admin.mobile)) == sends + 1


def test_a_used_pin_works_once(visitor, admin):
    pin = asked_for_pin(visitor, admin)
    form = visitor.form("pin")
    visitor.send("pin", pin=pin)
    token = visitor.session
    again = visitor.post(form.action, **form.fields | {"pin": pin})
    assert again.status_code == 303
    assert visitor.session == token


def test_a_finished_password_sent_again_leads_on_to_the_pin_without_a_second_sms(visitor, admin):
    visitor.open("/signin")
    form = visitor.form("password")
    visitor.send("password", username=admin.username, password="grüne Laterne am alten Hafen 47")
    page = visitor.address
    again = visitor.post(form.action, **form.fields | {"username": admin.username, "password": "something else"})
    assert (again.status_code, urlsplit(again.location).path) == (303, urlsplit(page).path)
    assert len(pins_of(visitor.app, admin.mobile)) == 1


def set_state(units, account, state: str) -> None:
    with units.write() as work:
        work.db.execute(update(Job).where(Job.kind == "sms", Job.account_id == account.id).values(state=state))


def test_an_sms_whose_fate_is_unknown_is_told_and_may_be_sent_again_at_once(visitor, admin, units):
    visitor.sign_in(admin.username)
    set_state(units, admin, "uncertain")
    visitor.open(visitor.address)
    assert re.search("Wir wissen nicht, ob die SMS an <[^>]+>…2345</span> angekommen ist.", visitor.page.text)
    visitor.send("pin/send")
    assert visitor.page.status_code == 200
    assert len(pins_of(visitor.app, admin.mobile)) == 1


def test_an_sms_that_failed_is_told(visitor, admin, units):
    visitor.sign_in(admin.username)
    set_state(units, admin, "failed")
    visitor.open(visitor.address)
    assert "konnte nicht zugestellt werden" in visitor.page.text


def test_a_pin_is_not_stored_and_its_sealed_copy_is_gone_after_sending(visitor, admin, units):
    pin = asked_for_pin(visitor, admin)
    with units.read() as work:
        challenge = work.db.execute(select(PinChallenge.__table__)).mappings().one()
        job = work.db.execute(select(Job.__table__).where(Job.id == challenge["job_id"])).mappings().one()
        assert derive(work.secrets, challenge["id"]) == pin
    assert job["sealed"] is None
    assert pin not in str(dict(challenge)) + str(dict(job))


def test_an_sms_that_still_waits_is_taken_back_when_it_is_sent_again(visitor, admin, clock):
    asked_for_pin(visitor, admin)
    for wait in (30, 60):
        clock.advance(seconds=wait)
        visitor.send("pin/send")
    assert len(pins_of(visitor.app, admin.mobile)) == 2


def test_an_account_deactivated_meanwhile_does_not_get_in(visitor, phone_admin, admin, unit, units):
    with unit() as work:
        second = builders.active_account(work, role=accounts.Role.ADMINISTRATOR_KUNDENPORTAL, mobile="+4915155598765")
    give_password(units, second)
    pin = asked_for_pin(visitor, second)
    with unit() as work:
        accounts.deactivate(work, second.customer_id, second.id)
    visitor.send("pin", pin=pin)
    assert visitor.session is None
    assert "deaktiviert" in visitor.page.text


def test_a_password_changed_meanwhile_ends_the_sign_in(visitor, admin, units, clock):
    pin = asked_for_pin(visitor, admin)
    clock.advance(seconds=1)
    give_password(units, admin, OTHER_PASSWORD)
    visitor.send("pin", pin=pin)
    assert (visitor.page.status_code, visitor.session) == (410, None)


def test_six_sms_an_hour_and_then_none_until_it_lifts_itself(visitor, admin, clock):
    for _ in range(6):
        visitor.open("/signin")
        asked_for_pin(visitor, admin)
    visitor.open("/signin")
    visitor.sign_in(admin.username)
    assert visitor.page.status_code == 429
    assert "Es wurden zu viele PINs per SMS gesendet." in visitor.page.text
    assert int(visitor.page.headers["Retry-After"]) == 3600
    clock.advance(hours=1)
    visitor.open("/signin")
    asked_for_pin(visitor, admin)


def exhaust_tries(another, admin, clock) -> None:
    """Type ten wrong PINs, from two sign-ins of a stranger who knows the password."""
    for _ in range(2):
        stranger = another(network="198.51.100.7")
        pin = asked_for_pin(stranger, admin)
        for _ in range(5):
            stranger.send("pin", pin=wrong(pin))


def test_after_ten_wrong_pins_no_pin_goes_to_unknown_devices_for_an_hour(another, admin, clock):
    exhaust_tries(another, admin, clock)
    before = len(pins_of(another().app, admin.mobile))
    stranger = another()
    stranger.sign_in(admin.username)
    assert stranger.page.status_code == 429
    assert "keine PIN für dieses Gerät" in stranger.page.text
    assert len(pins_of(stranger.app, admin.mobile)) == before
    clock.advance(hours=1)
    asked_for_pin(another(), admin)


def test_after_ten_wrong_pins_the_owner_gets_in_with_a_known_device(visitor, another, admin, clock):
    visitor.sign_in(admin.username)
    visitor.send("pin", pin=pins_of(visitor.app, admin.mobile)[-1])
    exhaust_tries(another, admin, clock)
    visitor.client.delete_cookie("idp_session")
    visitor.open("/signin")
    pin = asked_for_pin(visitor, admin)
    visitor.send("pin", pin=pin)
    assert visitor.session


def test_the_owner_is_told_at_most_once_a_day_that_somebody_knows_the_password(another, admin, clock):
    exhaust_tries(another, admin, clock)
    for _ in range(3):
        another().sign_in(admin.username)
    told = [mail for mail in mails_of(another().app, admin.email) if "kennt" in mail.subject or "Passwort" in mail.subject]
    assert len(told) == 1


def test_every_step_is_in_the_audit_log(visitor, admin, units):
    pin = asked_for_pin(visitor, admin)
    visitor.send("pin", pin=wrong(pin))
    visitor.send("pin", pin=pin)
    with units.read() as work:
        events = [row["event"] for row in audit_store.events_of_account(work.db, admin.id, before=None, limit=50)]
    for event in (Event.PIN_SENT, Event.PIN_WRONG, Event.PIN_CONFIRMED, Event.SESSION_STARTED, Event.SIGNIN_COMPLETED):
        assert event.value in events


def test_no_log_line_holds_pin_or_password(visitor, admin, capfd):
    pin = asked_for_pin(visitor, admin)
    visitor.send("pin", pin=pin)
    deliver(visitor.app)
    output = "".join(capfd.readouterr())
    assert pin not in output
    assert "Laterne" not in output
    assert admin.mobile not in output
