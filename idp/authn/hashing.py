"""Password hashes: Argon2id, older schemes verified and upgraded; computed in a bounded pool, never inside a transaction.

Passwords are normalised by NFKC before hashing, so that the same characters typed on another keyboard fit.
The only import of the hash library.
"""

import secrets
import time
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore
from typing import Any, TypeVar

from passlib.context import CryptContext

from idp import metrics, spans
from idp.errors import TryAgain
from idp.settings import Settings
from idp.turns import let_others_pass

Result = TypeVar("Result")

_OLDER = ("bcrypt", "pbkdf2_sha256", "pbkdf2_sha512", "scrypt", "sha512_crypt", "sha256_crypt")
_WAITING_PER_THREAD = 50


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of comparing a password: the hash that it was compared with, whether it fits, and a newer hash if one is due."""

    against: str | None
    fits: bool
    upgraded: str | None = None


class Hasher:
    """Makes and checks password hashes, `threads` at a time."""

    def __init__(self, memory_kib: int, rounds: int, threads: int) -> None:
        self._context = CryptContext(
            schemes=["argon2", *_OLDER],
            deprecated="auto",
            argon2__type="ID",
            argon2__memory_cost=memory_kib,
            argon2__time_cost=rounds,
            argon2__parallelism=1,
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hashing")
        self._places = BoundedSemaphore(threads * _WAITING_PER_THREAD)
        self._nobody = str(self._context.hash(secrets.token_urlsafe()))

    def hash(self, password: str) -> str:
        """Hash a new password. Raises: TryAgain when too many wait."""
        return str(self._in_pool(self._context.hash, normal(password)))

    def check(self, password: str, against: str | None) -> Checked:
        """Compare a password with a hash; without one it takes the same time and never fits. Raises: TryAgain."""
        fits, upgraded = self._in_pool(self._verify_and_update, normal(password), against or self._nobody)
        real = fits and bool(against)
        return Checked(against, real, upgraded if real else None)

    def fits_any(self, password: str, hashes: Sequence[str]) -> bool:
        """Tell whether a password is one of several. Raises: TryAgain."""
        return any(self._in_pool(self._verify_and_update, normal(password), known)[0] for known in hashes)

    def _verify_and_update(self, password: str, known: str) -> tuple[bool, str | None]:
        try:
            fits, upgraded = self._context.verify_and_update(password, known)
        except ValueError:  # a hash of no known scheme, or characters that its scheme does not take
            return False, None
        return bool(fits), upgraded

    def _in_pool(self, call: Callable[..., Any], *given: str) -> Any:
        if not self._places.acquire(blocking=False):
            metrics.HASHES_REFUSED.inc()
            raise TryAgain("password hashes: too many are waiting")
        started = time.monotonic()
        try:
            let_others_pass()
            with spans.span("hash password"):
                metrics.HASHES_WAITING.inc()
                return self._pool.submit(_counted, call, *given).result()
        finally:
            self._places.release()
            metrics.PASSWORD_HASHES.observe(time.monotonic() - started)


def _counted(call: Callable[..., Any], *given: str) -> Any:
    metrics.HASHES_WAITING.dec()
    with metrics.HASHES_RUNNING.track_inprogress():
        return call(*given)


def normal(password: str) -> str:
    """Normalise a password (NFKC, Unicode Standard Annex 15), as NIST SP 800-63B §3.1.1.2 asks."""
    return unicodedata.normalize("NFKC", password)


@cache
def _made(memory_kib: int, rounds: int, threads: int) -> Hasher:
    return Hasher(memory_kib, rounds, threads)


def hasher(settings: Settings) -> Hasher:
    """Give this process's pool of an installation's settings."""
    return _made(settings.argon2_memory_kib, settings.argon2_rounds, settings.hashing_threads)
