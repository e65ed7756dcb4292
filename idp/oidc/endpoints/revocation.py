"""The revocation endpoint (RFC 7009)."""

from typing import Any

from authlib.oauth2.rfc7009 import RevocationEndpoint
from flask import Response

from idp.oidc.authlib_server import server
from idp.oidc.clients import authentication
from idp.oidc.endpoints.machine import answer, machine_blueprint, read_credentials, read_form
from idp.oidc.grants.token_grant import TokenRequest
from idp.oidc.keys.ring import current_keys
from idp.oidc.protocol import Path
from idp.oidc.tokens.revocation import revoke
from idp.unit_of_work import unit_of_work

blueprint = machine_blueprint("revocation")


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """Revokes the token of a request; hints at its kind are not needed (§2.1)."""

    def create_endpoint_response(self, request: TokenRequest) -> tuple[int, dict[str, Any], list[Any]]:
        """Revoke, and say no more than that it was understood."""
        revoke(request.work, request.keys, request.client, request.needed("token"))
        return 200, {}, []


@blueprint.post(Path.REVOCATION)
def take_back() -> Response:
    """Prove the client and revoke its token."""
    form = read_form()
    credentials = read_credentials(form.values)
    keys = current_keys()
    with unit_of_work() as work:
        client = authentication.authenticate(work, credentials)
        return answer(server.answer("revocation", TokenRequest(work, keys, client, form.values)))


server.register_endpoint(Revocation)
