"""Messages from the rule that sends them to the demo's mailbox and phone."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from idp import messaging
from idp.errors import NotFound
from idp.identifiers import EmailAddress, PhoneNumber
from idp.messaging import demo
from idp.outbox.worker import Worker
from idp.settings import Settings
from idp.unit_of_work import Units
from tests.units import opened_units

MAX = SimpleNamespace(salutation="Herr", given_name="Max", family_name="Muster", username="customer2300229")
ADDRESS = EmailAddress("Max@customer.example")
NUMBER = PhoneNumber("+4915112345678")


@pytest.fixture
def units(settings: Settings, clock: Callable) -> Iterator[Units]:
    """Units of work without the application: messaging knows nothing of it."""
    with opened_units(settings, clock) as opened:
        yield opened


@pytest.fixture
def delivered(units):
    """Send what waits and list what arrived, newest first."""

    def deliver(**filters):
        Worker(units, messaging.senders(units)).drain()
        with units.read() as work:
            return demo.messages(work, **filters)

    return deliver


def invite(unit, link="https://login.example/activate/1"):
    with unit() as work:
        messaging.send_mail(work, "mail/invitation", ADDRESS, "de", messaging.person(MAX), secret_values={"link": link})


def send_pin(unit, pin="2623565"):
    with unit() as work:
        messaging.send_sms(work, "sms/pin", NUMBER, "de", secret_values={"pin": pin})


def test_a_mail_arrives_with_its_link(unit, delivered):
    invite(unit)
    (mail,) = delivered()
    assert (mail.kind, mail.link, mail.pin) == ("mail", "https://login.example/activate/1", None)
    assert mail.link in mail.text


def test_a_mail_without_a_secret_link_has_its_first_one(unit, delivered, settings):
    with unit() as work:
        messaging.send_mail(work, "mail/somebody_knows_your_password", ADDRESS, "de", messaging.person(MAX))
    assert delivered()[0].link == settings.issuer_address


def test_an_sms_arrives_with_its_pin(unit, delivered):
    send_pin(unit)
    (sms,) = delivered()
    assert (sms.kind, sms.to, sms.pin, sms.link) == ("sms", NUMBER, "2623565", None)


def test_the_newest_message_to_an_address_in_any_case_is_found(units, unit, delivered):
    for number in (1, 2):
        invite(unit, f"https://login.example/activate/{number}")
        delivered()
    with units.read() as work:
        assert demo.latest(work, "MAX@CUSTOMER.EXAMPLE").link.endswith("/2")
        assert demo.latest(work, "eve@customer.example") is None


def test_only_messages_after_the_given_one_are_found(units, unit, delivered):
    invite(unit)
    (first,) = delivered()
    with units.read() as work:
        assert demo.latest(work, ADDRESS, after=first.id) is None


def test_messages_are_told_apart_by_kind(units, unit, delivered):
    invite(unit)
    send_pin(unit)
    assert [message.kind for message in delivered(kind="sms")] == ["sms"]


def test_an_unknown_mail_is_not_found(units):
    with units.read() as work, pytest.raises(NotFound):
        demo.mail(work, 4711)


@pytest.mark.parametrize(
    ("template", "values", "missing"),
    [
        ("mail/invitation", messaging.person(MAX), "link"),
        ("mail/password_reset_done", {"salutation": ""}, "family_name, given_name, username"),
        ("mail/unknown", {}, "unknown"),
    ],
)
def test_a_message_that_could_not_be_rendered_is_refused_at_once(unit, template, values, missing):
    with unit() as work, pytest.raises(ValueError, match=missing):
        messaging.send_mail(work, template, ADDRESS, "de", values)
