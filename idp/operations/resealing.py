"""A new master secret for a running installation, without a pause.

While two are configured, processes open what either sealed. The database names the one in force, so that processes which do not know
the new one yet can open what others seal meanwhile. `rotate` lets the new one be in force, seals everything anew in short steps, and
ends when nothing needs the one before any longer. It may be killed at any point and run again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from idp import audit
from idp.audit import Event
from idp.crypto import CannotOpen, Root, Secrets
from idp.errors import Conflict
from idp.operations import facts
from idp.operations.sealed import COLUMNS, Sealed, SealedColumn
from idp.unit_of_work import OPERATOR_AT_SHELL, UnitOfWork, Units

AT_ONCE = 200
"""Values sealed anew in one transaction, so that nobody waits for it."""

PASSES = 5
"""Looks at all that is sealed, until one finds nothing to do."""


class StillSealing(Conflict):
    """Some process goes on sealing with the secret before."""

    code = "still_sealing"


@dataclass(frozen=True, slots=True)
class State:
    """Where a rotation stands; `lost` values can be opened with none of the configured secrets."""

    in_force: str
    sealed_with_previous: int
    lost: int
    previous_may_be_removed: bool


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: how many values it sealed anew, and how many nobody can open."""

    resealed: int
    lost: int


def state(units: Units) -> State:
    """Look at what is sealed, without changing anything."""
    with units.read(OPERATOR_AT_SHELL) as work:
        known = facts.all_of(work.db)
    roots = [_sealer(units.secrets, column, one) for column in COLUMNS for batch in _batches(units, column) for one in batch]
    to_do = sum(root is not None and root is units.secrets.previous for root in roots)
    in_force = known.get(facts.FINGERPRINT) == units.secrets.fingerprint()
    done = in_force and facts.REPLACED not in known and not to_do
    return State("present" if in_force else "previous", to_do, roots.count(None), previous_may_be_removed=done)


def rotate(units: Units) -> Rotation:
    """Let the configured master secret be in force, and seal everything with it. Raises: StillSealing."""
    units.secrets.derivation_key()  # read before the transaction that seals it anew
    with units.write(OPERATOR_AT_SHELL) as work:
        _put_in_force(work)
    resealed = 0
    for _ in range(PASSES):
        done = [_reseal(units, column, batch) for column in COLUMNS for batch in _batches(units, column)]
        resealed += sum(step.resealed for step in done)
        if not any(step.resealed for step in done):
            _finish(units, resealed)
            return Rotation(resealed, sum(step.lost for step in done))
    raise StillSealing("a process that knows only the previous master secret still runs; end it and run this again")


def _put_in_force(work: UnitOfWork) -> None:
    """Name the present secret as the one in force; waits for those who are just sealing with the one before."""
    secrets = work.secrets
    if secrets.previous and facts.replace(work.db, facts.FINGERPRINT, secrets.previous.fingerprint(), secrets.fingerprint()):
        facts.put(work.db, facts.REPLACED, secrets.previous.fingerprint())
        facts.put(work.db, facts.DERIVATION_KEY, secrets.seal_derivation_key(secrets.derivation_key()))
        audit.record(work, Event.MASTER_SECRET_REPLACED)


def _finish(units: Units, resealed: int) -> None:
    """Note that nothing needs the secret before."""
    with units.write(OPERATOR_AT_SHELL) as work:
        if facts.forget(work.db, facts.REPLACED):
            audit.record(work, Event.MASTER_SECRET_ROTATED, resealed=resealed)


def _batches(units: Units, column: SealedColumn) -> Iterator[list[Sealed]]:
    after = ""
    while True:
        with units.read(OPERATOR_AT_SHELL) as work:
            batch = column.next(work.db, after, AT_ONCE)
        if not batch:
            return
        yield batch
        after = batch[-1].key


def _reseal(units: Units, column: SealedColumn, batch: list[Sealed]) -> Rotation:
    present, pairs, lost = units.secrets.present, [], 0
    for one in batch:
        try:
            if _sealer(units.secrets, column, one) is not present:
                plain = units.secrets.unseal(column.purpose, one.value, one.key)
                pairs.append((one, present.seal(column.purpose, plain, one.key)))
        except CannotOpen:
            lost += 1
    if pairs:
        with units.write(OPERATOR_AT_SHELL) as work:
            column.exchange(work.db, pairs)
    return Rotation(len(pairs), lost)


def _sealer(secrets: Secrets, column: SealedColumn, one: Sealed) -> Root | None:
    ours = (secrets.present, secrets.previous)
    return next((root for root in ours if root and root.sealed(column.purpose, one.value)), None)
