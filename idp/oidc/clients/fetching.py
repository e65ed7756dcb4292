"""What clients publish at addresses of their own, fetched by the one outbound client of an installation; never inside a transaction."""

from threading import Lock
from weakref import WeakKeyDictionary

from idp.oidc.clients.metadata import Origin
from idp.outbound import Answer, OutboundClient, OutboundFailed, OutboundRefused
from idp.unit_of_work import Units

_clients: WeakKeyDictionary[Units, OutboundClient] = WeakKeyDictionary()
_making = Lock()


class Unfetchable(Exception):
    """The address may not be called, or gave no document; the reason names no content of the answer."""


def fetch(units: Units, uri: str, origin: Origin) -> bytes:
    """Fetch a document of a client; an operator's client may have it on a host that `outbound_allow` names. Raises: Unfetchable."""
    return get(units, uri, origin).body


def get(units: Units, uri: str, origin: Origin) -> Answer:
    """Do the same, and give the answer's headers too. Raises: Unfetchable."""
    try:
        answer = outbound_of(units).get(uri, exceptions=origin is not Origin.DYNAMIC)
    except (OutboundRefused, OutboundFailed) as error:
        raise Unfetchable(str(error)) from error
    if answer.status != 200:
        raise Unfetchable(f"HTTP {answer.status}")
    return answer


def outbound_of(units: Units) -> OutboundClient:
    """Give the outbound client of an installation in this process; made at its first use, as it reads all trusted certificates."""
    with _making:
        made = _clients.get(units)
        if made is None:
            made = _clients[units] = OutboundClient(units.settings.outbound_allow)
        return made


def use(units: Units, outbound: OutboundClient | None) -> None:
    """Let an installation fetch by another outbound client; none: by its own again."""
    with _making:
        if outbound is None:
            _clients.pop(units, None)
        else:
            _clients[units] = outbound
