"""Recording what happened, and what was refused."""

from typing import Any

from idp.audit import lines, store
from idp.audit.events import Event
from idp.unit_of_work import UnitOfWork


def record(
    work: UnitOfWork,
    event: Event,
    *,
    account: str | None = None,
    customer: str | None = None,
    client: str | None = None,
    **detail: Any,
) -> None:
    """Note an event in the unit's own transaction; `account` is the one it is about.

    `detail` holds plain JSON values; never a password, PIN, token or full phone number.
    """
    _add(work, _row(work, event, account, customer, client, detail))


def refused(
    work: UnitOfWork,
    event: Event,
    *,
    account: str | None = None,
    customer: str | None = None,
    client: str | None = None,
    **detail: Any,
) -> None:
    """Note a refusal that rolls the unit back; written in a small transaction of its own after it."""
    row = _row(work, event, account, customer, client, detail)
    work.on_refusal(lambda after: _add(after, row))


def _add(work: UnitOfWork, row: dict[str, Any]) -> None:
    store.add(work.db, row)
    if work.settings.audit_log:
        work.after_commit(lambda: lines.write(row))


def _row(
    work: UnitOfWork, event: Event, account: str | None, customer: str | None, client: str | None, detail: dict[str, Any]
) -> dict[str, Any]:
    return {
        "at": work.now,
        "event": event.value,
        "actor_kind": work.actor.kind.value,
        "actor_id": work.actor.id,
        "on_behalf_of": work.actor.on_behalf_of,
        "session_id": work.actor.session_id,
        "account_id": account,
        "customer_id": customer,
        "client_id": client,
        "request_id": work.request_id,
        "detail": detail,
    }
