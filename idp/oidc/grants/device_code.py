"""A device's code is exchanged for tokens once its person has agreed (RFC 8628 §3.4)."""

from idp.authn import levels, sessions
from idp.oidc.authorization import devices
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import DEVICE_CODE
from idp.oidc.grants.first_tokens import first_tokens
from idp.oidc.grants.token_grant import TokenGrant
from idp.oidc.protocol import Ended, ErrorCode
from idp.oidc.tokens import families
from idp.oidc.tokens.issue import TokenAnswer
from idp.unit_of_work import UnitOfWork


class DeviceCodeGrant(TokenGrant):
    """Redeems device codes: one atomic statement decides between parallel tries."""

    GRANT_TYPE = DEVICE_CODE

    def redeem(self, work: UnitOfWork, client: Client) -> TokenAnswer:
        """Claim what the person approved, check it anew (minutes may have passed), and issue the first tokens of its family.

        Raises: OAuthError (see devices.redeem and those of narrowing, which spend nothing); Ended when the code is spent for nothing.
        """
        asked = self.request.asked
        grant = devices.redeem(work, client, self.request.needed("device_code"))
        session = sessions.hold(work, grant.session_id) if grant.session_id else None  # a logout now waits, and tells this app
        if session is None:
            raise Ended(ErrorCode.INVALID_GRANT, "the session in which the device was approved has ended")
        account = families.check_entitled(work, grant)
        if levels.rank(session.acr) < levels.rank(levels.required_acr(account)):
            raise Ended(ErrorCode.INVALID_GRANT, "the account has to sign in more strongly by now")
        return first_tokens(work, client, grant, asked, account=account, session=session)
