"""Deleting what was kept long enough, so that the rest stays provable.

Whole sealed runs go, from the oldest on. In their place stands one row, the cut: the last seal that went, under a keyed hash of its own.
The chain goes on from there, and who does not know the master secret cannot delete more and make it look like this.
"""

import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from idp.audit import store
from idp.audit.store import Cut, Seal
from idp.crypto import Secrets
from idp.errors import TryAgain
from idp.unit_of_work import UnitOfWork

PURPOSE = "audit-cut"


def delete_expired(work: UnitOfWork, limit: int) -> int:
    """Delete some of the oldest runs of events, of about `limit` in all, that are older than the setting says; give the number of rows.

    The newest run always stays: numbers go on after it. Raises: TryAgain.
    """
    if not work.settings.audit_keep_days:
        return 0
    before = work.now - timedelta(days=work.settings.audit_keep_days)
    cut = store.last_cut(work.db)
    seals = store.next_seals(work.db, cut.last_event_id if cut else 0, limit + 1)
    last = _last_to_delete(seals, before, limit)
    if last is None:
        return 0
    events, runs = store.delete_until(work.db, last.last_event_id)
    deleted = events + (cut.events if cut else 0)
    anew = Cut(last.last_event_id, last.mac, deleted, last.sealed_at, work.now, mac="")
    if not store.replace_cut(work.db, cut, replace(anew, mac=mac_of(work.secrets, anew))):
        raise TryAgain("another worker deletes audit events")
    return events + runs


def is_genuine(secrets: Secrets, cut: Cut) -> bool:
    """Tell whether a cut was made by this program."""
    return hmac.compare_digest(mac_of(secrets, cut), cut.mac)


def mac_of(secrets: Secrets, cut: Cut) -> str:
    """Compute the keyed hash of a cut."""
    times = [time.astimezone(UTC).isoformat() for time in (cut.sealed_before, cut.cut_at)]
    return secrets.mac(PURPOSE, "\n".join([str(cut.last_event_id), cut.seal, str(cut.events), *times]).encode()).hex()


def _last_to_delete(seals: list[Seal], before: datetime, limit: int) -> Seal | None:
    """Choose up to which seal to delete, never the last one known."""
    chosen: Seal | None = None
    size = 0
    for seal in seals[:-1]:
        if size >= limit or seal.sealed_at >= before:
            break
        chosen = seal
        size += seal.last_event_id - seal.first_event_id + 2
    return chosen
