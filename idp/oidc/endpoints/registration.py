"""The registration endpoint, and the address at which each client that registered there manages itself (RFC 7591, RFC 7592)."""

from typing import Any

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from idp.authn.throttling import network_of
from idp.oidc.clients import registration, sectors
from idp.oidc.clients.metadata import Origin, refused
from idp.oidc.clients.registration import Managed
from idp.oidc.endpoints.machine import answer, machine_blueprint
from idp.oidc.protocol import ErrorCode, OAuthError, Path
from idp.oidc.tokens.protected import token_of
from idp.settings import Settings
from idp.unit_of_work import current_units, unit_of_work

blueprint = machine_blueprint("registration")
_CLIENT = f"{Path.REGISTRATION.value}/<client_id>"


@blueprint.post(Path.REGISTRATION.value)
def register() -> Response:
    """Register a client."""
    token, document = _initial_token(), _document()
    with unit_of_work() as work:
        metadata = registration.check(work, token, document, network_of(request.remote_addr))
    sectors.prove(current_units(), metadata, Origin.DYNAMIC)
    with unit_of_work() as work:
        made = registration.register(work, token, document)
    return answer(_told(work.settings, made), 201)


@blueprint.get(_CLIENT)
def show(client_id: str) -> Response:
    """Tell a client what it is registered as."""
    token = token_of(request.headers.get("Authorization"))
    with unit_of_work() as work:
        return answer(_told(work.settings, registration.show(work, client_id, token)))


@blueprint.put(_CLIENT)
def replace(client_id: str) -> Response:
    """Replace a client's metadata."""
    token, document = token_of(request.headers.get("Authorization")), _document()
    with unit_of_work() as work:
        metadata = registration.check_update(work, client_id, token, document)
    sectors.prove(current_units(), metadata, Origin.DYNAMIC)
    with unit_of_work() as work:
        changed = registration.replace(work, client_id, token, document)
    return answer(_told(work.settings, changed))


@blueprint.delete(_CLIENT)
def remove(client_id: str) -> Response:
    """Delete a client."""
    token = token_of(request.headers.get("Authorization"))
    with unit_of_work() as work:
        registration.remove(work, client_id, token)
    return Response(status=204, headers={"Cache-Control": "no-store"})


def _initial_token() -> str | None:
    """Read the initial access token; none where the operator lets anybody register."""
    header = request.headers.get("Authorization")
    return None if header is None and current_units().settings.open_registration else token_of(header)


def _document() -> dict[str, Any]:
    """Read the body. Raises: OAuthError `invalid_client_metadata` for what is no JSON object, or too large."""
    if request.mimetype != "application/json":
        raise refused("the body has to be application/json")
    try:
        document = request.get_json(silent=True, cache=False)
    except RequestEntityTooLarge:
        raise OAuthError(ErrorCode.INVALID_CLIENT_METADATA, "the body is larger than 64 KB", status=413) from None
    except RecursionError:
        document = None
    if not isinstance(document, dict):
        raise refused("the body is no JSON object")
    return document


def _told(settings: Settings, managed: Managed) -> dict[str, Any]:
    """Write the client information response (RFC 7591 §3.2.1, RFC 7592 §3)."""
    client = managed.client
    told: dict[str, Any] = {"client_id": client.id, "client_id_issued_at": int(managed.issued_at.timestamp())}
    if managed.secret is not None:
        told |= {"client_secret": managed.secret, "client_secret_expires_at": 0}
    told |= {
        "registration_access_token": managed.registration_token,
        "registration_client_uri": registration.address_of(settings, client),
    }
    return told | dict(client.metadata)
