"""Sectors of pairwise subjects (Core §8.1): whose people's identifiers a client may see."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from idp.oidc.clients.clients import Client
from idp.oidc.clients.fetching import Unfetchable, fetch
from idp.oidc.clients.metadata import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, PAIRWISE, REFRESH_TOKEN, Origin, refused
from idp.oidc.clients.redirect_uris import is_loopback
from idp.unit_of_work import Units

_BY_REDIRECT = frozenset({AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS})
"""Grants whose tokens for persons reach nobody but who owns the redirect URIs."""


def prove(units: Units, metadata: Mapping[str, Any], origin: Origin) -> None:
    """Fetch a client's `sector_identifier_uri`; each of its redirect URIs has to stand there (Registration §5).

    Never inside a unit of work. Raises: OAuthError `invalid_client_metadata`.
    """
    uri = metadata.get("sector_identifier_uri")
    if uri is None:
        return
    try:
        listed = json.loads(fetch(units, uri, origin))
    except Unfetchable as error:
        raise refused(f"sector_identifier_uri: cannot be fetched ({error})") from error
    except (ValueError, RecursionError) as error:
        raise refused("sector_identifier_uri: holds no JSON") from error
    if not isinstance(listed, list):
        raise refused("sector_identifier_uri: holds no array")
    missing = [redirect_uri for redirect_uri in metadata.get("redirect_uris", ()) if redirect_uri not in listed]
    if missing:
        raise refused(f"sector_identifier_uri: {missing[0]} of redirect_uris does not stand there")


def of(client: Client) -> str:
    """Name a client's sector: the host of its `sector_identifier_uri`, else of its redirect URIs, else the client alone.

    A loopback address or an app's own scheme is nobody's host, whatever stands in it. Who registered itself and gets tokens past its
    redirect URIs (by a device, by exchange) could name another's host, so it is alone, too.
    """
    unproven = client.origin is Origin.DYNAMIC and not _BY_REDIRECT.issuperset(client.grant_types)
    if client.sector_identifier_uri and not unproven:
        return _host(client.sector_identifier_uri)
    hosts = {_host(uri) for uri in client.redirect_uris}
    owned = all(uri.lower().startswith("https:") and not is_loopback(uri) for uri in client.redirect_uris)
    return hosts.pop() if len(hosts) == 1 and owned and not unproven else f"client:{client.id}"


def is_entered(client: Client, before: Client) -> bool:
    """Tell whether a changed client would learn names of a sector in which nothing was issued to it, by refreshing what was elsewhere."""
    return client.subject_type == PAIRWISE and (before.subject_type != PAIRWISE or of(client) != of(before))


def _host(uri: str) -> str:
    return urlsplit(uri).hostname or ""
