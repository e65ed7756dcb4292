"""SQL of what stands about one person in tokens."""

from sqlalchemy import select

from idp.authn.tables import Session
from idp.database import Rows
from idp.identifiers import Traces
from idp.oidc.tokens.tables import AccessToken, FamilyContract, SessionClient, TokenFamily


def rows_of(traces: Traces) -> Rows:
    """Tell which rows are about a person, the tokens before the families by which they are found."""
    families = select(TokenFamily.id).where(TokenFamily.account_id == traces.account_id)
    sessions = select(Session.id).where(Session.account_id == traces.account_id)
    return {
        AccessToken: AccessToken.family_id.in_(families),
        FamilyContract: FamilyContract.family_id.in_(families),
        TokenFamily: TokenFamily.account_id == traces.account_id,
        SessionClient: SessionClient.session_id.in_(sessions),
    }
