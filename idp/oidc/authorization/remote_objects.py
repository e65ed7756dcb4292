"""Request objects that clients keep at addresses of theirs (RFC 9101 §5.2, Core §6.2): fetched, and kept for a while where that is right.

An object whose address ends in the hash of its content is fetched once. Any other is kept as long as its server says by
`Cache-Control`, for ten minutes at most; if it says nothing, each request fetches anew. A process waits for few servers at once, and
for each client's for fewer; how often it asks for a client that registered itself is limited, so that nobody lets us knock at others'.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from weakref import WeakKeyDictionary

from idp.directory import limits
from idp.directory.limits import Limit
from idp.errors import TooMany
from idp.oidc.clients import clients, fetching
from idp.oidc.clients.clients import Client
from idp.oidc.clients.fetching import Unfetchable
from idp.oidc.clients.metadata import Origin
from idp.oidc.protocol import ErrorCode, OAuthError
from idp.unit_of_work import SYSTEM, Units

BY_CLIENT = Limit("request_uri_client", 300, timedelta(minutes=5))
LONGEST_KEPT = timedelta(minutes=10)
_LARGEST = 64 * 1024
_MOST_KEPT, _MOST_BYTES = 200, 2 * 1024 * 1024
_AT_ONCE, _AT_ONCE_OF_A_CLIENT = 4, 2
_FOR_NOBODY = re.compile(r"no-store|no-cache|private")
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})")


@dataclass(frozen=True, slots=True)
class _Kept:
    content: bytes
    hashed: str
    until: datetime


class _Objects:
    """What one installation keeps in this process, the longest unused first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._lock = Lock()
        self._bytes = 0

    def find(self, client_id: str, address: str, hashed: str, now: datetime) -> bytes | None:
        """Give what is kept, if it has this hash, or if none is known and its time is not over."""
        with self._lock:
            kept = self._kept.get((client_id, address))
            if kept is None or (kept.hashed != hashed and (hashed or kept.until <= now)):
                return None
            self._kept.move_to_end((client_id, address))
            return kept.content

    def keep(self, client_id: str, address: str, made: _Kept) -> None:
        """Keep it in the place of what was kept before."""
        with self._lock:
            before = self._kept.pop((client_id, address), None)
            self._kept[client_id, address] = made
            self._bytes += len(made.content) - (len(before.content) if before else 0)
            while len(self._kept) > _MOST_KEPT or self._bytes > _MOST_BYTES:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest.content)


_objects: WeakKeyDictionary[Units, _Objects] = WeakKeyDictionary()
_waiting: Counter[str] = Counter()
_changing = Lock()


def fetch(units: Units, client_id: str, reference: str) -> str:
    """Give an object from an address that its client registered. Raises: OAuthError `invalid_request_uri` (RFC 9101 §5.2).

    A registered fragment is the client's to choose, who registers it before the content is known; one that was not registered has to
    be the content's hash.
    """
    with units.read(SYSTEM) as work:
        client, now = clients.find(work, client_id), work.now
    address, _, fragment = reference.partition("#")
    if client is None or address not in {uri.partition("#")[0] for uri in client.request_uris}:
        raise OAuthError(ErrorCode.INVALID_REQUEST_URI, "the request_uri is not registered for the client")
    with _changing:
        objects = _objects.setdefault(units, _Objects())
    told = fragment if reference not in client.request_uris else ""
    content = objects.find(client.id, address, told, now) or objects.find(client.id, address, fragment, now)
    if content is None:
        made = _fetched(units, client, address, now)
        objects.keep(client.id, address, made)
        content = made.content
    if told and told != _hash(content):
        raise OAuthError(ErrorCode.INVALID_REQUEST_URI, "what the request_uri leads to has another hash than its fragment")
    return content.decode("ascii").strip()


def _fetched(units: Units, client: Client, address: str, now: datetime) -> _Kept:
    """Fetch a document of ASCII signs that is no longer than what could be sent by value. Raises: OAuthError."""
    with _a_place(client.id):
        _count(units, client)
        try:
            answer = fetching.get(units, address, client.origin)
        except Unfetchable as error:
            said = "the request_uri cannot be fetched"
            raise OAuthError(ErrorCode.INVALID_REQUEST_URI, said, detail=f"request_uri: {error}") from error
    if len(answer.body) > _LARGEST or not answer.body.isascii():
        raise OAuthError(ErrorCode.INVALID_REQUEST_URI, "the request_uri leads to no request object")
    return _Kept(answer.body, _hash(answer.body), now + _fresh_for(answer.headers.get("cache-control", "")))


@contextmanager
def _a_place(client_id: str) -> Iterator[None]:
    """Take one of the few places of those who wait for clients' servers. Raises: OAuthError `temporarily_unavailable`."""
    with _changing:
        if _waiting.total() >= _AT_ONCE or _waiting[client_id] >= _AT_ONCE_OF_A_CLIENT:
            raise _busy("too many requests wait for documents of clients")
        _waiting[client_id] += 1
    try:
        yield
    finally:
        with _changing:
            _waiting[client_id] -= 1
            if not _waiting[client_id]:
                del _waiting[client_id]


def _count(units: Units, client: Client) -> None:
    """Count a fetch for a client that registered itself. Raises: OAuthError `temporarily_unavailable`."""
    if client.origin is not Origin.DYNAMIC:
        return
    try:
        with units.write(SYSTEM) as work:
            limits.check(work, BY_CLIENT, client.id)
            limits.count(work, BY_CLIENT, client.id)
    except TooMany as error:
        raise _busy("the client's request objects were fetched too often") from error


def _fresh_for(cache_control: str) -> timedelta:
    """Read for how long a shared cache may keep an answer (RFC 9111 §5.2.2)."""
    said = cache_control.lower()
    found = _MAX_AGE.search(said)
    if found is None or _FOR_NOBODY.search(said):
        return timedelta(0)
    return min(timedelta(seconds=int(found[1])), LONGEST_KEPT)


def _hash(content: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _busy(description: str) -> OAuthError:
    return OAuthError(ErrorCode.TEMPORARILY_UNAVAILABLE, description, status=503)
