"""One entry of the audit log as those who read it get it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, who did it, whom it is about."""

    id: int
    at: datetime
    event: str
    actor_kind: str
    actor_id: str | None
    on_behalf_of: str | None
    session_id: str | None
    account_id: str | None
    customer_id: str | None
    client_id: str | None
    request_id: str
    detail: Mapping[str, Any]


FIELDS = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; what is None does not matter. `since` belongs to the span, `until` does not."""

    account_id: str | None = None
    customer_id: str | None = None
    event: str | None = None
    since: datetime | None = None
    until: datetime | None = None
