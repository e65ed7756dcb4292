"""A short number for each request: told on error pages, sent as `X-Request-ID`, written in every log line."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from flask import Flask, Response, g, request

from idp.identifiers import RequestId
from idp.pages.networks import Networks

_LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"
"""No characters that are mistaken for others when read aloud."""
_LETTER_OF_BYTE = bytes(ord(_LETTERS[byte % len(_LETTERS)]) for byte in range(256))
_OF_A_PROXY = re.compile(r"[A-Za-z0-9_-]{8,64}")


def init_app(app: Flask) -> None:
    """Give each request its number."""
    networks: Networks = app.extensions["idp.networks"]

    def number() -> None:
        g.network = network = networks.name(request.remote_addr)
        g.request_id = drawn = number_of(request.environ)
        g.bound_names = structlog.contextvars.bind_contextvars(request_id=drawn, network=network)

    app.before_request(number)
    app.after_request(_send)
    app.teardown_request(_forget)


def request_number() -> RequestId:
    """Give the running request's number, such as `K7PF-9XMC`."""
    if "request_id" not in g:
        g.request_id = number_of(request.environ)
    number: RequestId = g.request_id
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
    bound = g.get("bound_names")
    if bound:
        structlog.contextvars.reset_contextvars(**bound)
