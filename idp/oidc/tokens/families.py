"""Token families: refreshing with rotation, and all the ways in which they end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from idp import audit
from idp.audit import Event
from idp.authn import sessions
from idp.authn.events import PasswordReset, SessionsEnded
from idp.authn.sessions import Session
from idp.directory import accounts
from idp.directory.accounts import Account
from idp.directory.events import AccountsDeactivated, AccountsLocked, ContractGrantsNarrowed, ContractsEnded, RolesChanged
from idp.identifiers import AccountId, ClientId, SessionId, TokenFamilyId
from idp.oidc.clients.clients import Client
from idp.oidc.clients.events import ClientEnded
from idp.oidc.protocol import Ended, ErrorCode, OAuthError
from idp.oidc.tokens import authorization_details, refresh_tokens, store
from idp.oidc.tokens.grants import Grant
from idp.oidc.tokens.issue import TokenAnswer, end_of_family, reissue
from idp.oidc.tokens.narrowing import Asked, narrow
from idp.oidc.tokens.refresh_tokens import Presented
from idp.oidc.tokens.store import Family
from idp.unit_of_work import UnitOfWork


class FamilyEnd(StrEnum):
    """Why a family ended."""

    SESSION_ENDED = "session_ended"
    DEACTIVATED = "account_deactivated"
    LOCKED = "account_locked"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a reason's name
    ROLE_CHANGED = "role_changed"
    CONTRACT_ENDED = "contract_ended"
    CONTRACT_NOT_GRANTED = "contract_not_granted"
    REVOKED = "revoked"
    CONSENT_REVOKED = "consent_revoked"
    REFRESH_REUSED = "refresh_token_reused"
    CODE_REPLAYED = "code_replayed"
    CLIENT_GONE = "client_gone"


def refresh(work: UnitOfWork, client: Client, token: str, asked: Asked) -> TokenAnswer:
    """Redeem a refresh token: rotate it, or within the grace give the same successor again. FAPI clients' tokens stay the same.

    Raises: OAuthError `invalid_grant` (and those of narrowing, which leave the token as it is); Ended when the family ends by it.
    """
    presented = refresh_tokens.read(work, token)
    family = store.find_family_to_change(work.db, presented.family_id) if presented else None
    if presented is None or family is None or family.ended_at:
        raise _invalid("the refresh token is unknown, or has ended")
    newest = _is_newest(work, client, family, presented, asked.dpop_jkt)
    session, account = _living_holder(work, family)
    account = check_entitled(work, family.grant, family.id, account=account)
    grant = replace(family.grant, scopes=tuple(scope for scope in family.grant.scopes if scope in client.scopes))
    narrowed = narrow(grant, client, work.settings, asked)
    expires_at = end_of_family(work, family.offline, family.created_at, session)
    if client.is_fapi:
        store.prolong(work.db, family.id, expires_at)
    elif newest:
        store.rotate(work.db, family.id, presented.generation, expires_at, work.now)
    answer = reissue(work, family, client, narrowed, account=account, session=session)
    if session:
        sessions.touch(work, session)
    generation = family.generation + 1 if newest and not client.is_fapi else family.generation
    return replace(answer, refresh_token=refresh_tokens.make(work, family.id, generation))


def living_session(work: UnitOfWork, family: Family) -> Session | None:
    """Give the live session that a family belongs to; None for an offline one that has not expired. Raises: OAuthError `invalid_grant`."""
    if family.offline:
        if family.expires_at <= work.now:
            raise _invalid("the refresh token has expired")
        return None
    session = sessions.find_by_id(work, family.session_id) if family.session_id else None
    if session is None:
        raise _invalid("the session has ended")
    return session


def _living_holder(work: UnitOfWork, family: Family) -> tuple[Session | None, Account | None]:
    """Give what `living_session` gives, and the account that was read with it. Raises: OAuthError `invalid_grant`."""
    if family.offline or not family.session_id:
        return living_session(work, family), None
    found = sessions.with_account(work, family.session_id)
    if found is None:
        raise _invalid("the session has ended")
    return found


def entitled(work: UnitOfWork, grant: Grant, account: Account | None = None) -> Account | FamilyEnd:
    """Give the active account of a grant if it may still use all that was granted; else the reason to end what came from it.

    `account`: as it was read before in this unit.
    """
    if account is None and grant.account_id:
        account = accounts.find(work, grant.account_id)
    if account is None or not account.is_active:
        return FamilyEnd.DEACTIVATED
    if not authorization_details.held(work, account.id, grant.authorization_details):
        return FamilyEnd.CONTRACT_NOT_GRANTED
    return account


def check_entitled(work: UnitOfWork, grant: Grant, family_id: TokenFamilyId | None = None, *, account: Account | None = None) -> Account:
    """Give the entitled account of a grant; otherwise the family ends. Raises: Ended `invalid_grant`, whose changes stay."""
    found = entitled(work, grant, account)
    if isinstance(found, Account):
        return found
    if family_id:
        end(work, family_id, found)
    raise Ended(ErrorCode.INVALID_GRANT, "what was granted may no longer be used")


def end(work: UnitOfWork, family_id: TokenFamilyId, reason: FamilyEnd) -> bool:
    """End one family with all its tokens; False if it had ended."""
    return store.end_family(work.db, family_id, reason.value, work.now)


def end_of_sessions(work: UnitOfWork, session_ids: Sequence[SessionId]) -> None:
    """End the families that belong to sessions; offline ones outlive them."""
    store.end_of_sessions(work.db, session_ids, FamilyEnd.SESSION_ENDED.value, work.now)


def end_of_accounts(work: UnitOfWork, account_ids: Sequence[AccountId], reason: FamilyEnd) -> None:
    """End all families of accounts, offline ones too."""
    store.end_of_accounts(work.db, account_ids, reason.value, work.now)


def end_of_consent(work: UnitOfWork, account_id: AccountId, client_id: ClientId) -> None:
    """End all families of an account at one client, whose consent is revoked."""
    store.end_of_account_and_client(work.db, account_id, client_id, FamilyEnd.CONSENT_REVOKED.value, work.now)


def on_client_ended(work: UnitOfWork, event: ClientEnded) -> None:
    """End all families of a client that was deleted or disabled."""
    store.end_of_client(work.db, event.client_id, FamilyEnd.CLIENT_GONE.value, work.now)


def on_sessions_ended(work: UnitOfWork, event: SessionsEnded) -> None:
    """End what belongs to ended sessions."""
    end_of_sessions(work, event.session_ids)


def on_accounts_deactivated(work: UnitOfWork, event: AccountsDeactivated) -> None:
    """End all that deactivated accounts granted."""
    end_of_accounts(work, event.account_ids, FamilyEnd.DEACTIVATED)


def on_accounts_locked(work: UnitOfWork, event: AccountsLocked) -> None:
    """End all that locked accounts granted."""
    end_of_accounts(work, event.account_ids, FamilyEnd.LOCKED)


def on_password_reset(work: UnitOfWork, event: PasswordReset) -> None:
    """End all that was granted under the old password."""
    end_of_accounts(work, [event.account_id], FamilyEnd.PASSWORD_RESET)


def on_roles_changed(work: UnitOfWork, event: RolesChanged) -> None:
    """End all that accounts granted in another role."""
    end_of_accounts(work, event.account_ids, FamilyEnd.ROLE_CHANGED)


def on_contracts_ended(work: UnitOfWork, event: ContractsEnded) -> None:
    """End what was granted for contracts that are over."""
    store.end_of_contracts(work.db, event.contract_ids, FamilyEnd.CONTRACT_ENDED.value, work.now)


def on_contract_grants_narrowed(work: UnitOfWork, event: ContractGrantsNarrowed) -> None:
    """End what accounts granted for contracts that they may not use any longer."""
    store.end_beyond_contract_grants(work.db, event.account_ids, FamilyEnd.CONTRACT_NOT_GRANTED.value, work.now)


def delete_expired(work: UnitOfWork, limit: int) -> int:
    """Delete families and tokens that are over."""
    return store.delete_expired(work.db, work.now, limit)


def _is_newest(work: UnitOfWork, client: Client, family: Family, presented: Presented, dpop_jkt: str | None) -> bool:
    """Tell a family's newest refresh token from the one before it, which counts for a grace until its successor is used.

    Both only in the hands of its client, and with the key that it is bound to.

    Any other use of an old one is a sign that it was stolen: the family ends (RFC 9700 §4.14.2).
    """
    own = family.client_id == client.id and family.grant.dpop_jkt in (None, dpop_jkt)
    if own and presented.generation == family.generation:
        return True
    grace = timedelta(seconds=work.settings.refresh_grace_seconds)
    in_grace = family.generation_used_at is not None and work.now < family.generation_used_at + grace
    if own and presented.generation == family.generation - 1 and in_grace:
        return False
    if presented.generation >= family.generation:
        raise _invalid("the refresh token was issued to another client, or is bound to another key")
    end(work, family.id, FamilyEnd.REFRESH_REUSED)
    audit.record(work, Event.REFRESH_REUSED, account=family.account_id, client=family.client_id, by_client=client.id)
    raise Ended(ErrorCode.INVALID_GRANT, "the refresh token was used before; all that came from it has ended")


def _invalid(description: str) -> OAuthError:
    return OAuthError(ErrorCode.INVALID_GRANT, description)
