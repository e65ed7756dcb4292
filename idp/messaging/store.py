"""SQL of the demo transport's messages."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select

from idp.database import Rows
from idp.identifiers import Traces
from idp.messaging.tables import DemoMessage as Row
from idp.outbox.tables import Job


@dataclass(frozen=True, slots=True)
class DemoMessage:
    """A mail or SMS as its recipient sees it; `link` is the one to click, `pin` the one to enter."""

    id: int
    kind: str
    to: str
    subject: str | None
    text: str
    html: str | None
    link: str | None
    pin: str | None
    created_at: datetime


_add = insert(Row)
_select = select(Row.id, Row.kind, Row.recipient, Row.subject, Row.text, Row.html, Row.link, Row.pin, Row.created_at)
_newest_first = Row.id.desc()


def add(db: Connection, row: Mapping[str, Any]) -> None:
    """Add a delivered message."""
    db.execute(_add, row)


def find(db: Connection, *, recipient: str | None, kind: str | None, after: int | None, limit: int) -> list[DemoMessage]:
    """List the newest messages first, by ix_demo_messages_recipient where a recipient is given."""
    query = _select.order_by(_newest_first).limit(limit)
    if recipient is not None:
        query = query.where(Row.recipient_key == recipient)
    if kind is not None:
        query = query.where(Row.kind == kind)
    if after is not None:
        query = query.where(Row.id > after)
    return [DemoMessage(*row) for row in db.execute(query)]


def one(db: Connection, message_id: int) -> DemoMessage | None:
    """Find a message by its id."""
    row = db.execute(_select.where(Row.id == message_id)).one_or_none()
    return DemoMessage(*row) if row else None


def rows_of(traces: Traces, kinds: Collection[str]) -> Rows:
    """Tell which messages are to a person or name them, waiting ones and what is kept of sent ones.

    `kinds`: the jobs that are messages. Others about the person stay until they are done; they hold ids alone.
    """
    said = Job.payload["values"]
    named = {*traces.usernames, *traces.names}
    recipients = (*traces.addresses, *traces.numbers)
    return {
        Job: or_(
            and_(Job.account_id == traces.account_id, or_(Job.kind.in_(kinds), Job.finished_at.is_not(None))),
            and_(Job.kind.in_(kinds), Job.account_id.is_(None), func.lower(Job.payload["to"].as_string()).in_(recipients)),
            and_(
                Job.kind.in_(kinds),
                or_(said["requester_username"].as_string().in_(named), said["requester_name"].as_string().in_(named)),
            ),
        ),
        Row: or_(Row.recipient_key.in_(recipients), *(Row.text.icontains(name, autoescape=True) for name in (*named, *recipients))),
    }


def delete_all(db: Connection) -> None:
    """Empty mailbox and phone."""
    db.execute(delete(Row))
