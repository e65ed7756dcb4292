"""One line and one count for each request; the only access log there is.

The line names the route, never the address that was asked: addresses hold invitation tokens, queries hold codes. Bodies,
cookies and headers are not looked at.
"""

import re
import time

import structlog
from flask import Flask, Response, g, request

from idp import metrics
from idp.identifiers import RequestId
from idp.pages.request_number import request_number

REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
QUIET = ("health", "static")

log = structlog.get_logger("idp.requests")


def init_app(app: Flask) -> None:
    """Give each request an id and a clock, and write its line when it is answered."""
    app.before_request(begin)
    app.after_request(finish)


def begin() -> None:
    """Note when the request came; take over a proxy's request id only where a proxy is configured."""
    g.request_began = time.perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = RequestId(given) if behind_proxy() and REQUEST_ID.fullmatch(given) else request_number()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def behind_proxy() -> bool:
    """Tell whether a proxy of ours stands before us (ProxyFix leaves its mark)."""
    return "werkzeug.proxy_fix.orig" in request.environ


def finish(response: Response) -> Response:
    """Count and log the answered request."""
    began = g.get("request_began")
    seconds = time.perf_counter() - began if began is not None else 0.0
    endpoint = request.endpoint or "unknown"
    metrics.REQUESTS.labels(method=method(), endpoint=endpoint, status=str(response.status_code)).inc()
    metrics.REQUEST_SECONDS.labels(endpoint=endpoint).observe(seconds)
    if "request_id" in g:
        response.headers["X-Request-ID"] = g.request_id
    actor = g.get("actor")
    write = log.debug if endpoint.startswith(QUIET) or endpoint.endswith(".static") else log.info
    write(
        "request",
        method=method(),
        route=request.url_rule.rule if request.url_rule else "unknown",
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        remote=request.remote_addr,
        actor=f"{actor.kind}:{actor.id}" if actor and actor.id else None,
    )
    return response


def method() -> str:
    """Name the method; one that HTTP does not know must not become a label of its own."""
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return request.method if request.method in known else "other"
