"""A coarse limit on forms sent from one network, shared by all processes where Redis is set.

It keeps floods away from the database and the password hashes. Security does not rest on it (`authn.throttling` and `authn.budgets`
count in the database), so a lost Redis costs precision, not the service: each process then counts by itself.
"""

import threading
import time
from itertools import islice

import structlog
from flask import Flask, request
from werkzeug.wrappers import Response

from idp.authn.throttling import network_of
from idp.errors import TooMany
from idp.pages.csrf import CHANGING
from idp.pages.failures import failure_page
from idp.pages.machines import asks_machine
from idp.settings import Settings

__all__ = ["PER_MINUTE", "init_app"]

PER_MINUTE = 120
_WINDOW = 60.0
_REST = 10.0
"""Seconds for which a Redis that failed is not asked."""
_MOST_KEYS = 10_000

log = structlog.get_logger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Count each form of each network; above the limit answer 429 with `Retry-After`."""
    most = PER_MINUTE * settings.limits_factor
    redis = settings.redis_url.get_secret_value()
    counter = app.extensions["idp.form_limit"] = Shared(redis, most) if redis else InProcess(most)

    def limit() -> Response | None:
        if request.method not in CHANGING or asks_machine() or counter.hit(f"{request.endpoint}/{network_of(request.remote_addr)}"):
            return None
        return failure_page(TooMany.status, retry_after=int(_WINDOW))

    app.before_request(limit)


class InProcess:
    """Counts in windows that begin with a key's first form; safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._counted: dict[str, tuple[float, int]] = {}

    def hit(self, key: str) -> bool:
        """Count one more; False above the limit."""
        now = time.monotonic()
        with self._lock:
            began, count = self._counted.get(key, (now, 0))
            if now - began >= _WINDOW:
                began, count = now, 0
                del self._counted[key]  # to its place among the new ones
            self._counted[key] = began, count + 1
            if len(self._counted) > _MOST_KEYS:  # the older half goes, which is over or nearly so, unless so many come that nothing helps
                self._counted = dict(islice(self._counted.items(), _MOST_KEYS // 2, None))
        return count < self._most


class Shared:
    """Counts in Redis, and in this process while Redis is out of reach."""

    def __init__(self, address: str, most: int) -> None:
        from limits import RateLimitItemPerMinute  # noqa: PLC0415 - costs memory, and only installations with Redis need it
        from limits.storage import RedisStorage  # noqa: PLC0415
        from limits.strategies import FixedWindowRateLimiter  # noqa: PLC0415

        storage = RedisStorage(address, wrap_exceptions=True, socket_connect_timeout=1, socket_timeout=1)
        self._window = FixedWindowRateLimiter(storage)
        self._item = RateLimitItemPerMinute(most, namespace="idp")
        self._own = InProcess(most)
        self._rests_until = 0.0

    def hit(self, key: str) -> bool:
        """Count one more; False above the limit."""
        from limits.errors import StorageError  # noqa: PLC0415

        if time.monotonic() >= self._rests_until:
            try:
                return self._window.hit(self._item, key)
            except StorageError as error:
                self._rests_until = time.monotonic() + _REST
                log.warning("limits_without_redis", error=type(error.storage_error).__name__)
        return self._own.hit(key)
