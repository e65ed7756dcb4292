"""The one place where the API's failures become problem details (RFC 9457), in the language that the caller accepts."""

from collections.abc import Iterable
from typing import Any

import structlog
from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from idp.directory.errors import InvalidFields
from idp.errors import IdpError, InvalidField
from idp.oidc.protocol import OAuthError
from idp.pages.request_number import request_number
from idp.texts import LOCALES, Text, text

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:idp:problem:"

_TITLES = {
    400: text("The request cannot be read."),
    401: text("An access token is needed."),
    403: text("The access token does not allow this."),
    404: text("This does not exist."),
    405: text("This method is not possible here."),
    406: text("The answer is JSON only."),
    409: text("The request contradicts what is there."),
    413: text("The document is too large."),
    415: text("The document must be sent as application/json."),
    422: text("The document has entries that are not possible."),
    429: text("Too many attempts. Please wait a moment and try again."),
    503: text("The service is busy. Please try again in a moment."),
}
_UNKNOWN = text("An unexpected error occurred. Please tell the service desk the request number.")


class Unreadable(IdpError):
    """The body is no JSON document; `detail` says where it stops being one."""

    code = "invalid_json"
    message = _TITLES[400]


class WrongMediaType(IdpError):
    """The body is not declared as JSON."""

    code = "unsupported_media_type"
    status = 415
    message = _TITLES[415]


def translate(blueprint: Blueprint) -> None:
    """Answer each failure below a blueprint as problem details."""
    blueprint.register_error_handler(IdpError, _refusal)
    blueprint.register_error_handler(HTTPException, _http_error)
    blueprint.register_error_handler(Exception, _unknown)


def keep_nothing(response: Response) -> Response:
    """Let no answer of the API be kept by anybody."""
    response.headers["Cache-Control"] = "no-store"
    return response


def accepted_locale() -> str:
    """Choose the language of texts: English unless the caller wishes German."""
    return request.accept_languages.best_match(["en", *LOCALES]) or "en"


def _refusal(error: IdpError) -> Response:
    log.info("refused", reason=error.code, status=error.status, detail=error.detail)
    code, title, more = error.code, _TITLES.get(error.status, error.text), {}
    if isinstance(error, InvalidField):
        more["errors"] = list(_entries(error.problems if isinstance(error, InvalidFields) else (error,)))
    detail: Text | str = error.text
    if isinstance(error, OAuthError):
        code, detail = error.error, error.description
    elif isinstance(error, Unreadable):
        detail = error.detail
    answer = _problem(error.status, code, title, detail, more)
    if isinstance(error, OAuthError):
        answer.headers.update(error.headers)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _entries(problems: Iterable[InvalidField]) -> Iterable[dict[str, str]]:
    """Name each wrong entry by its path, and as a JSON pointer (RFC 6901 in a URI fragment)."""
    for problem in problems:
        steps = [step.replace("~", "~0").replace("/", "~1") for step in problem.field.split(".") if step]
        yield {
            "path": problem.field,
            "pointer": "#" + "".join(f"/{step}" for step in steps),
            "detail": problem.text.render(accepted_locale()),
        }


def _http_error(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    code = error.name.lower().replace(" ", "_")
    answer = _problem(status, code, _TITLES.get(status, _UNKNOWN), _TITLES.get(status, _UNKNOWN), {})
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            answer.headers.setdefault(name, value)
    return answer


def _unknown(error: Exception) -> Response:
    log.error("unexpected_error", exc_info=error)
    return _problem(500, "server_error", _UNKNOWN, _UNKNOWN, {})


def _problem(status: int, code: str, title: Text, detail: Text | str, more: dict[str, Any]) -> Response:
    locale = accepted_locale()
    answer = jsonify(
        type=TYPE_PREFIX + code,
        title=title.render(locale),
        status=status,
        detail=detail.render(locale) if isinstance(detail, Text) else detail,
        code=code,
        request_id=request_number(),
        **more,
    )
    answer.status_code = status
    answer.content_type = MEDIA_TYPE
    answer.headers["Content-Language"] = locale
    return answer
