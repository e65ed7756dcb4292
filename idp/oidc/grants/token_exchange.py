"""An access token is exchanged for another (RFC 8693)."""

from idp import audit
from idp.audit import Event
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import TOKEN_EXCHANGE
from idp.oidc.grants.token_grant import TokenGrant, acts_for
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens import access_tokens, exchange
from idp.oidc.tokens.exchange import ACCESS_TOKEN
from idp.oidc.tokens.issue import TokenAnswer
from idp.unit_of_work import UnitOfWork


class TokenExchangeGrant(TokenGrant):
    """Exchanges access tokens of persons for access tokens; nothing else is taken or given."""

    GRANT_TYPE = TOKEN_EXCHANGE

    def redeem(self, work: UnitOfWork, client: Client) -> TokenAnswer:
        """Exchange the subject token. Raises: OAuthError (see exchange.exchange)."""
        self._check_types()
        subject = access_tokens.find(work, self.request.keys, self.request.needed("subject_token"))
        facts, answer = exchange.exchange(work, client, subject, self.request.asked, self.request.audiences)
        acts_for(work, client, facts.account_id, facts.session_id)
        audit.record(
            work,
            Event.TOKEN_EXCHANGED,
            account=facts.account_id,
            customer=facts.account.customer_id if facts.account else None,
            client=client.id,
            issued_to=facts.client_id,
            scopes=list(answer.narrowed.scopes),
            authorization_details=list(answer.narrowed.details),
            audience=list(answer.narrowed.audience),
        )
        return answer

    def _check_types(self) -> None:
        """Take access tokens and give access tokens (§2.1). Raises: OAuthError `invalid_request`."""
        form = self.request.form
        if self.request.needed("subject_token_type") != ACCESS_TOKEN:
            raise OAuthError(ErrorCode.INVALID_REQUEST, f"subject_token_type has to be {ACCESS_TOKEN}")
        if form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise OAuthError(ErrorCode.INVALID_REQUEST, f"requested_token_type can only be {ACCESS_TOKEN}")
        if form.get("actor_token") or form.get("actor_token_type"):
            raise OAuthError(ErrorCode.INVALID_REQUEST, "actor_token is not supported: the asking client is the actor")
