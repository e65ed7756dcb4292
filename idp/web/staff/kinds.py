"""Kinds of apps as operators choose them, and the metadata that each stands for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import (
    AUTHORIZATION_CODE,
    CLIENT_CREDENTIALS,
    DEVICE_CODE,
    NONE,
    OF_PERSONS,
    PRIVATE_KEY_JWT,
    REFRESH_TOKEN,
)
from idp.oidc.clients.redirect_uris import NATIVE, WEB, is_plain_address
from idp.oidc.clients.scopes import PERSON_SCOPES
from idp.texts import Text, text


class Kind(StrEnum):
    """The kinds."""

    WEB = "web"
    PUBLIC = "public"
    DEVICE = "device"
    MACHINE = "machine"

    @property
    def label(self) -> Text:
        """The kind's name for people."""
        return _LABELS[self]


_LABELS = {
    Kind.WEB: text("Web app"),
    Kind.PUBLIC: text("Browser or native app"),
    Kind.DEVICE: text("Device without a browser, such as a desk phone"),
    Kind.MACHINE: text("Machine"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator has entered for a new app."""

    kind: Kind
    name: str
    redirect_uris: Sequence[str]
    post_logout_redirect_uris: Sequence[str]
    scopes: Sequence[str]
    keys: dict[str, Any]
    """`jwks` or `jwks_uri`, if it is to prove itself by a key."""


def kind_of(client: Client) -> Kind:
    """Tell which kind a client is."""
    if not OF_PERSONS.intersection(client.grant_types):
        return Kind.MACHINE
    if client.is_public and DEVICE_CODE in client.grant_types and AUTHORIZATION_CODE not in client.grant_types:
        return Kind.DEVICE
    return Kind.PUBLIC if client.is_public else Kind.WEB


def application_type(kind: Kind, redirect_uris: Sequence[str]) -> str:
    """Tell a native app by its addresses: a scheme of its own, or the machine on which it runs."""
    return NATIVE if kind is Kind.PUBLIC and any(not uri.startswith("https:") for uri in redirect_uris) else WEB


def metadata_of(wish: Wish) -> dict[str, Any]:
    """Give the metadata of a new app; the one validator judges it."""
    by_key = {"token_endpoint_auth_method": PRIVATE_KEY_JWT, **wish.keys} if wish.keys else {}
    if wish.kind is Kind.MACHINE:
        scopes = [scope for scope in wish.scopes if scope not in PERSON_SCOPES]
        return {"client_name": wish.name, "grant_types": [CLIENT_CREDENTIALS], "scope": " ".join(scopes)} | by_key
    if wish.kind is Kind.DEVICE:
        grants = [DEVICE_CODE, REFRESH_TOKEN]
        return {"client_name": wish.name, "grant_types": grants, "scope": " ".join(wish.scopes), "token_endpoint_auth_method": NONE}
    metadata: dict[str, Any] = {
        "client_name": wish.name,
        "grant_types": [AUTHORIZATION_CODE, REFRESH_TOKEN],
        "redirect_uris": list(wish.redirect_uris),
        "post_logout_redirect_uris": list(wish.post_logout_redirect_uris),
        "scope": " ".join(wish.scopes),
    }
    if wish.kind is Kind.PUBLIC:
        metadata |= {
            "token_endpoint_auth_method": NONE,
            "application_type": application_type(wish.kind, wish.redirect_uris),
            "allowed_origins": _origins(wish.redirect_uris),
        }
        return metadata
    return metadata | by_key


def is_for_people(grant_types: Iterable[str]) -> bool:
    """Tell whether people sign in to the app."""
    return not {AUTHORIZATION_CODE, DEVICE_CODE}.isdisjoint(grant_types)


def _origins(redirect_uris: Sequence[str]) -> list[str]:
    """Give the origins of pages whose scripts may call us; one that the validator will not have is left to it."""
    https = [urlsplit(uri) for uri in redirect_uris if uri.startswith("https://") and is_plain_address(uri)]
    return list(dict.fromkeys(f"{parts.scheme}://{parts.netloc.lower()}" for parts in https))
