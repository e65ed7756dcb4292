"""Mail at a real mail server: headers, TLS, what the server's answers mean."""

import email.utils
import smtplib
import socket
import threading
from datetime import timedelta

import pytest

from idp.messaging.mail import SmtpSender, outcome_of
from idp.outbox.senders import Failed, Retry, Sent
from idp.settings import Settings
from tests.http.messaging.conftest import NOON, mail_job


@pytest.fixture
def server(mail_server):
    return mail_server("starttls")


@pytest.fixture
def sender(server, smtp_settings):
    return SmtpSender(smtp_settings(server, mail_reply_to="service@carrier.example"))


def test_the_same_job_has_the_same_message_id_at_each_attempt(server, sender):
    sender.send(mail_job(attempt=1))
    sender.send(mail_job(attempt=2, due=NOON + timedelta(minutes=1)))
    assert [message["Message-ID"] for message in server.messages] == ["<job-1@carrier.example>"] * 2


def test_headers_name_sender_reply_address_date_and_that_a_machine_writes(server, sender):
    sender.send(mail_job())
    (message,) = server.messages
    assert message["From"] == '"e:service" <noreply@carrier.example>'
    assert message["To"] == "max@customer.example"
    assert message["Reply-To"] == "service@carrier.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert email.utils.parsedate_to_datetime(message["Date"]) == NOON


def test_the_envelope_sender_is_the_bare_address(server, sender):
    sender.send(mail_job())
    assert server.messages[0]["X-MailFrom"] == "noreply@carrier.example"


def test_values_cannot_add_a_header(server, smtp_settings):
    settings = smtp_settings(server, brand_name="Carrier\r\nBcc: eve@evil.example\r\n\r\nHello")
    SmtpSender(settings).send(mail_job())
    (message,) = server.messages
    assert message["Bcc"] is None
    assert message["X-RcptTo"] == "max@customer.example"


def test_an_umlaut_in_the_subject_arrives(server, sender):
    sender.send(mail_job(payload={"template": "mail/password_reset_done"}))
    subject = email.header.make_header(email.header.decode_header(server.messages[0]["Subject"]))
    assert str(subject) == "Ihr Passwort wurde geändert"


def test_an_untrusted_certificate_gets_no_mail(server, smtp_settings):
    outcome = SmtpSender(smtp_settings(server, smtp_ca_file="")).send(mail_job())
    assert isinstance(outcome, Retry)
    assert server.messages == []


def test_a_server_without_starttls_gets_no_mail(mail_server, smtp_settings):
    server = mail_server("none")
    outcome = SmtpSender(smtp_settings(server, "starttls")).send(mail_job())
    assert isinstance(outcome, Retry)
    assert server.messages == []


def test_a_wrong_password_is_tried_again_later(server, smtp_settings):
    outcome = SmtpSender(smtp_settings(server, smtp_password="wrong")).send(mail_job())
    assert isinstance(outcome, Retry)
    assert "535" in outcome.error


def test_a_server_that_is_not_there_is_tried_again_later(free_port):
    settings = Settings(smtp_host="localhost", smtp_port=free_port(), smtp_security="none")
    assert isinstance(SmtpSender(settings).send(mail_job()), Retry)


def test_a_server_that_says_nothing_is_left_after_the_time_out():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(smtp_host="127.0.0.1", smtp_port=silent.getsockname()[1], smtp_security="none", smtp_timeout_seconds=1)
        assert isinstance(SmtpSender(settings).send(mail_job()), Retry)


def test_a_server_that_hangs_up_after_taking_the_mail_has_taken_it():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken = threading.Thread(target=take_and_hang_up, args=(listening,))
        taken.start()
        settings = Settings(smtp_host="127.0.0.1", smtp_port=listening.getsockname()[1], smtp_security="none", smtp_timeout_seconds=5)
        assert isinstance(SmtpSender(settings).send(mail_job()), Sent)
        taken.join()


def take_and_hang_up(listening):
    connection, _ = listening.accept()
    with connection, connection.makefile("rwb", buffering=0) as stream:
        stream.write(b"220 ready\r\n")
        for answer in (b"250 hello", b"250 sender", b"250 recipient", b"354 go on"):
            stream.readline()
            stream.write(answer + b"\r\n")
        while stream.readline() != b".\r\n":
            pass
        stream.write(b"250 taken\r\n")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (
            smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"5.1.1 <a@b.example> unknown")}),
            Failed("recipient refused: 550 5.1.1 … unknown"),
        ),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (450, b"greylisted")}), Retry("recipient refused: 450 greylisted")),
        (smtplib.SMTPSenderRefused(550, b"not you", "x@y.example"), Retry("sender refused: 550 not you")),
        (smtplib.SMTPDataError(554, b"spam"), Failed("mail refused: 554 spam")),
        (smtplib.SMTPDataError(451, b"busy"), Retry("mail server: 451 busy")),
        (smtplib.SMTPServerDisconnected("gone"), Retry("mail server: SMTPServerDisconnected")),
        (ConnectionResetError(), Retry("mail server: ConnectionResetError")),
    ],
)
def test_only_what_the_server_refuses_for_good_ends_a_mail(error, outcome):
    assert outcome_of(error) == outcome
