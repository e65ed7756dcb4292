"""The one place where a failure becomes a page in the reader's language.

A refusal that the product knows says its own text; any other exception is one bland sentence. Each page names the next step and the
request's number, by which the service desk finds the log line. Machine endpoints that bring no handler of their own get a JSON object.
"""

from dataclasses import dataclass

import structlog
from flask import Flask, Response, jsonify, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from idp.errors import IdpError, TryAgain
from idp.pages.machines import asks_machine
from idp.pages.render import render
from idp.pages.request_number import request_number
from idp.texts import Text, text

log = structlog.get_logger(__name__)
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Words:
    """What an error page says: heading, and sentence with the next step."""

    heading: Text
    sentence: Text


_UNKNOWN = Words(text("Something went wrong"), text("This is our fault, not yours. Please try again in a few minutes."))
_WORDS = {
    400: Words(text("That did not work"), text("This page was not called correctly. Please start again in the application you came from.")),
    403: Words(text("Not allowed"), text("You are not allowed to do this. If you need it, please ask your administrator.")),
    404: Words(text("Page not found"), text("This page does not exist, or no longer. Please check the address or start again.")),
    405: Words(text("Page not found"), text("This page cannot be opened like this. Please go back and start again.")),
    409: Words(text("Changed in the meantime"), text("This has been changed in the meantime. Please open the page again.")),
    413: Words(text("Too much at once"), text("What was sent is too large. Please shorten your entries and try again.")),
    422: Words(text("Please check your entries"), text("Please go back, check your entries and try again.")),
    429: Words(text("Please wait a moment"), text("There were too many attempts. Please wait a moment and try again.")),
    503: Words(text("Please try again in a moment"), text("The service is busy. Nothing is lost; please try again in a moment.")),
}
_STALE_FORM = Words(
    text("Please send the form once more"),
    text(
        "For your safety we have not accepted it: the page was open for too long, or cookies are switched off. Please open the page again."
    ),
)


def init_app(app: Flask) -> None:
    """Translate every failure that no blueprint translates itself."""
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(IdpError, _refusal)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unknown)


def failure_page(
    status: int, heading: Text | None = None, sentence: Text | None = None, *, again: str = "", retry_after: int | None = None
) -> Response:
    """Make an error page; without words it says what the status means. `again` is the address of a button »Seite neu öffnen«."""
    words = _WORDS.get(status, _UNKNOWN if status >= 500 else _WORDS[400])
    response = render(
        "layout/error.html",
        status=status,
        heading=heading or words.heading,
        sentence=sentence or words.sentence,
        waiting=_waiting(retry_after),
        again=again,
        number=request_number(),
    )
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _refusal(error: IdpError) -> Response:
    known = _WORDS.get(error.status)
    log.info("refused", reason=error.code, status=error.status, detail=error.detail)
    if asks_machine():
        return _for_machine(error.status, error.code, error.text.render("en"), error.retry_after)
    if isinstance(error, TryAgain):
        return failure_page(error.status, retry_after=error.retry_after)
    return failure_page(error.status, known.heading if known else None, error.text, retry_after=error.retry_after)


def _http_error(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error  # a redirect that travels as an exception
    if asks_machine():
        answer = _for_machine(status, "invalid_request" if status < 500 else "server_error", error.description or "", None)
    else:
        answer = failure_page(status)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers.setdefault(name, value)
    return answer


def _stale_form(error: CSRFError) -> Response:
    log.info("form_refused", detail=error.description)
    return failure_page(400, _STALE_FORM.heading, _STALE_FORM.sentence, again=_same_address())


def _unknown(error: Exception) -> Response:
    log.error("unexpected_error", exc_info=error)
    if asks_machine():
        return _for_machine(500, "server_error", "An unexpected error occurred.", None)
    return failure_page(500)


def _for_machine(status: int, code: str, description: str, retry_after: int | None) -> Response:
    answer = jsonify(error=code, error_description=description)
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def _same_address() -> str:
    """Give the address at which the refused form is opened anew, if it can be opened: same path, same query, this host."""
    rule = request.url_rule
    if rule is None or "GET" not in (rule.methods or ()):
        return ""
    query = request.query_string.decode("ascii", "ignore")
    return "?" + query


def _waiting(seconds: int | None) -> Text | None:
    if seconds is None:
        return None
    if seconds <= _MINUTE:
        return text("Please try again in {seconds} seconds.", seconds=max(seconds, 1))
    return text("Please try again in {minutes} minutes.", minutes=-(-seconds // _MINUTE))
