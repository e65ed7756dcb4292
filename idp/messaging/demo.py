"""The demo transport: delivers into the database, where `idp messages` and the demo's phone and mailbox pages look."""

import re

from idp.errors import NotFound
from idp.messaging import store
from idp.messaging.mail import ImpossibleAddress, mailbox
from idp.messaging.messages import MAIL
from idp.messaging.rendering import render_mail, render_sms
from idp.messaging.store import DemoMessage
from idp.outbox.senders import ClaimedJob, Failed, Outcome, Sent
from idp.unit_of_work import SYSTEM, UnitOfWork, Units

__all__ = ["DemoMailSender", "DemoMessage", "DemoSmsSender", "latest", "mail", "messages"]

_LINK = re.compile(r"https?://[^\s<>\"]+")


class DemoMailSender:
    """Delivers mails into the database."""

    at_most_once = False

    def __init__(self, units: Units) -> None:
        self._units = units

    def send(self, job: ClaimedJob) -> Outcome:
        """Render and deliver; an address that no mail can go to is refused as a mail server does."""
        payload = job.payload
        try:
            recipient = mailbox(payload["to"]).addr_spec
        except ImpossibleAddress:
            return Failed("no mail can go to this address")
        rendered = render_mail(self._units.settings, payload["template"], payload["locale"], {**payload["values"], **job.secret})
        first = _LINK.search(rendered.text)
        with self._units.write(SYSTEM) as work:
            row = {
                "kind": MAIL,
                "recipient": recipient,
                "recipient_key": key(recipient),
                "subject": rendered.subject,
                "text": rendered.text,
                "html": rendered.html,
                # what the mail is about; the portal's address, which stands above it in the invitation, is not
                "link": job.secret.get("link") or (first.group() if first else None),
                "pin": None,
                "created_at": work.now,
            }
            store.add(work.db, row)
        return Sent(f"demo-{job.id}")


class DemoSmsSender:
    """Delivers SMS into the database."""

    at_most_once = True

    def __init__(self, units: Units) -> None:
        self._units = units

    def send(self, job: ClaimedJob) -> Outcome:
        """Render and deliver."""
        payload = job.payload
        text = render_sms(self._units.settings, payload["template"], payload["locale"], {**payload["values"], **job.secret})
        with self._units.write(SYSTEM) as work:
            row = {
                "kind": job.kind,
                "recipient": payload["to"],
                "recipient_key": key(payload["to"]),
                "subject": None,
                "text": text,
                "html": None,
                "link": None,
                "pin": job.secret.get("pin"),
                "created_at": work.now,
            }
            store.add(work.db, row)
        return Sent(f"demo-{job.id}")


def latest(work: UnitOfWork, to: str, kind: str | None = None, after: int | None = None) -> DemoMessage | None:
    """Give the newest message to an address (any case) or number, newer than the message `after`."""
    found = store.find(work.db, recipient=key(to), kind=kind, after=after, limit=1)
    return found[0] if found else None


def messages(
    work: UnitOfWork, to: str | None = None, kind: str | None = None, after: int | None = None, limit: int = 100
) -> list[DemoMessage]:
    """List messages, newest first."""
    return store.find(work.db, recipient=key(to) if to else None, kind=kind, after=after, limit=limit)


def mail(work: UnitOfWork, message_id: int) -> DemoMessage:
    """Give one mail. Raises: NotFound."""
    found = store.one(work.db, message_id)
    if found is None or found.kind != MAIL:
        raise NotFound(f"message {message_id}")
    return found


def key(recipient: str) -> str:
    """Write an address or number in the form in which it is compared."""
    return "".join(recipient.split()).casefold()
