"""The end that grants of persons share: the first tokens of what somebody granted in a session."""

from idp import audit
from idp.audit import Event
from idp.authn.sessions import Session
from idp.directory.accounts import Account
from idp.identifiers import TokenFamilyId
from idp.oidc.authorization import consent
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import REFRESH_TOKEN
from idp.oidc.grants.token_grant import acts_for
from idp.oidc.protocol import Ended, ErrorCode
from idp.oidc.tokens import session_clients
from idp.oidc.tokens.grants import Grant
from idp.oidc.tokens.issue import TokenAnswer, issue
from idp.oidc.tokens.narrowing import Asked
from idp.unit_of_work import UnitOfWork


def first_tokens(
    work: UnitOfWork,
    client: Client,
    grant: Grant,
    asked: Asked,
    *,
    account: Account,
    session: Session,
    family_id: TokenFamilyId | None = None,
) -> TokenAnswer:
    """Issue the first tokens of what a person has granted in a session, and note that it is used with the app.

    Raises: Ended when the consent was taken back meanwhile; OAuthError (those of narrowing).
    """
    if not consent.still_given(work, client, grant):
        raise Ended(ErrorCode.INVALID_GRANT, "the person has taken the consent back")
    acts_for(work, client, account.id, session.id)
    with_refresh = REFRESH_TOKEN in client.grant_types
    answer = issue(work, grant, client, asked, account=account, session=session, with_refresh=with_refresh, family_id=family_id)
    session_clients.remember(work, session.id, client)
    audit.record(
        work,
        Event.TOKEN_ISSUED,
        account=account.id,
        customer=account.customer_id,
        client=client.id,
        scopes=list(answer.narrowed.scopes),
        authorization_details=list(answer.narrowed.details),
    )
    return answer
