"""A coarse limit on forms sent from one network, shared by all processes where Redis is set.

It keeps floods away from the database and the password hashes. Security does not rest on it (`authn.throttling` and `authn.budgets`
count in the database), so a lost Redis costs precision, not the service: each process then counts by itself.
"""

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded
from werkzeug.wrappers import Response

from idp.errors import TooMany
from idp.pages.csrf import CHANGING
from idp.pages.failures import failure_page
from idp.pages.machines import asks_machine
from idp.settings import Settings

PER_MINUTE = 120


def init_app(app: Flask, settings: Settings) -> None:
    """Count each form of each network; above the limit answer 429 with `Retry-After`."""
    redis = settings.redis_url.get_secret_value()
    limit = f"{PER_MINUTE * settings.limits_factor} per minute"
    limiter = Limiter(
        _network,
        default_limits=[limit],
        default_limits_per_method=False,
        default_limits_exempt_when=_is_no_form,
        storage_uri=redis or "memory://",
        storage_options={"socket_connect_timeout": 1, "socket_timeout": 1} if redis else {},
        strategy="fixed-window",
        in_memory_fallback=[limit] if redis else [],
        in_memory_fallback_enabled=bool(redis),
        key_prefix="idp",
    )
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _refuse)


def _network() -> str:
    return request.remote_addr or "unknown"


def _is_no_form() -> bool:
    return request.method not in CHANGING or asks_machine()


def _refuse(_: RateLimitExceeded) -> Response:
    return failure_page(TooMany.status, retry_after=60)
