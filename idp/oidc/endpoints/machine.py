"""Endpoints that clients call directly: no page, no cookie, and one way to say no (RFC 6749 §5.2)."""

import structlog
from flask import Blueprint, Response, jsonify, request

from idp.errors import TryAgain
from idp.oidc.protocol import ClientRefused, ErrorCode, OAuthError
from idp.pages.machines import exempt_machine

log = structlog.get_logger(__name__)


def machine_blueprint(name: str) -> Blueprint:
    """Make a blueprint whose refusals are the protocol's JSON objects."""
    blueprint = Blueprint(name, __name__)
    exempt_machine(blueprint)
    blueprint.register_error_handler(OAuthError, refuse)
    blueprint.register_error_handler(TryAgain, busy)
    return blueprint


def refuse(error: OAuthError) -> Response:
    """Answer with the error's code; failed client authentication names the scheme to use."""
    log.info("protocol_refused", error=error.error.value, detail=error.detail)
    body = {"error": error.error.value}
    if error.description:
        body["error_description"] = error.description
    answer = jsonify(body)
    answer.status_code = error.status
    answer.headers["Cache-Control"] = "no-store"
    if isinstance(error, ClientRefused) and request.headers.get("Authorization"):
        answer.headers["WWW-Authenticate"] = 'Basic realm="idp"'
    answer.headers.update(error.headers)
    return answer


def busy(error: TryAgain) -> Response:
    """Tell the client to come again (RFC 6749 §4.1.2.1 names the code)."""
    answer = refuse(OAuthError(ErrorCode.TEMPORARILY_UNAVAILABLE, status=503, detail=error.detail))
    answer.headers["Retry-After"] = str(error.retry_after or 1)
    return answer
