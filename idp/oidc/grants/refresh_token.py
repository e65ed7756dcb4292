"""A refresh token is exchanged for fresh tokens (RFC 6749 §6, RFC 9700 §4.14)."""

from idp import audit
from idp.audit import Event
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import REFRESH_TOKEN
from idp.oidc.grants.token_grant import TokenGrant
from idp.oidc.tokens import families
from idp.oidc.tokens.issue import TokenAnswer
from idp.unit_of_work import UnitOfWork


class RefreshTokenGrant(TokenGrant):
    """Redeems refresh tokens."""

    GRANT_TYPE = REFRESH_TOKEN

    def redeem(self, work: UnitOfWork, client: Client) -> TokenAnswer:
        """Rotate the token. Raises: OAuthError, Ended (see families.refresh)."""
        answer = families.refresh(work, client, self.request.needed("refresh_token"), self.request.asked)
        audit.record(work, Event.TOKEN_REFRESHED, client=client.id, family=answer.family_id)
        return answer
