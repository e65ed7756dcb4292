"""What the endpoints share that machines talk to: reading forms, answering, and the one place where refusals become JSON."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import structlog
from flask import Blueprint, Response, request

from idp.authn import throttling
from idp.errors import IdpError, TryAgain
from idp.oidc.authorization import parameters
from idp.oidc.authorization.parameters import Parameters
from idp.oidc.clients import authentication, refusals, remote_keys
from idp.oidc.clients.authentication import Credentials
from idp.oidc.clients.metadata import PRIVATE_KEY_JWT
from idp.oidc.protocol import ClientRefused, ErrorCode, OAuthError
from idp.pages.dpop import offer_nonces
from idp.pages.machines import exempt_machine
from idp.unit_of_work import current_units, unit_of_work

log = structlog.get_logger(__name__)
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The parameters of a request's body, each once; `resource` and `audience` may repeat (RFC 8707 §2, RFC 8693 §2.1)."""

    values: Mapping[str, str]
    resources: tuple[str, ...]
    audiences: tuple[str, ...] = ()

    @property
    def of_authorization(self) -> Parameters:
        """The parameters that an authorization request has."""
        return parameters.read([*self.values.items(), *((parameters.REPEATABLE, resource) for resource in self.resources)])


def machine_blueprint(name: str) -> Blueprint:
    """Make a blueprint for machines: no CSRF token, no cookies, refusals as JSON (RFC 6749 §5.2)."""
    blueprint = Blueprint(name, __name__)
    exempt_machine(blueprint)
    offer_nonces(blueprint)
    blueprint.register_error_handler(OAuthError, refusal)
    blueprint.register_error_handler(IdpError, failure)
    return blueprint


def read_form() -> Form:
    """Read the parameters of the body alone; one without a value counts as left out (RFC 6749 §3.2).

    Raises: OAuthError `invalid_request` for another media type, a duplicate, or a NUL character.
    """
    if request.mimetype != FORM:
        raise OAuthError(ErrorCode.INVALID_REQUEST, f"the body has to be {FORM}")
    values: dict[str, str] = {}
    repeated: dict[str, list[str]] = {"resource": [], "audience": []}
    for name, value in _pairs(request.get_data()):
        if "\0" in value:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "a parameter holds a NUL character")
        if name in repeated:
            repeated[name] += [value] if value else []
        elif name in values:
            raise OAuthError(ErrorCode.INVALID_REQUEST, "a parameter comes twice")
        else:
            values[name] = value
    given = {name: value for name, value in values.items() if value}
    return Form(given, tuple(repeated["resource"]), tuple(repeated["audience"]))


def _pairs(body: bytes) -> list[tuple[str, str]]:
    """Read a form as werkzeug does, without its choice of parsers and its dictionaries, which cost more than the reading."""
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="werkzeug.url_quote")
    except ValueError:
        return []


def read_credentials(form: Mapping[str, str]) -> Credentials:
    """Read how the caller authenticates, and fetch the keys that would prove it; call it before a unit of work opens.

    Raises: OAuthError (see authentication.read).
    """
    credentials = authentication.read(request.headers.get("Authorization"), form)
    if credentials.method == PRIVATE_KEY_JWT:
        remote_keys.prepare(current_units(), credentials.client_id, credentials.proof)
    return credentials


def answer(body: Mapping[str, Any], status: int = 200) -> Response:
    """Answer with JSON that nobody may keep."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return _kept_by_nobody(Response(text, status, mimetype="application/json"))


def signed_answer(token: str, media_type: str) -> Response:
    """Answer with a signed token that nobody may keep."""
    response = Response(token)
    response.headers["Content-Type"] = media_type  # no charset: these media types have none
    return _kept_by_nobody(response)


def _kept_by_nobody(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response


def refusal(error: OAuthError) -> Response:
    """Tell a client what it did wrong; a refused client's try is noted in the audit log (`clients.refusals`)."""
    log.info("refused", reason=error.error.value, status=error.status, detail=error.detail)
    body = {"error": error.error.value}
    if error.description:
        body["error_description"] = error.description
    response = answer(body, error.status)
    response.headers.update(error.headers)
    if isinstance(error, ClientRefused):
        response.headers.setdefault("WWW-Authenticate", 'Basic realm="idp", charset="UTF-8"')
        _note(error)
    return response


def failure(error: IdpError) -> Response:
    """Tell a client of a failure that has no name in the protocol."""
    log.info("refused", reason=error.code, status=error.status, detail=error.detail)
    busy = isinstance(error, TryAgain)
    code = ErrorCode.TEMPORARILY_UNAVAILABLE.value if busy else error.code
    response = answer({"error": code, "error_description": error.text.render("en")}, error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _note(error: ClientRefused) -> None:
    with suppress(TryAgain), unit_of_work() as work:
        refusals.note(work, error.claimed_id, error.description, throttling.network_of(request.remote_addr))
