"""Authlib's server put together: it finds the grant or endpoint that a request is for.

Clients are proven before it and tokens signed after it, so nothing of Authlib's client authentication, token generators and
storage mixins is used; its errors leave as ours.
"""

import re
from typing import Any, cast

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error

from idp.oidc.clients.clients import Client
from idp.oidc.grants.authorization_code import AuthorizationCodeGrant
from idp.oidc.grants.client_credentials import ClientCredentialsGrant
from idp.oidc.grants.device_code import DeviceCodeGrant
from idp.oidc.grants.refresh_token import RefreshTokenGrant
from idp.oidc.grants.token_exchange import TokenExchangeGrant
from idp.oidc.grants.token_grant import TokenRequest
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens.issue import TokenAnswer

GRANTS = (AuthorizationCodeGrant, RefreshTokenGrant, ClientCredentialsGrant, DeviceCodeGrant, TokenExchangeGrant)


class Server(AuthorizationServer):  # type: ignore[misc]
    """The part of the provider that machines talk to. Keeps no state of a request."""

    def redeem(self, request: TokenRequest) -> TokenAnswer:
        """Redeem the grant that a proven client's request presents. Raises: OAuthError."""
        request.needed("grant_type")
        return cast("TokenAnswer", self.create_token_response(request))

    def answer(self, endpoint: str, request: TokenRequest) -> dict[str, Any]:
        """Let a registered endpoint (introspection, revocation) answer. Raises: OAuthError."""
        return cast("dict[str, Any]", self.create_endpoint_response(endpoint, request))

    def create_oauth2_request(self, request: TokenRequest) -> TokenRequest:
        """Take the request as it is: the view has read and proven it."""
        return request

    def authenticate_client(self, request: TokenRequest, methods: list[str], endpoint: str = "token") -> Client:
        """Give the client, which the view has proven by exactly one method."""
        return request.client

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Tell nobody: what happened stands in the audit log."""

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Any:
        """Give the body back as it is; the view makes the response after the commit."""
        return body

    def handle_error_response(self, request: TokenRequest, error: OAuth2Error) -> Any:
        """Let Authlib's refusals leave as ours, so that the unit of work rolls back. Raises: OAuthError."""
        description = re.sub(r'[^\x20-\x7e]|["\\]', "?", error.get_error_description() or "")
        raise OAuthError(ErrorCode(error.error), description[:200])


server = Server()
for _grant in GRANTS:
    server.register_grant(_grant)
