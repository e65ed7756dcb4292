"""The signed-in person's contracts, asked of the provider's contracts resource with the session's access token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import requests
from flask import g

from portal import sessions
from portal.provider import ProviderUnreachable, provider
from portal.sessions import SessionOver
from portal.settings import Settings

CLOUD_PHONE = "cloud_phone"
PRODUCT_NAMES = {CLOUD_PHONE: "cloud.phone", "internet": "Internet"}


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract that the account may see."""

    id: str
    product: str
    label: str
    active: bool

    @property
    def product_name(self) -> str:
        """Give the product as people know it."""
        return PRODUCT_NAMES.get(self.product, self.product.replace("_", " "))

    @property
    def opens_cloud_phone(self) -> bool:
        """Say whether the cloud phone UI can be opened for it."""
        return self.active and self.product == CLOUD_PHONE


def all_contracts(settings: Settings) -> list[Contract]:
    """Give the contracts as they are now; asked once in a request.

    Raises: SessionOver when the token is no longer honoured, ProviderUnreachable.
    """
    if "contracts" not in g:
        g.contracts = _ask(settings)
    found: list[Contract] = g.contracts
    return found


def _ask(settings: Settings) -> list[Contract]:
    session = sessions.current()
    if session is None:
        return []
    try:
        answer = provider().get(f"{settings.issuer.rstrip('/')}/api/v1/me/contracts", token=session.token)
        if answer.status_code == 401:
            raise SessionOver(**_asked_for(answer.headers.get("WWW-Authenticate", "")))
        answer.raise_for_status()
        rows = answer.json()["contracts"]
        return [Contract(str(row["id"]), row["product"], row.get("label") or "", row["active"]) for row in rows]
    except (requests.RequestException, ValueError, LookupError, TypeError) as error:
        raise ProviderUnreachable("the contracts resource does not answer") from error


def _asked_for(challenge: str) -> dict[str, str]:
    """Read which authentication would do, if the one of the token was too weak or too old (RFC 9470 §3)."""
    if 'error="insufficient_user_authentication"' not in challenge:
        return {}
    return dict(re.findall(r'\b(acr_values|max_age)="([^"]*)"', challenge))


def cloud_phone_contracts(settings: Settings) -> list[Contract]:
    """Give those contracts whose cloud phone UI can be opened."""
    return [contract for contract in all_contracts(settings) if contract.opens_cloud_phone]


def cloud_phone_address(settings: Settings, contract: Contract) -> str:
    """Give the link that opens the cloud phone UI for one contract: its sign-in begins by Core §4."""
    target = f"{settings.cloudphone_url}/contracts/{quote(contract.id, safe='')}"
    return f"{settings.cloudphone_initiate_url}?{urlencode({'iss': settings.issuer, 'target_link_uri': target})}"
