"""Consent: our own apps need none; what a person allows another's app is remembered until revoked."""

from idp import audit
from idp.audit import Event
from idp.identifiers import AccountId
from idp.oidc.authorization import store
from idp.oidc.authorization.request import AuthorizationRequest, OpenRequest, StartAgain
from idp.oidc.clients.clients import Client
from idp.oidc.clients.scopes import OFFLINE_ACCESS
from idp.oidc.protocol import Prompt
from idp.oidc.tokens.grants import Grant
from idp.unit_of_work import UnitOfWork


def granted_scopes(asked: AuthorizationRequest, client: Client) -> tuple[str, ...]:
    """Tell the scopes that a request can lead to; another's app gets `offline_access` only with `prompt=consent` (Core §11)."""
    if client.first_party or Prompt.CONSENT in asked.prompts:
        return asked.scopes
    return tuple(scope for scope in asked.scopes if scope != OFFLINE_ACCESS)


def is_needed(work: UnitOfWork, opened: OpenRequest, client: Client, account_id: AccountId) -> bool:
    """Tell whether the person still has to be asked; authorization details are asked for each time, because they name single things."""
    if client.first_party or opened.consented_by == account_id:
        return False
    if Prompt.CONSENT in opened.asked.prompts or opened.asked.authorization_details:
        return True
    return not store.consented_scopes(work.db, account_id, client.id).issuperset(granted_scopes(opened.asked, client))


def give(work: UnitOfWork, opened: OpenRequest, client: Client, account_id: AccountId) -> None:
    """Note the person's yes for this request, and remember it for the next ones. Raises: StartAgain."""
    if not store.note_consent(work.db, opened.id, account_id, work.now):
        raise StartAgain("consent after the request was over")
    remember(work, client, account_id, granted_scopes(opened.asked, client))


def remember(work: UnitOfWork, client: Client, account_id: AccountId, scopes: tuple[str, ...]) -> None:
    """Add to what an account lets another's app have."""
    known = store.consented_scopes(work.db, account_id, client.id)
    store.keep_consent(work.db, account_id, client.id, sorted(known.union(scopes)), work.now)
    audit.record(work, Event.CONSENT_GIVEN, account=account_id, client=client.id, scopes=list(scopes))


def still_given(work: UnitOfWork, client: Client, grant: Grant) -> bool:
    """Tell whether the person still lets a client have what was granted a while ago."""
    if client.first_party or grant.account_id is None:
        return True
    return store.consented_scopes(work.db, grant.account_id, client.id).issuperset(grant.scopes)
