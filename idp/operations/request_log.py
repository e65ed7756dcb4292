"""Takes the time of each request, and writes its line when it is answered (`pages.request_line`)."""

import time

from flask import Flask, Response, g, request

from idp.pages import request_line
from idp.pages.request_number import request_number


def init_app(app: Flask) -> None:
    """Put the log around all other hooks."""
    app.before_request(begin)
    app.after_request(finish)


def begin() -> None:
    """Note when the request came."""
    g.request_began = time.perf_counter()


def finish(response: Response) -> Response:
    """Count and log the answered request."""
    began, actor, rule = g.get("request_began"), g.get("actor"), request.url_rule
    request_line.write(
        request.method,
        rule.endpoint if rule else "unknown",
        rule.rule if rule else "unknown",
        status=response.status_code,
        seconds=time.perf_counter() - began if began is not None else 0.0,
        network=g.get("network", "unknown"),
        number=request_number(),
        actor=f"{actor.kind}:{actor.id}" if actor and actor.id else None,
    )
    return response
