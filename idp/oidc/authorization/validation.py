"""Runs the checks. Until client and redirect URI are proven a refusal is for a page; from then on it may go to the client.

To a client that registered itself nothing goes before somebody has signed in.
"""

from typing import Any, NoReturn

from idp import audit
from idp.audit import Event
from idp.crypto import hash_token
from idp.oidc.authorization import request_objects, store
from idp.oidc.authorization.checks import CHECKS, Asked
from idp.oidc.authorization.parameters import Parameters
from idp.oidc.authorization.request import AnsweredByRedirect, AuthorizationRequest, Target
from idp.oidc.authorization.request_objects import Incoming
from idp.oidc.clients import clients, redirect_uris
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import Origin
from idp.oidc.keys.ring import Keys
from idp.oidc.protocol import PUSHED_URI, RESPONSE_MODES, ErrorCode, OAuthError, Prompt, ResponseMode
from idp.unit_of_work import UnitOfWork


def validate(work: UnitOfWork, keys: Keys, incoming: Incoming) -> tuple[Client, AuthorizationRequest]:
    """Validate what came to the authorization endpoint; what was pushed takes the place of all other parameters.

    Raises: OAuthError for a page, AnsweredByRedirect once there is a proven target.
    """
    parameters = incoming.parameters
    client = _client(work, parameters)
    pushed_id, signed = None, False
    reference = parameters.get("request_uri")
    if reference and reference.startswith(PUSHED_URI):
        pushed_id, parameters = _pushed(work, client, reference)
    elif incoming.problem or incoming.request_object is not None:
        parameters, signed = _of_object(work, client, incoming), True
    return client, _run(Asked(work, keys, client, parameters, pushed_id, signed=signed), _target(work, client, parameters))


def validate_to_push(work: UnitOfWork, keys: Keys, client: Client, incoming: Incoming) -> tuple[Parameters, AuthorizationRequest]:
    """Validate what an authenticated client pushes (RFC 9126 §2.1, §3); gives the parameters that count. Raises: OAuthError."""
    parameters, signed = incoming.parameters, incoming.request_object is not None and not incoming.parameters.get("request_uri")
    if signed:
        parameters = request_objects.read(work, client, incoming, pushing=True)
    asked = Asked(work, keys, client, parameters, pushing=True, signed=signed)
    return parameters, _run(asked, _target(work, client, parameters))


def _of_object(work: UnitOfWork, client: Client, incoming: Incoming) -> Parameters:
    """Read a request object; one that is no good is told to the client only where what stands outside proves where to."""
    try:
        return request_objects.read(work, client, incoming)
    except OAuthError as error:
        outside = incoming.parameters
        redirect_uri = outside.get("redirect_uri")
        if request_objects.is_strict(client) or not redirect_uri or not redirect_uris.matches(client, work.settings, redirect_uri):
            raise
        if not _may_be_told_unseen(client, outside):
            raise
        _to_client(_target(work, client, outside), error)


def _client(work: UnitOfWork, parameters: Parameters) -> Client:
    client_id = parameters.get("client_id")
    if client_id is None:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "client_id is missing or repeated")
    client = clients.find(work, client_id)
    if client is None:
        raise OAuthError(ErrorCode.INVALID_CLIENT, "the client_id is not registered")
    return client


def _pushed(work: UnitOfWork, client: Client, reference: str) -> tuple[str, Parameters]:
    """Open a pushed request. Raises: OAuthError `invalid_request_uri` (RFC 9126 §4, §7.3)."""
    row = store.find_pushed(work.db, hash_token(reference.removeprefix(PUSHED_URI)), work.now)
    if row is None or row["client_id"] != client.id:
        raise OAuthError(ErrorCode.INVALID_REQUEST_URI, "the request_uri is unknown, used, expired, or of another client")
    return row["id"], Parameters.from_json(row["parameters"])


def _target(work: UnitOfWork, client: Client, parameters: Parameters) -> Target:
    """Prove where answers may go (RFC 6749 §3.1.2.3, RFC 9700 §2.1)."""
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None:
        raise OAuthError(ErrorCode.INVALID_REQUEST, "redirect_uri is missing or repeated")
    if not redirect_uris.matches(client, work.settings, redirect_uri):
        audit.refused(work, Event.AUTHORIZATION_REFUSED, client=client.id, error="invalid_redirect_uri")
        raise OAuthError(ErrorCode.INVALID_REQUEST, "the redirect_uri is not registered for the client")
    mode = parameters.get("response_mode")
    chosen = ResponseMode(mode) if mode in RESPONSE_MODES else ResponseMode.QUERY
    return Target(client.id, redirect_uri, chosen, parameters.get("state"), client.signs_answers_with if chosen.is_signed else None)


def _run(asked: Asked, target: Target) -> AuthorizationRequest:
    established: dict[str, Any] = {}
    try:
        for check in CHECKS:
            established |= check(asked)
    except OAuthError as error:
        if not _may_be_told_unseen(asked.client, asked.parameters):
            raise
        _to_client(target, error)
    return AuthorizationRequest(target=target, **established)


def _may_be_told_unseen(client: Client, parameters: Parameters) -> bool:
    """Tell whether a wrong request may lead to its client before anybody has signed in (RFC 9700 §4.11.2).

    Who registered a client themselves could send our links around that lead to any place of theirs; but `prompt=none` asks for that.
    """
    return client.origin is not Origin.DYNAMIC or Prompt.NONE in parameters.words("prompt")


def _to_client(target: Target, error: OAuthError) -> NoReturn:
    raise AnsweredByRedirect(target, error.error, error.description, detail=error.detail) from error
