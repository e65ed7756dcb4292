"""What a token is, told to those whom it concerns (RFC 7662)."""

from typing import Any

from idp.directory.accounts import Account
from idp.oidc.clients.clients import Client
from idp.oidc.clients.store import resources as resource_store
from idp.oidc.keys.ring import Keys
from idp.oidc.protocol import OAuthError
from idp.oidc.tokens import access_tokens, families, refresh_tokens, store
from idp.oidc.tokens.access_tokens import TokenFacts
from idp.oidc.tokens.subjects import subject_of
from idp.unit_of_work import UnitOfWork

INACTIVE: dict[str, Any] = {"active": False}
_TOLD = (
    "iss",
    "sub",
    "aud",
    "client_id",
    "iat",
    "exp",
    "jti",
    "auth_time",
    "acr",
    "amr",
    "roles",
    "customer_number",
    "cnf",
    "act",
)


def introspect(work: UnitOfWork, keys: Keys, client: Client, token: str) -> dict[str, Any]:
    """Tell a client about a token that was issued to it or is for a resource of its; about any other only that it is not active.

    An opaque token is to say nothing to the client to which it was issued: only whom it is for learns of it.
    """
    facts = access_tokens.find(work, keys, token)
    if facts is None:
        return _refresh_token(work, client, token)
    scopes = _scopes_told(work, client, facts)
    if scopes is None:
        return INACTIVE
    told = {name: facts.claims[name] for name in _TOLD if name in facts.claims}
    details = _details_told(client, facts)
    if details:
        told["authorization_details"] = details
    token_type = "DPoP" if "cnf" in told else "Bearer"  # RFC 9449 §6.2
    return {"active": True, "token_type": token_type, "scope": " ".join(scopes)} | told


def _details_told(client: Client, facts: TokenFacts) -> list[dict[str, Any]]:
    """Tell which authorization details concern the asking client (RFC 9396 §9.2): the holder all, others those of their own types."""
    own = _is_holder(client, facts)
    return [detail for detail in facts.authorization_details if own or detail["type"] in client.authorization_details_types]


def _is_holder(client: Client, facts: TokenFacts) -> bool:
    """Tell whether a token was issued to the asking client, and may tell it something."""
    return client.id == facts.client_id and not facts.is_opaque


def _scopes_told(work: UnitOfWork, client: Client, facts: TokenFacts) -> tuple[str, ...] | None:
    """Tell which scopes concern the asking client; None if it is not an audience.

    A resource that names its scopes learns of those only; one that names none, and the token's holder, of all.
    """
    if _is_holder(client, facts) or client.id in facts.audience:
        return facts.scopes
    concerned = [row for row in resource_store.find_several(work.db, facts.audience) if row["introspection_client_id"] == client.id]
    if not concerned:
        return None
    if any(not row["scopes"] for row in concerned):
        return facts.scopes
    own = {scope for row in concerned for scope in row["scopes"]}
    return tuple(scope for scope in facts.scopes if scope in own)


def _refresh_token(work: UnitOfWork, client: Client, token: str) -> dict[str, Any]:
    """Tell a client about its own refresh token, as long as it may be redeemed."""
    presented = refresh_tokens.read(work, token)
    family = store.find_family(work.db, presented.family_id) if presented else None
    if presented is None or family is None or family.ended_at or family.client_id != client.id:
        return INACTIVE
    if presented.generation != family.generation:
        return INACTIVE
    try:
        session = families.living_session(work, family)
    except OAuthError:
        return INACTIVE
    account = families.entitled(work, family.grant)
    if not isinstance(account, Account):
        return INACTIVE
    return {
        "active": True,
        "iss": work.settings.issuer_address,
        "client_id": client.id,
        "sub": subject_of(work, client, account),
        "scope": " ".join(family.grant.scopes),
        "exp": int((session.expires_at if session else family.expires_at).timestamp()),
    }
