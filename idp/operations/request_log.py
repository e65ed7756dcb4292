"""Takes the time of each request, and writes its line when it is answered (`pages.request_line`)."""

import time

from flask import Flask, Response, g

from idp.pages import request_line
from idp.pages.request_number import request_number
from idp.pages.running import running_notes, running_request


def init_app(app: Flask) -> None:
    """Put the log around all other hooks."""
    app.before_request(begin)
    app.after_request(finish)


def begin() -> None:
    """Note when the request came."""
    g.request_began = time.perf_counter()


def finish(response: Response) -> Response:
    """Count and log the answered request."""
    asked, noted = running_request(), running_notes()
    began, actor, rule = noted.get("request_began"), noted.get("actor"), asked.url_rule
    request_line.write(
        asked.method,
        rule.endpoint if rule else "unknown",
        rule.rule if rule else "unknown",
        status=response.status_code,
        seconds=time.perf_counter() - began if began is not None else 0.0,
        network=noted.get("network", "unknown"),
        number=request_number(),
        actor=f"{actor.kind}:{actor.id}" if actor and actor.id else None,
    )
    return response
