"""A short number for each request: told on error pages, sent as `X-Request-ID`, written in every log line."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from flask import Flask, Response, g

from idp.identifiers import RequestId
from idp.pages.networks import Networks
from idp.pages.running import running_notes, running_request

_LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"
"""No characters that are mistaken for others when read aloud."""
_LETTER_OF_BYTE = bytes(ord(_LETTERS[byte % len(_LETTERS)]) for byte in range(256))
_OF_A_PROXY = re.compile(r"[A-Za-z0-9_-]{8,64}")


def init_app(app: Flask) -> None:
    """Give each request its number."""
    networks: Networks = app.extensions["idp.networks"]

    def number() -> None:
        asked, noted = running_request(), running_notes()
        noted.network = network = networks.name(asked.remote_addr)
        noted.request_id = drawn = number_of(asked.environ)
        noted.bound_names = structlog.contextvars.bind_contextvars(request_id=drawn, network=network)

    app.before_request(number)
    app.after_request(_send)
    app.teardown_request(_forget)


def request_number() -> RequestId:
    """Give the running request's number, such as `K7PF-9XMC`."""
    noted = running_notes()
    number: RequestId | None = noted.get("request_id")
    if number is None:
        number = noted.request_id = number_of(running_request().environ)
    return number


def number_of(environ: Mapping[str, Any]) -> RequestId:
    """Draw a number; a proxy's is taken over only where a proxy of ours is configured (ProxyFix leaves its mark)."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    if given and "werkzeug.proxy_fix.orig" in environ and _OF_A_PROXY.fullmatch(given):
        return RequestId(given)
    drawn = secrets.token_bytes(8).translate(_LETTER_OF_BYTE).decode()
    return RequestId(f"{drawn[:4]}-{drawn[4:]}")


def _send(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_number()
    return response


def _forget(_error: BaseException | None) -> None:
    bound = g.pop("bound_names", None)  # a test client that keeps its context ends it twice
    if bound:
        structlog.contextvars.reset_contextvars(**bound)
