"""Consent: our own apps need none; what a person allows another's app is remembered until revoked."""

from dataclasses import dataclass
from datetime import datetime

from idp import audit
from idp.audit import Event
from idp.identifiers import AccountId, ClientId
from idp.oidc.authorization import store
from idp.oidc.authorization.events import ConsentRevoked
from idp.oidc.authorization.request import AuthorizationRequest, OpenRequest, StartAgain
from idp.oidc.clients import clients
from idp.oidc.clients.clients import Client
from idp.oidc.clients.events import ClientDeleted
from idp.oidc.clients.scopes import OFFLINE_ACCESS
from idp.oidc.protocol import Prompt
from idp.oidc.tokens import claims, families
from idp.oidc.tokens.grants import Grant
from idp.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Consent:
    """What an account lets another's app have; `given_at` is the newest yes."""

    client: Client
    scopes: tuple[str, ...]
    given_at: datetime

    @property
    def outlives_logout(self) -> bool:
        """Whether the app keeps its access when the person has signed out."""
        return OFFLINE_ACCESS in self.scopes


def granted_scopes(asked: AuthorizationRequest, client: Client) -> tuple[str, ...]:
    """Tell the scopes that a request can lead to; another's app gets `offline_access` only with `prompt=consent` (Core §11)."""
    if client.first_party or Prompt.CONSENT in asked.prompts:
        return asked.scopes
    return tuple(scope for scope in asked.scopes if scope != OFFLINE_ACCESS)


def to_agree_to(asked: AuthorizationRequest, client: Client) -> tuple[str, ...]:
    """Tell the scopes that the person has to agree to: the granted ones, and those whose claims are asked for one by one (Core §5.5)."""
    scopes = granted_scopes(asked, client)
    return scopes + tuple(sorted(claims.scopes_behind(client, asked.claims).difference(scopes)))


def is_needed(work: UnitOfWork, opened: OpenRequest, client: Client, account_id: AccountId) -> bool:
    """Tell whether the person still has to be asked; authorization details are asked for each time, because they name single things."""
    if client.first_party or opened.consented_by == account_id:
        return False
    if Prompt.CONSENT in opened.asked.prompts or opened.asked.authorization_details:
        return True
    return not store.consented_scopes(work.db, account_id, client.id).issuperset(to_agree_to(opened.asked, client))


def give(work: UnitOfWork, opened: OpenRequest, client: Client, account_id: AccountId) -> None:
    """Note the person's yes for this request, and remember it for the next ones. Raises: StartAgain."""
    if not store.note_consent(work.db, opened.id, account_id, work.now):
        raise StartAgain("consent after the request was over")
    remember(work, client, account_id, to_agree_to(opened.asked, client))


def remember(work: UnitOfWork, client: Client, account_id: AccountId, scopes: tuple[str, ...]) -> None:
    """Add to what an account lets another's app have; what is revoked at the same moment does not come back by it."""
    known = store.consent_to_change(work.db, account_id, client.id)
    store.keep_consent(work.db, account_id, client.id, sorted(known.union(scopes)), work.now)
    audit.record(work, Event.CONSENT_GIVEN, account=account_id, client=client.id, scopes=list(scopes))


def still_given(work: UnitOfWork, client: Client, grant: Grant) -> bool:
    """Tell whether the person still lets a client have what was granted a while ago.

    A revocation waits for this transaction, and ends what comes of it.
    """
    if client.first_party or grant.account_id is None:
        return True
    held = store.hold_consent(work.db, grant.account_id, client.id)
    return held is not None and held.issuperset(claims.scopes_behind(client, grant.claims).union(grant.scopes))


def of_account(work: UnitOfWork, account_id: AccountId) -> list[Consent]:
    """List the consents that matter: those to others' apps that are registered and enabled, the newest first."""
    rows = store.consents_of(work.db, account_id)
    known = clients.find_several(work, (row["client_id"] for row in rows))
    return [
        Consent(client, tuple(row["scopes"]), row["given_at"])
        for row in rows
        if (client := known.get(row["client_id"])) and not client.first_party
    ]


def revoke(work: UnitOfWork, account_id: AccountId, client_id: ClientId) -> bool:
    """Take a consent back: the app's tokens end at once, offline ones too, it is told, and has to ask again. False if there was none."""
    if not store.remove_consent(work.db, account_id, client_id):
        return False
    families.end_of_consent(work, account_id, client_id)
    work.emit(ConsentRevoked(account_id, client_id))
    audit.record(work, Event.CONSENT_REVOKED, account=account_id, client=client_id)
    return True


def on_client_deleted(work: UnitOfWork, event: ClientDeleted) -> None:
    """Forget what people let an app have that is gone, before another gets its id."""
    store.remove_consents(work.db, event.client_id)
