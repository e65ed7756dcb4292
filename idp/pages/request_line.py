"""One line and one count for each answered request; the only access log there is.

The line names the route, never the address that was asked: addresses hold invitation tokens, queries hold codes. Bodies,
cookies and headers are not looked at.
"""

from functools import lru_cache

import structlog

from idp import metrics, spans
from idp.identifiers import RequestId

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET = ("health", "static")

log = structlog.get_logger("idp.requests")
_counted = lru_cache(4096)(metrics.REQUESTS.labels)
_timed = lru_cache(1024)(metrics.REQUEST_SECONDS.labels)


def write(
    method: str, endpoint: str, route: str, *, status: int, seconds: float, network: str, number: RequestId | None, actor: str | None
) -> None:
    """Count and log an answered request."""
    known = method if method in METHODS else "other"  # one that HTTP does not know must not become a label of its own
    _counted(known, endpoint, str(status)).inc()
    _timed(endpoint).observe(seconds)
    spans.describe_request(known, route, status, number)
    tell = log.debug if endpoint.startswith(QUIET) or endpoint.endswith(".static") else log.info
    tell(
        "request",
        method=known,
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        network=network,
        actor=actor,
        request_id=number,
        harmless=True,  # nothing of the request itself stands here, so `operations.logs` need not search it for secrets
    )
