"""The keys as a process holds them: parsed once, read anew every few seconds, so that a rotation is noticed without a restart."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import cast
from weakref import WeakKeyDictionary

from idp.errors import TryAgain
from idp.oidc.keys import store
from idp.oidc.keys.creation import SEAL, ensure
from idp.oidc.keys.jose import (
    KEY_ALGORITHMS,
    Algorithm,
    BadToken,
    SigningKey,
    Verified,
    VerifyingKey,
    load_public_keys,
    load_signing_key,
    verify,
)
from idp.oidc.keys.proven import ProvenTokens
from idp.oidc.keys.store import State, StoredKey
from idp.settings import Settings
from idp.unit_of_work import UnitOfWork, Units, current_units

_KEPT = timedelta(seconds=5)
_NOTICED = timedelta(seconds=10)
"""All processes know of a rotation after this time."""
_WITHOUT_DATABASE = timedelta(hours=1)
"""So long are keys given from memory while the database cannot be asked: no rotation happens without it, and what is signed needs it."""
_SIGNED_ANSWERS = timedelta(minutes=5)
"""The life of signed authorization answers; logout tokens live shorter."""


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys at one moment."""

    loaded_at: datetime
    signing: dict[Algorithm, SigningKey]
    verifying: tuple[VerifyingKey, ...]
    published: frozenset[str]
    jwks: bytes
    etag: str
    proven: ProvenTokens = field(default_factory=ProvenTokens)

    def active(self, algorithm: Algorithm) -> SigningKey:
        """Give the key that signs in an algorithm."""
        return self.signing[algorithm.key_algorithm]

    def verify(self, token: str, algorithms: Iterable[str] = tuple(Algorithm)) -> Verified:
        """Prove that we signed a token; keys that have retired count too. Raises: BadToken."""
        return verify(token, self.verifying, algorithms)

    def verify_living(self, token: str) -> Verified:
        """Prove that we signed a token by a key that is still published: by others nothing lives any more. Raises: BadToken."""
        proven = self.proven.find(token)
        if proven is None or proven.header["kid"] not in self.published:
            proven = self.verify(token)
            if proven.header.get("kid") not in self.published:
                raise BadToken("the key has left the key set")
            self.proven.keep(token, proven)
        return proven


class KeyRing:
    """Holds the keys of one installation; safe to use from several threads."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._keys: Keys | None = None
        self._missed_at: datetime | None = None
        self._proven = ProvenTokens()
        self._reading = Lock()

    def current(self) -> Keys:
        """Give the keys, at most a few seconds old; may read the database, so call it before a unit of work opens.

        While the database is away they may be an hour old. Raises: TryAgain.
        """
        known, now = self._keys, self._units.clock()
        if known and timedelta(0) <= now - max(known.loaded_at, self._missed_at or known.loaded_at) < _KEPT:
            return known
        if known and self._reading.locked():
            return known  # another thread is reading them anew
        with self._reading:
            try:
                return self._read()
            except TryAgain:
                if known is None or not timedelta(0) <= now - known.loaded_at < _WITHOUT_DATABASE:
                    raise
                self._missed_at = now
                return known

    def forget(self) -> None:
        """Read the keys anew at the next use."""
        self._keys = None

    def _read(self) -> Keys:
        known = self._keys.signing if self._keys else {}
        with self._units.read() as work:
            keys = _parse(work, store.all_keys(work.db), known, self._proven)
        if len(keys.signing) < len(KEY_ALGORITHMS):  # a new installation
            ensure(self._units)
            with self._units.read() as work:
                keys = _parse(work, store.all_keys(work.db), known, self._proven)
        self._keys, self._missed_at = keys, None
        return keys


_rings: WeakKeyDictionary[Units, KeyRing] = WeakKeyDictionary()
_making = Lock()


def ring_of(units: Units) -> KeyRing:
    """Give the one key ring of an installation in this process."""
    with _making:
        ring = _rings.get(units)
        if ring is None:
            ring = _rings[units] = KeyRing(units)
        return ring


def current_keys() -> Keys:
    """Give the running application's keys; call it before a unit of work opens."""
    return ring_of(current_units()).current()


def published_for(settings: Settings) -> timedelta:
    """Tell how long a retired key stays in the JWKS: the longest life of what it signed, and the time in which all notice."""
    tokens = timedelta(seconds=max(settings.access_token_seconds, settings.id_token_seconds))
    return max(tokens, _SIGNED_ANSWERS) + 2 * _NOTICED


def _parse(work: UnitOfWork, stored: Sequence[StoredKey], parsed: dict[Algorithm, SigningKey], proven: ProvenTokens) -> Keys:
    by_kid = {key.kid: key for key in parsed.values()}
    signing: dict[Algorithm, SigningKey] = {}
    for row in stored:
        if row.state is State.ACTIVE:
            algorithm = Algorithm(row.alg)
            signing[algorithm] = by_kid.get(row.kid) or _unseal(work, row, algorithm)
    cutoff = work.now - published_for(work.settings)
    in_order = sorted(stored, key=lambda row: KEY_ALGORITHMS.index(Algorithm(row.alg)))
    published = [dict(row.public_jwk) for row in in_order if row.retired_at is None or row.retired_at > cutoff]
    jwks = json.dumps({"keys": published}, separators=(",", ":")).encode()
    verifying = load_public_keys({"keys": [dict(row.public_jwk) for row in reversed(stored)]}) if stored else ()
    kids = frozenset(key["kid"] for key in published)
    return Keys(work.now, signing, verifying, kids, jwks, hashlib.sha256(jwks).hexdigest()[:32], proven)


def _unseal(work: UnitOfWork, row: StoredKey, algorithm: Algorithm) -> SigningKey:
    private = work.secrets.unseal(SEAL, cast("bytes", row.sealed), row.kid)
    return load_signing_key(row.kid, algorithm, private)
