"""The code of an authorization request is exchanged for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5)."""

from idp.authn import sessions
from idp.oidc.authorization import codes
from idp.oidc.clients import redirect_uris
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import AUTHORIZATION_CODE
from idp.oidc.grants.first_tokens import first_tokens
from idp.oidc.grants.token_grant import TokenGrant
from idp.oidc.protocol import Ended, ErrorCode, OAuthError
from idp.oidc.tokens import families
from idp.oidc.tokens.issue import TokenAnswer
from idp.unit_of_work import UnitOfWork


class AuthorizationCodeGrant(TokenGrant):
    """Redeems codes: one atomic statement decides between parallel tries."""

    GRANT_TYPE = AUTHORIZATION_CODE

    def redeem(self, work: UnitOfWork, client: Client) -> TokenAnswer:
        """Claim the code, check anew what it stands for, and issue the first tokens of its family.

        Raises: OAuthError `invalid_grant` and those of narrowing (which spend nothing); Ended when the code is spent for nothing.
        """
        form, asked = self.request.form, self.request.asked
        claimed = codes.claim(work, self.request.needed("code"), client.id, form.get("redirect_uri"), form.get("code_verifier"))
        grant = claimed.grant
        if not redirect_uris.matches(client, work.settings, form.get("redirect_uri", "")):
            raise Ended(ErrorCode.INVALID_GRANT, "the redirect_uri is not registered any more")
        if grant.dpop_jkt not in (None, asked.dpop_jkt):
            raise OAuthError(ErrorCode.INVALID_GRANT, "the code is bound to another key")
        # a logout now waits, and tells this app
        held = sessions.with_account(work, grant.session_id, held=True) if grant.session_id else None
        if held is None:
            raise Ended(ErrorCode.INVALID_GRANT, "the session in which the code was issued has ended")
        session, account = held
        account = families.check_entitled(work, grant, account=account)
        return first_tokens(work, client, grant, asked, account=account, session=session, family_id=claimed.family_id)
