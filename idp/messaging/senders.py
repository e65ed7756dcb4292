"""The senders that the settings choose."""

from idp.messaging.demo import DemoMailSender, DemoSmsSender
from idp.messaging.mail import SmtpSender
from idp.messaging.messages import MAIL, SMS
from idp.outbox.senders import Sender
from idp.unit_of_work import Units


def senders(units: Units) -> dict[str, Sender]:
    """Give the senders of mail and SMS by their job kinds."""
    settings = units.settings
    mail: Sender = DemoMailSender(units) if settings.mail_sender == "demo" else SmtpSender(settings)
    return {MAIL: mail, SMS: DemoSmsSender(units) if settings.sms_sender == "demo" else _vonage(units)}


def _vonage(units: Units) -> Sender:
    from idp.messaging.sms.vonage import VonageSender  # noqa: PLC0415 - 15 MB and 0.1 s that web processes do without

    return VonageSender(units.settings, units.clock)
