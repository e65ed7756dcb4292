"""A token request inside its unit of work, and the frame that all grants share."""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin

from idp.identifiers import AccountId, SessionId
from idp.oidc.clients.clients import Client
from idp.oidc.keys.ring import Keys
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens import narrowing
from idp.oidc.tokens.issue import TokenAnswer
from idp.oidc.tokens.narrowing import Asked
from idp.unit_of_work import Actor, ActorKind, UnitOfWork


class _FormPayload(OAuth2Payload):  # type: ignore[misc]
    """A request's parameters: those of its form alone, each once."""

    def __init__(self, form: Mapping[str, str]) -> None:
        self._form = form

    @property
    def data(self) -> Mapping[str, str]:
        """The parameters."""
        return self._form

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        """The parameters as lists of one."""
        return defaultdict(list, {name: [value] for name, value in self._form.items()})


class TokenRequest(OAuth2Request):  # type: ignore[misc]
    """A request of a proven client to the token, introspection or revocation endpoint.

    Authlib's own constructor is left out: it refuses plain http by the address that reaches this process, and TLS may end before it.
    """

    def __init__(
        self,
        work: UnitOfWork,
        keys: Keys,
        client: Client,
        form: Mapping[str, str],
        resources: tuple[str, ...] = (),
        dpop_jkt: str | None = None,
        audiences: tuple[str, ...] = (),
    ) -> None:
        self.work = work
        self.keys = keys
        self.client = client
        self.resources = resources
        self.dpop_jkt = dpop_jkt
        self.audiences = audiences
        self.method = "POST"
        self.headers: dict[str, str] = {}
        self.payload = _FormPayload(form)
        self.user = None
        self._scope = None

    @property
    def form(self) -> Mapping[str, str]:
        """The parameters."""
        data: Mapping[str, str] = self.payload.data
        return data

    def needed(self, name: str) -> str:
        """Give a parameter that may not be left out. Raises: OAuthError `invalid_request`."""
        value = self.form.get(name)
        if value is None:
            raise OAuthError(ErrorCode.INVALID_REQUEST, f"{name} is missing")
        return value

    @property
    def asked(self) -> Asked:
        """What the request narrows its grant to, and the key it proves. Raises: OAuthError `invalid_authorization_details`."""
        return narrowing.read(self.client, self.form, self.resources, self.dpop_jkt)


class TokenGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """A grant at the token endpoint; subclasses say what they redeem."""

    request: TokenRequest

    def validate_token_request(self) -> None:
        """Check that the client is registered for the grant. Raises: OAuthError `unauthorized_client`."""
        if self.GRANT_TYPE not in self.request.client.grant_types:
            raise OAuthError(ErrorCode.UNAUTHORIZED_CLIENT, "the client is not registered for this grant_type")

    def create_token_response(self) -> tuple[int, TokenAnswer, list[Any]]:
        """Redeem the grant."""
        return 200, self.redeem(self.request.work, self.request.client), []

    @abstractmethod
    def redeem(self, work: UnitOfWork, client: Client) -> TokenAnswer:
        """Check what the client presents, and issue tokens for it. Raises: OAuthError."""


def acts_for(work: UnitOfWork, client: Client, account_id: AccountId | None, session_id: SessionId | None) -> None:
    """Let the unit act as the client on a person's behalf."""
    work.acts_as(Actor(ActorKind.CLIENT, client.id, on_behalf_of=account_id, session_id=session_id))
