"""What becomes of rows that arrive by an import, table by table; what is not named here stays as it was.

An export is older than its import. What ended in between must not come back to life: sessions end with all that hangs on them, what
could be used once and was under way is left out. Nothing is sent twice: waiting messages are held back. A PIN is never sent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from idp.messaging.messages import SMS
from idp.operations.export_format import Row
from idp.outbox.jobs import HELD_BACK
from idp.outbox.states import JobState

RESTORED = "restored"
"""Why sessions and token families ended."""

Rule = Callable[[Row, "Arrival"], Row | None]


@dataclass(frozen=True, slots=True)
class Arrival:
    """How an installation arrives: `keep_sessions` for a move that nobody used it meanwhile, `send_waiting` to send what waits."""

    now: datetime
    keep_sessions: bool = False
    send_waiting: bool = False


def arriving(table: str, row: Row, how: Arrival) -> Row | None:
    """Give the row as it is inserted; none to leave it out."""
    rule = RULES.get(table)
    return rule(row, how) if rule else row


def _session(row: Row, how: Arrival) -> Row:
    return row if how.keep_sessions or row["ended_at"] else row | {"ended_at": how.now, "end_reason": RESTORED}


def _family(row: Row, how: Arrival) -> Row:
    """End what belongs to a session; offline access goes on, and what a client has in its own right."""
    own = row["offline"] or row["account_id"] is None
    return row if how.keep_sessions or own or row["ended_at"] else row | {"ended_at": how.now, "end_reason": RESTORED}


def _under_way(row: Row, how: Arrival) -> Row | None:
    return row if how.keep_sessions else None


def _used_once(row: Row, how: Arrival) -> Row | None:
    """Keep what was used, so that a second use is still noticed."""
    return row if how.keep_sessions or row["used_at"] else None


def _job(row: Row, how: Arrival) -> Row:
    if row["state"] not in (JobState.WAITING, JobState.SENDING):
        return row
    if row["kind"] == SMS:
        return row | _ended(JobState.CANCELLED, how, "a PIN is not sent after an import")
    if how.send_waiting:
        return row
    if row["state"] == JobState.SENDING:
        return row | _ended(JobState.UNCERTAIN, how, "the export was made while it was being sent")
    return row if row["due"] >= how.now + HELD_BACK / 2 else row | {"due": row["due"] + HELD_BACK}


def _ended(state: JobState, how: Arrival, why: str) -> dict[str, Any]:
    return {"state": state.value, "finished_at": how.now, "sealed": None, "leased_until": None, "leased_by": None, "error": why}


RULES: Mapping[str, Rule] = {
    "sessions": _session,
    "token_families": _family,
    "jobs": _job,
    "codes": _used_once,
    "device_requests": _used_once,
    "authorization_requests": _under_way,
    "pushed_requests": _under_way,
    "signins": _under_way,
    "activations": _under_way,
    "pin_rounds": _under_way,
    "pin_challenges": _under_way,
}
