"""Access tokens that come back, signed or opaque: whose they are, and whether they still count."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.authn import sessions
from idp.authn.sessions import Session
from idp.directory.accounts import Account
from idp.identifiers import AccountId, ClientId, SessionId, TokenFamilyId
from idp.oidc.keys.jose import Algorithm, BadToken
from idp.oidc.keys.ring import Keys
from idp.oidc.tokens import living_store, references, store
from idp.oidc.tokens.issue import AT_JWT
from idp.oidc.tokens.living_store import Shown
from idp.unit_of_work import Actor, ActorKind, UnitOfWork


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A living access token: who holds it, for whom, and what it is good for."""

    client_id: ClientId
    account_id: AccountId | None
    session_id: SessionId | None
    scopes: tuple[str, ...]
    authorization_details: tuple[dict[str, Any], ...]
    audience: tuple[str, ...]
    acr: str | None
    family_id: TokenFamilyId
    claims: Mapping[str, Any]
    claims_request: Mapping[str, Any]
    account: Account | None
    session: Session | None
    userinfo_alg: Algorithm | None = None
    """How the client wants UserInfo signed; None: not at all."""
    is_opaque: bool = False

    @property
    def dpop_jkt(self) -> str | None:
        """The key to which the token is bound (RFC 9449 §6.1)."""
        jkt: str | None = self.claims.get("cnf", {}).get("jkt")
        return jkt

    @property
    def actor(self) -> Actor:
        """Who acts by this token: its person, by way of the client; or the client in its own right."""
        if self.account_id is None:
            return Actor(ActorKind.CLIENT, self.client_id)
        kind = ActorKind.STAFF if self.account and self.account.is_staff else ActorKind.PERSON
        return Actor(kind, self.account_id, session_id=self.session_id)


def find(work: UnitOfWork, keys: Keys, token: str) -> TokenFacts | None:
    """Tell what an access token of either format is good for now.

    None without its row, when it has expired or was revoked, when its family or (unless offline) its session has ended, when its
    account is not active, or when it says more than was granted.
    """
    jti = references.read(token)
    if jti:
        shown = living_store.shown_by_reference(work.db, jti, now=work.now, idle_since=sessions.idle_since(work))
        return _living(shown, shown.claims) if shown and shown.claims else None
    claims = _prove(keys, token, work.settings.issuer_address)
    if claims is None:
        return None
    shown = living_store.shown(work.db, claims["jti"], now=work.now, idle_since=sessions.idle_since(work))
    return _living(shown, claims) if shown else None


def claims_of(work: UnitOfWork, keys: Keys, token: str) -> Mapping[str, Any] | None:
    """Give what an access token of ours says; whether it still counts is not asked here."""
    jti = references.read(token)
    return store.told_by(work.db, jti) if jti else _prove(keys, token, work.settings.issuer_address)


def _prove(keys: Keys, token: str, issuer: str) -> Mapping[str, Any] | None:
    """Give the claims of an access token that we signed (RFC 9068 §4)."""
    try:
        verified = keys.verify_living(token)
    except BadToken:
        return None
    ours = verified.header.get("typ") == AT_JWT and verified.claims.get("iss") == issuer
    return verified.claims if ours else None


def _living(shown: Shown, claims: Mapping[str, Any]) -> TokenFacts | None:
    """Tell what a token that says this is good for now, by what stands behind it."""
    family, account = shown.family, shown.account
    session = shown.session if not family.offline else None
    if family.account_id is not None and (account is None or not account.is_active or not (session or family.offline)):
        return None
    scopes, details = tuple(claims["scope"].split()), tuple(claims.get("authorization_details", ()))
    if not set(family.grant.scopes).issuperset(scopes) or any(detail not in family.grant.authorization_details for detail in details):
        return None  # signed by whoever has stolen a key
    audience = claims["aud"]
    return TokenFacts(
        client_id=family.client_id,
        account_id=family.account_id,
        session_id=family.session_id,
        scopes=scopes,
        authorization_details=details,
        audience=tuple(audience) if isinstance(audience, list) else (audience,),
        acr=claims.get("acr"),
        family_id=family.id,
        claims=claims,
        claims_request=family.grant.claims,
        account=account,
        session=session,
        userinfo_alg=Algorithm(shown.userinfo_alg) if shown.userinfo_alg else None,
        is_opaque=shown.claims is not None,
    )
