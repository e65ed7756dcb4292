"""Issuing tokens: their rows and claims in the unit of work, their signatures after its commit.

with unit_of_work() as work:
answer = issue(work, grant, client, asked, with_refresh=True)
return answer.signed(keys)
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from idp.authn.sessions import Session
from idp.directory.accounts import Account
from idp.identifiers import TokenFamilyId, new_id
from idp.oidc.clients.clients import Client
from idp.oidc.clients.scopes import OPENID
from idp.oidc.keys.jose import Algorithm, sign
from idp.oidc.keys.ring import Keys
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.oidc.tokens import claims, references, refresh_tokens, session_clients, store
from idp.oidc.tokens.grants import Grant
from idp.oidc.tokens.narrowing import Asked, Narrowed, narrow
from idp.oidc.tokens.store import Family
from idp.oidc.tokens.subjects import subject_of
from idp.unit_of_work import UnitOfWork

AT_JWT = "at+jwt"
JWT = "JWT"


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """A token endpoint's answer before it is signed (RFC 6749 §5.1)."""

    family_id: TokenFamilyId
    algorithm: Algorithm
    access_claims: dict[str, Any]
    expires_in: int
    narrowed: Narrowed
    reference: str | None = None
    """The access token, where it is opaque."""
    id_claims: dict[str, Any] | None = None
    refresh_token: str | None = None
    other: dict[str, Any] = field(default_factory=dict)

    def signed(self, keys: Keys) -> dict[str, Any]:
        """Sign the tokens; give the answer's body."""
        key = keys.active(self.algorithm)
        access_token = self.reference or sign(self.access_claims, key, typ=AT_JWT, algorithm=self.algorithm)
        body = {
            "access_token": access_token,
            "token_type": "DPoP" if self.narrowed.dpop_jkt else "Bearer",
            "expires_in": self.expires_in,
            "scope": " ".join(self.narrowed.scopes),
            **self.other,
        }
        if self.narrowed.details:
            body["authorization_details"] = list(self.narrowed.details)
        if self.refresh_token is not None:
            body["refresh_token"] = self.refresh_token
        if self.id_claims is not None:
            id_claims = self.id_claims | {"at_hash": half_hash(access_token, self.algorithm)}
            body["id_token"] = sign(id_claims, key, typ=JWT, algorithm=self.algorithm)
        return body


def issue(
    work: UnitOfWork,
    grant: Grant,
    client: Client,
    asked: Asked,
    *,
    account: Account | None = None,
    session: Session | None = None,
    with_refresh: bool = False,
    family_id: TokenFamilyId | None = None,
) -> TokenAnswer:
    """Start a token family for a grant and issue its first tokens; its id is made unless given.

    `account` and `session` are those of the grant, found active; none for client credentials. Raises: OAuthError (see narrow).
    """
    narrowed = narrow(grant, client, work.settings, asked)
    kept = replace(grant, claims=claims.permitted(client, grant.claims), dpop_jkt=_key_of_refreshing(client, asked))
    family = start_family(work, kept, end_of_family(work, grant.offline, work.now, session), family_id=family_id)
    answer = reissue(work, family, client, narrowed, account=account, session=session, nonce=grant.nonce)
    return replace(answer, refresh_token=refresh_tokens.make(work, family.id, 0)) if with_refresh else answer


def start_family(
    work: UnitOfWork,
    grant: Grant,
    expires_at: datetime,
    parent_id: TokenFamilyId | None = None,
    *,
    family_id: TokenFamilyId | None = None,
) -> Family:
    """Start a token family for a grant; with a parent, one that ends with it."""
    family = Family(
        id=family_id or TokenFamilyId(new_id()),
        client_id=grant.client_id,
        account_id=grant.account_id,
        session_id=grant.session_id,
        offline=grant.offline,
        grant=grant,
        created_at=work.now,
        expires_at=expires_at,
        generation=0,
        generation_used_at=None,
        ended_at=None,
    )
    known = {name: getattr(family, name) for name in Family.__slots__}
    more = {"grant": grant.as_json(), "dpop_jkt": grant.dpop_jkt, "parent_id": parent_id, "end_reason": None}
    store.add_family(work.db, known | more)
    store.add_family_contracts(work.db, family.id, sorted({detail["contract"] for detail in grant.authorization_details}))
    return family


def reissue(
    work: UnitOfWork,
    family: Family,
    client: Client,
    narrowed: Narrowed,
    *,
    account: Account | None,
    session: Session | None,
    nonce: str | None = None,
    until: datetime | None = None,
    actor: Mapping[str, Any] | None = None,
) -> TokenAnswer:
    """Issue a further access token (and ID token) of a family; `until`: it lives no longer than that; `actor`: who acts (RFC 8693 §4.1).

    Raises: OAuthError `invalid_target`.
    """
    life = timedelta(seconds=work.settings.access_token_seconds)
    if until is not None:
        life = min(life, until - work.now)
    reference = references.make() if narrowed.resources else None
    jti = references.id_behind(reference) if reference else new_id()
    access_claims = _access_claims(work, family.grant, client, narrowed, account, jti, work.now + life)
    if actor:
        access_claims["act"] = actor
    if not reference:
        store.add_access_token(work.db, jti, family.id, work.now + life)
    elif not _kept_opaque(work, family, narrowed, access_claims, work.now + life):
        reference = None
    id_claims = None
    if account and OPENID in narrowed.scopes:
        id_claims = _id_claims(work, family.grant, client, account, session, nonce)
    return TokenAnswer(
        family_id=family.id,
        algorithm=client.id_token_alg,
        access_claims=access_claims,
        expires_in=int(life.total_seconds()),
        narrowed=narrowed,
        reference=reference,
        id_claims=id_claims,
    )


def _kept_opaque(work: UnitOfWork, family: Family, narrowed: Narrowed, said: dict[str, Any], expires_at: datetime) -> bool:
    """Keep an access token for resources; tell whether they want it opaque. Raises: OAuthError `invalid_target` if only some do."""
    opaque = store.add_access_token_for(work.db, said["jti"], family.id, expires_at, narrowed.resources, said)
    if opaque not in (0, len(narrowed.resources)):
        problem = "the resources take tokens of different formats: ask for one token for each by resource"
        raise OAuthError(ErrorCode.INVALID_TARGET, problem)
    return opaque > 0


def _key_of_refreshing(client: Client, asked: Asked) -> str | None:
    """Name the key that refreshing will take: others' tokens are bound to their client's authentication (RFC 9449 §5)."""
    return asked.dpop_jkt if client.is_public or client.is_fapi else None


def end_of_family(work: UnitOfWork, offline: bool, created_at: datetime, session: Session | None) -> datetime:
    """Tell when a family ends at the latest, if it is not used again.

    Offline: after its idle days, and its absolute ones. Of a session: with it. Of a client's own right: with its token.
    """
    if offline:
        idle = work.now + timedelta(days=work.settings.offline_idle_days)
        return min(idle, created_at + timedelta(days=work.settings.offline_absolute_days))
    if session:
        return session.expires_at
    return work.now + timedelta(seconds=work.settings.access_token_seconds)


def half_hash(value: str, algorithm: Algorithm) -> str:
    """Give the left half of a value's hash, as `at_hash` needs it (Core §3.1.3.6)."""
    digest = hashlib.sha512 if algorithm.key_algorithm is Algorithm.ED25519 else hashlib.sha256
    hashed = digest(value.encode()).digest()
    return urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode()


def _access_claims(
    work: UnitOfWork, grant: Grant, client: Client, narrowed: Narrowed, account: Account | None, jti: str, expires_at: datetime
) -> dict[str, Any]:
    """Say what an access token holds (RFC 9068 §2.2)."""
    said: dict[str, Any] = {
        "iss": work.settings.issuer_address,
        "sub": subject_of(work, client, account) if account else client.id,
        "aud": narrowed.audience[0] if len(narrowed.audience) == 1 else list(narrowed.audience),
        "client_id": client.id,
        "iat": int(work.now.timestamp()),
        "exp": int(expires_at.timestamp()),
        "jti": jti,
        "scope": " ".join(narrowed.scopes),
    }
    if narrowed.dpop_jkt:
        said["cnf"] = {"jkt": narrowed.dpop_jkt}
    if narrowed.details:
        said["authorization_details"] = list(narrowed.details)
    if account:
        said |= _authentication(grant) | claims.role_claims(account, narrowed.scopes)
    return said


def _id_claims(
    work: UnitOfWork, grant: Grant, client: Client, account: Account, session: Session | None, nonce: str | None
) -> dict[str, Any]:
    """Say what an ID token holds (Core §2); the access token's hash is added when that is signed."""
    now = int(work.now.timestamp())
    said = claims.id_token_claims(work, account, grant.claims) | {
        "iss": work.settings.issuer_address,
        "sub": subject_of(work, client, account),
        "aud": client.id,
        "iat": now,
        "exp": now + work.settings.id_token_seconds,
    }
    said |= _authentication(grant)
    if session:
        said["sid"] = session_clients.sid_of(work, session.id, client)
    if nonce is not None:
        said["nonce"] = nonce
    return said


def _authentication(grant: Grant) -> dict[str, Any]:
    """Say how and when the person signed in."""
    said: dict[str, Any] = {}
    if grant.auth_time:
        said["auth_time"] = int(grant.auth_time.timestamp())
    if grant.acr:
        said |= {"acr": grant.acr, "amr": list(grant.amr)}
    return said
