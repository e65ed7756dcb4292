"""Rotation: next becomes active, active retires, a new next is published.

Keys are made outside any transaction; the statements that write them re-check what they rely on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp import audit, metrics
from idp.audit import Event
from idp.errors import Conflict, IdpError
from idp.oidc.keys import store
from idp.oidc.keys.creation import ensure, row
from idp.oidc.keys.jose import KEY_ALGORITHMS, Algorithm, generate
from idp.oidc.keys.ring import published_for, ring_of
from idp.oidc.keys.store import State, StoredKey
from idp.texts import text
from idp.unit_of_work import SYSTEM, Actor, UnitOfWork, Units

_FORGOTTEN = timedelta(days=180)


class RotationTooEarly(IdpError):
    """The next key was published so lately that relying parties may not know it yet."""

    code = "rotation_too_early"
    status = 409
    message = text("The next keys were published too recently.")


class KeysBeingRotated(Conflict):
    """Another rotation came first."""

    code = "keys_being_rotated"


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key as it may be shown."""

    kid: str
    alg: str
    state: State
    published: bool
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None


def list_all(work: UnitOfWork) -> list[KeyFacts]:
    """List the keys, oldest first."""
    cutoff = work.now - published_for(work.settings)
    return [
        KeyFacts(k.kid, k.alg, k.state, k.retired_at is None or k.retired_at > cutoff, k.created_at, k.activated_at, k.retired_at)
        for k in store.all_keys(work.db)
    ]


def rotate(units: Units, actor: Actor, *, now: bool = False) -> None:
    """Promote the next keys and publish new ones.

    `now` (a key is compromised) does not wait until every relying party must have seen the next key.
    Raises: RotationTooEarly, KeysBeingRotated.
    """
    ensure(units)
    made = {algorithm: generate(algorithm) for algorithm in KEY_ALGORITHMS}
    with units.write(actor) as work:
        stored = store.all_keys(work.db)
        if not now:
            _check_next_is_known(work, stored)
        for algorithm, (kid, public, private) in made.items():
            old, new = _of(stored, algorithm, State.ACTIVE), _of(stored, algorithm, State.NEXT)
            added = store.promote(work.db, old.kid, new.kid, work.now) and store.add(
                work.db, row(work, algorithm, State.NEXT, kid, public, private)
            )
            if not added:
                raise KeysBeingRotated
            audit.record(work, Event.KEYS_ROTATED, alg=algorithm.value, active=new.kid, retired=old.kid, at_once=now)
    ring_of(units).forget()


def is_due(work: UnitOfWork) -> bool:
    """Tell whether the active keys have been used for as long as the settings say."""
    oldest = work.now - timedelta(days=work.settings.key_rotation_days)
    return any(key.state is State.ACTIVE and key.activated_at and key.activated_at <= oldest for key in store.all_keys(work.db))


def observe(work: UnitOfWork) -> None:
    """Tell the metrics how old the active keys are."""
    for key in store.all_keys(work.db):
        if key.state is State.ACTIVE and key.activated_at:
            metrics.KEY_AGE.labels(alg=key.alg).set((work.now - key.activated_at).total_seconds())


def rotate_if_due(units: Units, actor: Actor = SYSTEM) -> bool:
    """Rotate when it is time (a periodic job); tell whether it was."""
    with units.read() as work:
        due = is_due(work)
    if due:
        rotate(units, actor)
    return due


def delete_expired(work: UnitOfWork, limit: int) -> int:
    """Forget keys that retired so long ago that no `id_token_hint` of theirs is of use."""
    return store.delete_retired(work.db, work.now - _FORGOTTEN, limit)


def _check_next_is_known(work: UnitOfWork, stored: Sequence[StoredKey]) -> None:
    known_after = timedelta(seconds=work.settings.jwks_max_age_seconds)
    youngest = max(key.created_at for key in stored if key.state is State.NEXT)
    if work.now - youngest < known_after:
        wait = int((youngest + known_after - work.now).total_seconds()) + 1
        raise RotationTooEarly(f"the next keys are too young: relying parties may not know them before {wait} s; --now does it at once")


def _of(stored: Sequence[StoredKey], algorithm: Algorithm, state: State) -> StoredKey:
    for key in stored:
        if key.alg == algorithm.value and key.state is state:
            return key
    raise KeysBeingRotated
