"""The introspection endpoint (RFC 7662), with answers as JSON or as a signed token (RFC 9701)."""

from typing import Any

from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Response, request

from idp.oidc.authlib_server import server
from idp.oidc.clients import authentication
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import PRIVATE_KEY_JWT
from idp.oidc.endpoints.machine import answer, machine_blueprint, read_credentials, read_form, signed_answer
from idp.oidc.grants.token_grant import TokenRequest
from idp.oidc.keys.ring import current_keys
from idp.oidc.protocol import ClientRefused, Path
from idp.oidc.tokens import signed_answers
from idp.oidc.tokens.introspection import introspect
from idp.unit_of_work import UnitOfWork, current_units, read_work, unit_of_work

blueprint = machine_blueprint("introspection")


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """Answers for the token of a request; hints at its kind are not needed (§2.1)."""

    def create_endpoint_response(self, request: TokenRequest) -> tuple[int, dict[str, Any], list[Any]]:
        """Tell the asking client about the token."""
        return 200, introspect(request.work, request.keys, request.client, request.needed("token")), []


@blueprint.post(Path.INTROSPECTION)
def tell() -> Response:
    """Prove the client and tell it about a token; only an assertion's single use has to be written."""
    form = read_form()
    credentials = read_credentials(form.values)
    keys, units = current_keys(), current_units()
    with unit_of_work() if credentials.method == PRIVATE_KEY_JWT else read_work() as work:
        client = _confidential(work, credentials)
        told = server.answer("introspection", TokenRequest(work, keys, client, form.values))
    if not _signed_is_wanted(client):
        return answer(told)
    issued_at = int(units.clock().timestamp())
    token = signed_answers.introspection(keys, units.settings, client, told, issued_at=issued_at)
    return signed_answer(token, signed_answers.INTROSPECTION_MEDIA_TYPE)


def _signed_is_wanted(client: Client) -> bool:
    """Tell which form the caller prefers; if none, the client's registration decides (RFC 9701 §4, §6)."""
    accepted = request.accept_mimetypes
    signed, plain = accepted[signed_answers.INTROSPECTION_MEDIA_TYPE], accepted["application/json"]
    return signed > plain if signed != plain else client.introspection_alg is not None


def _confidential(work: UnitOfWork, credentials: authentication.Credentials) -> Client:
    """Prove a client that can keep a secret; others could be anybody (§4). Raises: ClientRefused."""
    client = authentication.authenticate(work, credentials)
    if client.is_public:
        raise ClientRefused("a public client may not introspect", claimed_id=client.id)
    return client


server.register_endpoint(Introspection)
