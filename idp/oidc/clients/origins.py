"""Origins whose scripts may call us for a registered client (CORS).

Those that a client names in `allowed_origins`, and for a public web client, which can be nothing but a browser app, those of its
redirect URIs: who gets its codes there may as well redeem them there.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from idp.database import storable
from idp.oidc.clients.metadata import NONE
from idp.oidc.clients.redirect_uris import WEB
from idp.oidc.clients.store import origins as store
from idp.unit_of_work import SYSTEM, UnitOfWork, Units

_DEFAULT_PORTS = {"https": 443, "http": 80}
_LONGEST = 300


def of(metadata: Mapping[str, Any]) -> frozenset[str]:
    """Name a client's origins by its checked metadata, as browsers write them."""
    browser_app = metadata["token_endpoint_auth_method"] == NONE and metadata["application_type"] == WEB
    named: Iterable[str] = (*metadata.get("allowed_origins", ()), *(metadata["redirect_uris"] if browser_app else ()))
    return frozenset(origin for uri in named if len(origin := _origin(uri)) <= _LONGEST)


def complete(units: Units) -> None:
    """Note the origins of browser apps that were registered before origins were noted, and have not been changed since."""
    with units.write(SYSTEM) as work:
        found = store.browser_apps_without(work.db)
        store.add(work.db, [(row["id"], origin) for row in found for origin in sorted(of(row["metadata_document"]))])


def is_registered(work: UnitOfWork, origin: str) -> bool:
    """Tell whether an origin is one of an enabled client."""
    return len(origin) <= _LONGEST and storable(origin) and store.is_registered(work.db, origin)


def _origin(uri: str) -> str:
    """Serialise the origin of an http(s) address (RFC 6454 §6.1): lower case, no default port."""
    parts = urlsplit(uri)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
