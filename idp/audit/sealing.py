"""The chain of seals over the log: who can write to the database but does not know the master secret cannot change the past unseen.

Each seal is HMAC-SHA-256 over the seal before it and a keyed hash of each of a run of events (`hashed_lines.py`). The end of the chain
can only be cut off together with its events; who keeps the newest seal elsewhere (`idp audit verify` prints it) notices that too. Its
beginning is deleted by `retention.py`, details that name a person who is forgotten are erased by `erasing.py`.
"""

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from idp.audit import hashed_lines as lines_of
from idp.audit import retention, store
from idp.audit.store import Seal, Sealable
from idp.crypto import Secrets
from idp.unit_of_work import SYSTEM, UnitOfWork, Units

PURPOSE = "audit-seal"
BATCH = 1000
SETTLED = timedelta(minutes=2)
"""PostgreSQL gives ids before the commit: a younger event may still have an unseen one before it."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A run of events that is not what was sealed."""

    first_event_id: int
    last_event_id: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of checking the whole chain; `last_seal` is worth keeping elsewhere.

    `deleted`: so many events were kept long enough and went; they were older than `deleted_until`.
    """

    seals: int
    events: int
    unsealed: int
    last_seal: str | None
    broken: tuple[Broken, ...]
    known_seal_found: bool
    deleted: int = 0
    deleted_until: datetime | None = None


def seal(units: Units) -> int:
    """Seal the events that are not yet, in short steps; give their number. A periodic job."""
    sealed = 0
    while True:
        with units.read(SYSTEM) as work:
            before = store.last_seal(work.db)
            rows = store.span(work.db, before.last_event_id if before else 0, store.last_id(work.db), BATCH)
            rows = list(_settled(rows, work.now - SETTLED))
        if not rows:
            return sealed
        with units.write(SYSTEM) as work:
            mac = _mac(work.secrets, before, rows, work.now)
            if not store.add_seal(work.db, Seal(rows[0].entry.id, rows[-1].entry.id, work.now, mac)):
                return sealed
        sealed += len(rows)
        if len(rows) < BATCH:
            return sealed


def verify(work: UnitOfWork, known_seal: str | None = None) -> Verification:
    """Compute the whole chain anew; `known_seal` is one that was kept elsewhere and must be part of it."""
    cut = store.last_cut(work.db)
    before = Seal(1, cut.last_event_id, cut.sealed_before, cut.seal) if cut else None
    seals = events = 0
    found = known_seal is None or (cut is not None and cut.seal == known_seal)
    broken: list[Broken] = []
    if cut and (not retention.is_genuine(work.secrets, cut) or store.count_until(work.db, cut.last_event_id)):
        broken.append(Broken(1, cut.last_event_id))
    while chain := store.next_seals(work.db, before.last_event_id if before else 0, BATCH):
        for link in chain:
            rows = store.span(work.db, before.last_event_id if before else 0, link.last_event_id, BATCH + 1)
            if not _is_whole(work.secrets, before, rows, link):
                broken.append(Broken(link.first_event_id, link.last_event_id))
            found = found or link.mac == known_seal
            seals, events, before = seals + 1, events + len(rows), link
    unsealed = store.count_after(work.db, before.last_event_id if before else 0)
    last_seal = before.mac if before else None
    deleted, deleted_until = (cut.events, cut.sealed_before) if cut else (0, None)
    return Verification(seals, events, unsealed, last_seal, tuple(broken), found, deleted, deleted_until)


def _settled(rows: Sequence[Sealable], until: datetime) -> Iterator[Sealable]:
    for row in rows:
        if row.entry.at > until:
            return
        yield row


def _is_whole(secrets: Secrets, before: Seal | None, rows: Sequence[Sealable], link: Seal) -> bool:
    if any(row.sealed_as and not lines_of.is_genuine(secrets, row) for row in rows):
        return False
    return hmac.compare_digest(_mac(secrets, before, rows, link.sealed_at, link.format), link.mac)


def _mac(secrets: Secrets, before: Seal | None, rows: Sequence[Sealable], sealed_at: datetime, version: int = 2) -> str:
    said = [lines_of.line(row.entry) if version == 1 else lines_of.hash_of(secrets, row) for row in rows]
    lines = [before.mac if before else "", sealed_at.astimezone(UTC).isoformat(), *said]
    return secrets.mac(PURPOSE, "\n".join(lines).encode()).hex()
