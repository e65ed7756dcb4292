"""What clients learn about a person: claims by scope and by the `claims` parameter (OpenID Connect Core §5.4, §5.5)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from idp.directory import contracts
from idp.directory.accounts import Account
from idp.oidc.clients.clients import Client
from idp.oidc.clients.scopes import CONTRACTS, EMAIL, PHONE, PROFILE, ROLES
from idp.unit_of_work import UnitOfWork

_ALWAYS = frozenset({"sub", "acr", "amr", "auth_time", "iss", "aud"})
"""Said in any case, or by other rules; asking for them changes nothing here."""


def _phone_number(account: Account) -> str | None:
    return account.mobile if account.mobile and account.mobile_verified else account.phone


_SIMPLE: Mapping[str, Mapping[str, Callable[[Account], Any]]] = {
    PROFILE: {
        "name": lambda account: account.name,
        "given_name": lambda account: account.given_name,
        "family_name": lambda account: account.family_name,
        "preferred_username": lambda account: account.username,
        "locale": lambda account: account.locale,
    },
    EMAIL: {
        "email": lambda account: account.email,
        "email_verified": lambda account: account.email_verified,
    },
    PHONE: {
        "phone_number": _phone_number,
        "phone_number_verified": lambda account: bool(account.mobile and account.mobile_verified),
    },
    ROLES: {
        "roles": lambda account: [account.role.value],
        "customer_number": lambda account: account.customer_number,
    },
}
_SCOPE_OF = {name: scope for scope, claims in _SIMPLE.items() for name in claims} | {CONTRACTS: CONTRACTS}

NAMES = ("sub", *_SCOPE_OF)
"""Every claim about a person, for discovery."""


def permitted(client: Client, request: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Give of a `claims` request what the client may learn: claims of scopes that are registered for it."""
    return {
        place: {name: wish for name, wish in (request.get(place) or {}).items() if _SCOPE_OF.get(name) in client.scopes}
        for place in ("id_token", "userinfo")
    }


def scopes_behind(client: Client, request: Mapping[str, Any]) -> frozenset[str]:
    """Name the scopes whose claims a `claims` request asks for one by one, as far as the client may learn them."""
    return frozenset(_SCOPE_OF[name] for wishes in permitted(client, request).values() for name in wishes)


def userinfo_claims(
    work: UnitOfWork, account: Account, subject: str, scopes: Iterable[str], claims_request: Mapping[str, Any]
) -> dict[str, Any]:
    """Give what UserInfo tells of an account (Core §5.3.2): by the granted scopes and the request's `userinfo` member.

    `subject` is what the access token calls the account.
    """
    granted = set(scopes)
    names = {name for name, scope in _SCOPE_OF.items() if scope in granted}
    return {"sub": subject} | _values(work, account, names | set(claims_request.get("userinfo") or {}))


def id_token_claims(work: UnitOfWork, account: Account, claims_request: Mapping[str, Any]) -> dict[str, Any]:
    """Give what an ID token tells beside its own members: only what the request's `id_token` member asks for."""
    wanted = set(claims_request.get("id_token") or {})
    return _values(work, account, wanted - _ALWAYS) if wanted else {}


def role_claims(account: Account, scopes: Iterable[str]) -> dict[str, Any]:
    """Give the roles that an access token carries (RFC 9068 §2.2.3.1), if the scope was granted."""
    return {name: value for name, tell in _SIMPLE[ROLES].items() if (value := tell(account)) is not None} if ROLES in scopes else {}


def contract_list(work: UnitOfWork, account: Account) -> list[dict[str, Any]]:
    """List the contracts that an account may use now."""
    return [
        {"id": contract.id, "product": contract.product, "label": contract.label, "active": contract.active}
        for contract in contracts.usable(work, account.id)
    ]


def _values(work: UnitOfWork, account: Account, names: set[str]) -> dict[str, Any]:
    """Tell the claims of these names that have a value."""
    told = {name: tell(account) for claims in _SIMPLE.values() for name, tell in claims.items() if name in names}
    if not told.get("phone_number"):
        told.pop("phone_number_verified", None)
    if CONTRACTS in names:
        told[CONTRACTS] = contract_list(work, account)
    return {name: value for name, value in told.items() if value is not None}
