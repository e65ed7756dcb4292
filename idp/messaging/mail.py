"""Mail by SMTP: how a mail is put together, how it is handed over, what the server's answers mean."""

import re
import smtplib
import ssl
from contextlib import suppress
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

from idp import spans
from idp.messaging.rendering import RenderedMail, render_mail
from idp.outbox.senders import ClaimedJob, Failed, Outcome, Retry, Sent
from idp.settings import Settings
from idp.spans import Kind

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]+@[^\s<>()\[\],;:\"@]+")
_PERMANENT = 500


class ImpossibleAddress(ValueError):
    """No mail can go to this address."""


class SmtpSender:
    """Hands mails to the mail server of the settings; one connection a mail, every wait limited."""

    at_most_once = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, job: ClaimedJob) -> Outcome:
        """Render and hand over; the same job always has the same Message-ID, so that a repeated mail is known as one."""
        try:
            recipient = mailbox(job.payload["to"])
            message = compose(self._settings, job, recipient)
        except ImpossibleAddress:
            return Failed("no mail can go to this address")
        with spans.span("smtp", Kind.CLIENT, server_address=self._settings.smtp_host):
            return self._hand_over(message, recipient)

    def _hand_over(self, message: EmailMessage, recipient: Address) -> Outcome:
        try:
            smtp = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            return Retry(f"mail server: {summary(error)}")
        try:
            smtp.send_message(message, from_addr=sender_of(self._settings).addr_spec, to_addrs=[recipient.addr_spec])
        except (OSError, smtplib.SMTPException) as error:
            return outcome_of(error)
        finally:
            # The server has said what it does with the mail; how the connection ends changes nothing.
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()
        return Sent(message["Message-ID"])

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        trusted = ssl.create_default_context(cafile=settings.smtp_ca_file or None)
        timeout = settings.smtp_timeout_seconds
        if settings.smtp_security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=timeout, context=trusted)
        else:
            smtp = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=timeout)
        try:
            if settings.smtp_security == "starttls":
                smtp.starttls(context=trusted)
            if settings.smtp_username:
                smtp.login(settings.smtp_username, settings.smtp_password.get_secret_value())
        except BaseException:
            smtp.close()
            raise
        return smtp


def compose(settings: Settings, job: ClaimedJob, recipient: Address) -> EmailMessage:
    """Put a job's mail together."""
    payload = job.payload
    rendered = render_mail(settings, payload["template"], payload["locale"], {**payload["values"], **job.secret})
    return letter(settings, rendered, recipient, job)


def letter(settings: Settings, rendered: RenderedMail, recipient: Address, job: ClaimedJob) -> EmailMessage:
    """Write headers and both bodies; no value can add a header or a recipient, for each header is one structured value."""
    sender = sender_of(settings)
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = sender
    message["To"] = recipient
    if settings.mail_reply_to:
        message["Reply-To"] = mailbox(settings.mail_reply_to)
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(job.due)
    message["Message-ID"] = f"<{job.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no out-of-office notes
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    return message


def sender_of(settings: Settings) -> Address:
    """Give the sender of all mails, with its name."""
    # The library's own parser takes the colon of »e:service« for the start of a group.
    name, _, address = settings.mail_from.rpartition("<")
    plain = mailbox(address.removesuffix(">").strip())
    return Address(name.strip().strip('"'), plain.username, plain.domain)


def mailbox(address: str) -> Address:
    """Read exactly one plain address; a domain with umlauts is written in its ASCII form. Raises: ImpossibleAddress."""
    local, _, domain = address.rpartition("@")
    if not local or not domain:
        raise ImpossibleAddress
    try:
        domain = domain.encode("idna").decode("ascii")
        found = Address(addr_spec=f"{local}@{domain}")
    except (UnicodeError, ValueError, HeaderParseError) as error:
        raise ImpossibleAddress from error
    if not found.username.isascii() or not _ADDRESS.fullmatch(found.addr_spec):
        raise ImpossibleAddress
    return found


def outcome_of(error: OSError | smtplib.SMTPException) -> Outcome:
    """Tell what a failed hand-over means: what the server refuses for good about this mail ends it, all else is tried again."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, words = next(iter(error.recipients.values()))
            described = f"recipient refused: {code} {masked(words)}"
            return Failed(described) if code >= _PERMANENT else Retry(described)
        case smtplib.SMTPSenderRefused():  # our own settings; an operator mends them meanwhile
            return Retry(f"sender refused: {summary(error)}")
        case smtplib.SMTPDataError() if error.smtp_code >= _PERMANENT:
            return Failed(f"mail refused: {summary(error)}")
    return Retry(f"mail server: {summary(error)}")


def summary(error: OSError | smtplib.SMTPException) -> str:
    """Describe a failure without addresses."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {masked(error.smtp_error)}"
    return type(error).__name__


def masked(words: bytes | str) -> str:
    """Cut addresses out of a server's answer, and shorten it."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return _ADDRESS.sub("…", " ".join(text.split())).replace("<…>", "…")[:200]
