"""The public keys of clients: registered by value (`jwks`), or published at an address of theirs (`jwks_uri`; Core §10.1.1).

Two steps: `prepare` before a unit of work opens, given what the client claims to be and the token that it has to have signed; it
fetches when what is kept is older than an hour or lacks the token's key. Then, inside the unit, `keys_of` gives the keys.

One fetch a minute for each client, whatever came of the last: nobody makes us wait for a dead address at each request. Keys
outlive a dead address by a day, then the client has none.
"""

import hashlib
import json
import time
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock
from typing import Any

import structlog

from idp.database import storable
from idp.oidc.clients.clients import Client
from idp.oidc.clients.fetching import Unfetchable, fetch
from idp.oidc.clients.metadata import MOST_KEYS, Origin
from idp.oidc.clients.store import clients as client_store
from idp.oidc.clients.store import documents as store
from idp.oidc.clients.store.documents import DocumentKind, Published
from idp.oidc.keys.jose import BadKey, BadToken, VerifyingKey, load_public_keys, unproven_header, verify
from idp.turns import let_others_pass
from idp.unit_of_work import SYSTEM, UnitOfWork, Units

FRESH = timedelta(hours=1)
USABLE = timedelta(days=1)
BETWEEN_FETCHES = timedelta(minutes=1)
_LONGEST_WAIT = 2.0
_PAUSE = 0.05
_MOST_PARSED = 500
_WORTH_KEEPING = 10
_RUNNING, _OVER = b"running", b"over"

log = structlog.get_logger(__name__)
_at_once = BoundedSemaphore(3)  # of the few threads of a process; the others go on
_parsed: OrderedDict[bytes, tuple[VerifyingKey, ...]] = OrderedDict()
_parsing = Lock()


def prepare(units: Units, client_id: str, token: str) -> None:
    """Fetch a client's keys anew where a token of it could not be proven otherwise; never fails, never inside a unit of work.

    Does nothing for clients that are unknown or have registered their keys by value.
    """
    if not storable(client_id):
        return
    with units.read(SYSTEM) as work:
        published = store.published_keys(work.db, client_id)
        now = work.now
    if published is None or (_age(published, now) < FRESH and _fits(published, token)):
        return
    if not _at_once.acquire(blocking=False):
        return  # so many wait for others' servers already that what is kept has to do
    try:
        if _claimed(units, client_id, published.uri):
            _fetch(units, client_id, published)
        else:
            _wait_for_other(units, client_id)
    finally:
        _at_once.release()


def keys_of(work: UnitOfWork, client: Client) -> tuple[VerifyingKey, ...]:
    """Give a client's public keys; none if it registered none, or its address has given none for a day."""
    if "jwks" in client.metadata:
        return parse(json.dumps(client.metadata["jwks"]).encode())
    if "jwks_uri" not in client.metadata:
        return ()
    published = store.published_keys(work.db, client.id)
    return _kept(published) if published and _age(published, work.now) < USABLE else ()


def parse(content: bytes) -> tuple[VerifyingKey, ...]:
    """Parse a JWK set, each content once in a process. Raises: BadKey."""
    digest = hashlib.sha256(content).digest()
    with _parsing:
        if digest in _parsed:
            _parsed.move_to_end(digest)
            return _parsed[digest]
    keys = load_public_keys(_document(content))
    if len(keys) > _WORTH_KEEPING:  # nobody who means well has so many; they shall not fill our memory
        return keys
    with _parsing:
        _parsed[digest] = keys
        while len(_parsed) > _MOST_PARSED:
            _parsed.popitem(last=False)
    return keys


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadKey("jwks: not JSON") from error
    if not isinstance(document, dict):
        raise BadKey("jwks: not an object")
    if isinstance(document.get("keys"), list) and len(document["keys"]) > MOST_KEYS:
        raise BadKey(f"jwks: more than {MOST_KEYS} keys")
    return document


def _age(published: Published, now: datetime) -> timedelta:
    return now - published.fetched_at if published.fetched_at else timedelta.max


def _kept(published: Published) -> tuple[VerifyingKey, ...]:
    return () if published.content is None else parse(published.content)


def _fits(published: Published, token: str) -> bool:
    """Tell whether the kept keys hold the one that a token names; without a name, one that proves it."""
    keys = _kept(published)
    kid = unproven_header(token).get("kid")
    if isinstance(kid, str):
        return any(key.kid == kid for key in keys)
    try:
        verify(token, keys)
    except BadToken:
        return False
    return True


def _claimed(units: Units, client_id: str, uri: str) -> bool:
    """Take this minute's one fetch; False if somebody has."""
    with units.write(SYSTEM) as work:
        if client_store.find_to_change(work.db, client_id) is None:
            return False
        return store.claim_fetch(work.db, client_id, DocumentKind.JWKS_TRY, uri, _RUNNING, now=work.now, before=work.now - BETWEEN_FETCHES)


def _fetch(units: Units, client_id: str, published: Published) -> None:
    content: bytes | None = None
    try:
        content = fetch(units, published.uri, Origin(published.origin))
        if not parse(content):
            raise BadKey("jwks: holds no key for signatures")
    except (Unfetchable, BadKey) as error:
        log.info("client_keys_not_fetched", client_id=client_id, reason=str(error))
        content = None
    with units.write(SYSTEM) as work:
        if client_store.find_to_change(work.db, client_id) is None:
            return  # deleted meanwhile
        store.keep(work.db, client_id, DocumentKind.JWKS_TRY, published.uri, "", _OVER, work.now)
        if content is not None:
            store.keep(work.db, client_id, DocumentKind.JWKS, published.uri, "application/jwk-set+json", content, work.now)


def _wait_for_other(units: Units, client_id: str) -> None:
    """Wait a little for a fetch that another request or process is at."""
    until = time.monotonic() + _LONGEST_WAIT
    while time.monotonic() < until:
        with units.read(SYSTEM) as work:
            tried = store.find(work.db, client_id, DocumentKind.JWKS_TRY)
            running = tried is not None and tried["content"] == _RUNNING and work.now - tried["fetched_at"] < BETWEEN_FETCHES / 4
        if not running:
            return
        let_others_pass()
        time.sleep(_PAUSE)
