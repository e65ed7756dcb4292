"""What a session may open: the check of the granted contract, as any resource behind this UI would make it."""

from __future__ import annotations

from typing import Any

import requests
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from cloudphone import sessions
from cloudphone.provider import CLOUD_PHONE, LEEWAY, Provider, ProviderUnreachable, SignInRefused, provider
from cloudphone.settings import Settings
from cloudphone.store import Grant, Session

REFRESH_BEFORE = 60  # seconds before the access token's end


def accept(session: Session, token: dict[str, Any], contract: str) -> Grant:
    """Keep the grant that a token answer gives, after checking that it is for exactly this contract.

    Raises: SignInRefused, ProviderUnreachable.
    """
    here = sessions.parts()
    check(provider(), here.settings, token, session.sub, contract, here.clock())
    token["expires_at"] = here.clock() + int(token.get("expires_in", 0))
    grant = Grant(contract, _label(here.settings, token, contract), token)
    here.store.put_grant(session.id_hash, grant)
    return grant


def current(session: Session, contract: str) -> Grant | None:
    """Give the session's grant for a contract, refreshed shortly before its token's end; None when there is none any more.

    The provider checks the contract anew at each refresh, so a withdrawn one is noticed within an access token's life.
    """
    here = sessions.parts()
    grant = here.store.find_grant(session.id_hash, contract)
    if grant is None or grant.token["expires_at"] - here.clock() > REFRESH_BEFORE:
        return grant
    try:
        return accept(session, provider().refresh(grant.token), contract)
    except SignInRefused:
        here.store.delete_grant(session.id_hash, contract)
        return None
    except ProviderUnreachable:
        if grant.token["expires_at"] > here.clock():
            return grant
        raise


def check(idp: Provider, settings: Settings, token: dict[str, Any], sub: str, contract: str, now: float) -> None:
    """Verify the token answer and its access token (RFC 9068 §4, RFC 9396 §7 and §9.1).

    Raises: SignInRefused, ProviderUnreachable (the keys cannot be fetched).
    """
    if not _is_exactly(token.get("authorization_details"), contract):
        raise SignInRefused("contract_not_granted", contract)
    try:
        access = idp.decode(token["access_token"])
        JWTClaimsRegistry(
            now=int(now),
            leeway=LEEWAY,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            sub={"essential": True, "value": sub},
            client_id={"essential": True, "value": settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
        ).validate(access.claims)
    except requests.RequestException as error:
        raise ProviderUnreachable("the keys cannot be fetched") from error
    except (JoseError, ValueError) as error:
        raise SignInRefused("wrong_access_token", contract) from error
    if str(access.header.get("typ", "")).lower().removeprefix("application/") != "at+jwt":
        raise SignInRefused("wrong_access_token", contract)
    if not _is_exactly(access.claims.get("authorization_details"), contract):
        raise SignInRefused("contract_not_granted", contract)


def _is_exactly(details: object, contract: str) -> bool:
    """Say whether these authorization details are for this one contract and nothing else."""
    if not isinstance(details, list) or len(details) != 1 or not isinstance(details[0], dict):
        return False
    return bool(details[0].get("type") == CLOUD_PHONE and details[0].get("contract") == contract)


def _label(settings: Settings, token: dict[str, Any], contract: str) -> str:
    """Ask what the customer calls the contract; an adornment, so no answer is an empty one."""
    try:
        answer = provider().get(f"{settings.issuer.rstrip('/')}/api/v1/me/contracts", token=token)
        answer.raise_for_status()
        return next((str(row.get("label") or "") for row in answer.json()["contracts"] if row["id"] == contract), "")
    except (requests.RequestException, ValueError, LookupError, TypeError, AttributeError):
        return ""
