"""What every sender keeps: the recipient, and only this one, gets what the template says."""

import pytest

from idp.messaging import demo
from idp.messaging.demo import DemoMailSender, DemoSmsSender
from idp.messaging.mail import SmtpSender
from idp.messaging.sms.vonage import VonageSender
from idp.outbox.senders import Failed, Sent
from tests.http.messaging.conftest import LINK, mail_job, sms_job

# The test's mail server does not know that it speaks TLS from the first byte.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

INVITED = "Ihr Benutzername lautet: customer2300229"
PIN_TEXT = "Ihre PIN für e:service: 2623565. Gültig 5 Minuten. Geben Sie sie an niemanden weiter."


class Smtp:
    """A mail server at the end."""

    def __init__(self, server, settings):
        self.server = server
        self.sender = SmtpSender(settings)

    def received(self):
        return [
            (message["X-RcptTo"], part("plain", message), part("html", message), message["Subject"]) for message in self.server.messages
        ]


def part(subtype, message):
    return next(p for p in message.walk() if p.get_content_subtype() == subtype).get_payload(decode=True).decode().replace("\r\n", "\n")


class Mailbox:
    """The demo's mailbox at the end."""

    def __init__(self, units):
        self.units = units
        self.sender = DemoMailSender(units)

    def received(self):
        with self.units.read() as work:
            return [(m.to, m.text, m.html, m.subject) for m in demo.messages(work)]


class Vonage:
    """Vonage's API at the end."""

    def __init__(self, server, settings, clock):
        self.server = server
        self.sender = VonageSender(settings, clock)

    def received(self):
        return [("+" + post.form["to"], post.form["text"]) for post in self.server.received]


class Phone:
    """The demo's phone at the end."""

    def __init__(self, units):
        self.units = units
        self.sender = DemoSmsSender(units)

    def received(self):
        with self.units.read() as work:
            return [(m.to, m.text) for m in demo.messages(work)]


@pytest.fixture(params=["starttls", "tls", "demo"])
def mail_end(request, mail_server, smtp_settings):
    if request.param == "demo":
        return Mailbox(request.getfixturevalue("units"))
    server = mail_server(request.param)
    return Smtp(server, smtp_settings(server, request.param))


@pytest.fixture(params=["vonage", "demo"])
def sms_end(request, clock):
    if request.param == "demo":
        return Phone(request.getfixturevalue("units"))
    return Vonage(request.getfixturevalue("vonage"), request.getfixturevalue("vonage_settings"), clock)


def test_a_mail_reaches_its_recipient_with_both_bodies(mail_end):
    assert isinstance(mail_end.sender.send(mail_job()), Sent)
    ((recipient, text, html, subject),) = mail_end.received()
    assert (recipient, subject) == ("max@customer.example", "Ihr Zugang zum Kundenportal")
    assert INVITED in text
    assert LINK in text
    assert f'href="{LINK}"' in html
    assert "Sehr geehrter Herr Muster," in html


def test_a_mail_speaks_the_recipients_language(mail_end):
    mail_end.sender.send(mail_job(payload={"locale": "en"}))
    assert "Your user name is: customer2300229" in mail_end.received()[0][1]


@pytest.mark.parametrize(
    "address",
    [
        "max@customer.example, eve@evil.example",
        "max@customer.example\r\nBcc: eve@evil.example",
        "max@customer.example>\nRCPT TO:<eve@evil.example",
        "no address",
        "@customer.example",
        "max@",
        "mäx@customer.example",
    ],
)
def test_an_impossible_address_reaches_nobody(mail_end, address):
    assert isinstance(mail_end.sender.send(mail_job(payload={"to": address})), Failed)
    assert mail_end.received() == []


def test_a_domain_with_umlauts_is_reached_by_its_ascii_form(mail_end):
    mail_end.sender.send(mail_job(payload={"to": "max@müller.example"}))
    assert mail_end.received()[0][0] == "max@xn--mller-kva.example"


def test_a_pin_reaches_its_number_and_binds_to_our_host(sms_end):
    assert isinstance(sms_end.sender.send(sms_job()), Sent)
    ((number, text),) = sms_end.received()
    assert number == "+4915112345678"
    assert text.splitlines()[0] == PIN_TEXT
    assert text.splitlines()[-1] in ("@login.example #2623565", "@localhost #2623565")


def test_an_sms_sender_never_sends_twice(sms_end):
    assert sms_end.sender.at_most_once


def test_a_mail_sender_sends_at_least_once(mail_end):
    assert not mail_end.sender.at_most_once
