"""A short number for each request: told on error pages, sent as `X-Request-ID`, written in every log line."""

import secrets

import structlog
from flask import Flask, Response, g

from idp.identifiers import RequestId

_LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"
"""No characters that are mistaken for others when read aloud."""


def init_app(app: Flask) -> None:
    """Give each request its number."""
    app.before_request(_number)
    app.after_request(_send)
    app.teardown_request(_forget)


def request_number() -> RequestId:
    """Give the running request's number, such as `K7PF-9XMC`."""
    if "request_id" not in g:
        g.request_id = drawn()
    number: RequestId = g.request_id
    return number


def drawn() -> RequestId:
    """Draw a number."""
    chance, drawn = secrets.randbelow(len(_LETTERS) ** 8), ""
    for _ in range(8):
        chance, place = divmod(chance, len(_LETTERS))
        drawn += _LETTERS[place]
    return RequestId(f"{drawn[:4]}-{drawn[4:]}")


def _number() -> None:
    structlog.contextvars.bind_contextvars(request_id=request_number())


def _send(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_number()
    return response


def _forget(_error: BaseException | None) -> None:
    structlog.contextvars.unbind_contextvars("request_id")
