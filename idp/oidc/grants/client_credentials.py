"""A client asks in its own right (RFC 6749 §4.4)."""

from idp import audit
from idp.audit import Event
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import CLIENT_CREDENTIALS
from idp.oidc.clients.scopes import PERSON_SCOPES
from idp.oidc.grants.token_grant import TokenGrant
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens.grants import Grant
from idp.oidc.tokens.issue import TokenAnswer, issue
from idp.unit_of_work import UnitOfWork


class ClientCredentialsGrant(TokenGrant):
    """Issues access tokens whose subject is the client; never a refresh token (§4.4.3)."""

    GRANT_TYPE = CLIENT_CREDENTIALS

    def redeem(self, work: UnitOfWork, client: Client) -> TokenAnswer:
        """Issue a token for the client's own scopes, or those of them that it asks for.

        Raises: OAuthError `invalid_scope`, `invalid_target`, `invalid_authorization_details` (which only a person can grant).
        """
        asked = self.request.asked
        if asked.details:
            raise OAuthError(ErrorCode.INVALID_AUTHORIZATION_DETAILS, "authorization_details need a person who grants them")
        own = tuple(sorted(client.scopes.difference(PERSON_SCOPES)))
        answer = issue(work, Grant(client.id, own), client, asked)
        audit.record(work, Event.TOKEN_ISSUED, client=client.id, scopes=list(answer.narrowed.scopes))
        return answer
