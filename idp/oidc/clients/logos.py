"""Pictures of clients: fetched by the worker, kept here and served from here, so that no page of ours loads from elsewhere.

A picture is fetched when its address is registered, and once a day from then on; what cannot be fetched leaves the one before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from idp.database import storable
from idp.oidc.clients.fetching import Unfetchable, fetch
from idp.oidc.clients.metadata import Origin
from idp.oidc.clients.store import clients as client_store
from idp.oidc.clients.store import documents as store
from idp.oidc.clients.store.documents import DocumentKind
from idp.outbox import jobs
from idp.outbox.senders import ClaimedJob, Failed, Outcome, Retry, Sent
from idp.unit_of_work import SYSTEM, UnitOfWork, Units

KIND = "client_logo"
LARGEST = 100 * 1024
REFRESHED = timedelta(days=1)
_WITHIN_A_RUN = timedelta(hours=1)
"""So much younger than a day may a picture be when a daily run fetches it anew."""
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture as it was fetched, and as what it may be shown."""

    media_type: str
    content: bytes


def follow(work: UnitOfWork, client_id: str, before: str | None, after: str | None) -> None:
    """Have the picture at a new `logo_uri` fetched, and forget that of another."""
    if before == after:
        return
    store.remove(work.db, client_id, DocumentKind.LOGO)
    if after is not None:
        jobs.enqueue(work, KIND, {"client_id": client_id, "uri": after})


def refresh(units: Units) -> None:
    """Have the pictures fetched anew that are a day old, or could not be had so far."""
    with units.write(SYSTEM) as work:
        old = store.old_logos(work.db, work.now - REFRESHED + _WITHIN_A_RUN, _AT_ONCE)
        if old:
            jobs.enqueue_all(work, KIND, [({"client_id": row["id"], "uri": row["uri"]}, None) for row in old])


def find(work: UnitOfWork, client_id: str) -> Logo | None:
    """Give the picture of an enabled client, if there is one."""
    row = store.logo(work.db, client_id) if storable(client_id) else None
    return Logo(row["media_type"], row["content"]) if row else None


def is_kept(work: UnitOfWork, client_id: str) -> bool:
    """Tell whether `find` would give one, without reading it."""
    return store.has(work.db, client_id, DocumentKind.LOGO)


def media_type_of(content: bytes) -> str | None:
    """Tell by its first bytes what kind of picture this is; none if it is none that cannot hold a script (SVG can)."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return None


class LogoFetcher:
    """Fetches a picture for its job; twice does no harm."""

    at_most_once = False
    max_attempts = 5

    def __init__(self, units: Units) -> None:
        self._units = units

    def send(self, job: ClaimedJob) -> Outcome:
        """Fetch it, if it is still wanted, and keep it if it is one."""
        client_id, uri = job.payload["client_id"], job.payload["uri"]
        with self._units.read(SYSTEM) as work:
            row = client_store.find(work.db, client_id)
        if row is None or not _wanted(row, uri):
            return Failed("the client is gone, or has another logo_uri")
        try:
            content = fetch(self._units, uri, Origin(row["origin"]))
        except Unfetchable as error:
            return Retry(str(error))
        media_type = media_type_of(content)
        if media_type is None or len(content) > LARGEST:
            return Failed("no PNG, JPEG, GIF or WebP picture, or larger than 100 KB")
        with self._units.write(SYSTEM) as work:
            row = client_store.find_to_change(work.db, client_id)
            if row is not None and _wanted(row, uri):
                store.keep(work.db, client_id, DocumentKind.LOGO, uri, media_type, content, work.now)
        return Sent()


def _wanted(row: Mapping[Any, Any], uri: str) -> bool:
    return bool(row["metadata_document"].get("logo_uri") == uri)
