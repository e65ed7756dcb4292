"""SQL of what was fetched from clients' addresses: keys and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, and_, bindparam, delete, func, or_, select

from idp.database import upsert
from idp.oidc.clients.tables import Client, ClientDocument


class DocumentKind(StrEnum):
    """What was fetched from a client's address; a try is noted apart, so that a failing one leaves what is kept."""

    JWKS = "jwks"
    JWKS_TRY = "jwks_try"
    LOGO = "logo"


@dataclass(frozen=True, slots=True)
class Published:
    """Where an enabled client publishes its keys, and what was fetched from there."""

    uri: str
    origin: str
    content: bytes | None
    fetched_at: datetime | None


_published_keys = (
    select(Client.metadata_document, Client.origin, ClientDocument.uri, ClientDocument.content, ClientDocument.fetched_at)
    .outerjoin_from(Client, ClientDocument, and_(ClientDocument.client_id == Client.id, ClientDocument.kind == DocumentKind.JWKS.value))
    .where(Client.id == bindparam("id"), Client.disabled_at.is_(None))
)
_document = select(ClientDocument.__table__).where(
    ClientDocument.client_id == bindparam("client_id"), ClientDocument.kind == bindparam("kind")
)
_logo = (
    select(ClientDocument.media_type, ClientDocument.content)
    .join_from(ClientDocument, Client, Client.id == ClientDocument.client_id)
    .where(ClientDocument.client_id == bindparam("client_id"), ClientDocument.kind == DocumentKind.LOGO.value, Client.disabled_at.is_(None))
)
_has_document = select(ClientDocument.kind).where(
    ClientDocument.client_id == bindparam("client_id"), ClientDocument.kind == bindparam("kind")
)
_remove_document = delete(ClientDocument).where(
    ClientDocument.client_id == bindparam("client_id"), ClientDocument.kind == bindparam("kind")
)
_new_document = upsert(ClientDocument)
_fetched = {name: _new_document.excluded[name] for name in ("uri", "media_type", "content", "fetched_at")}
_keep_document = _new_document.on_conflict_do_update(index_elements=["client_id", "kind"], set_=_fetched)
_claim_fetch = _new_document.on_conflict_do_update(
    index_elements=["client_id", "kind"],
    set_=_fetched,
    where=or_(ClientDocument.fetched_at <= bindparam("before"), ClientDocument.uri != _new_document.excluded.uri),
)
_of_metadata = Client.metadata_document
_logo_uri = _of_metadata["logo_uri"].as_string()
_old_logos = (
    select(Client.id, _logo_uri.label("uri"))
    .outerjoin_from(Client, ClientDocument, and_(ClientDocument.client_id == Client.id, ClientDocument.kind == DocumentKind.LOGO.value))
    .where(
        Client.disabled_at.is_(None),
        _logo_uri.is_not(None),
        or_(ClientDocument.fetched_at.is_(None), ClientDocument.fetched_at <= bindparam("before")),
    )
    .order_by(func.coalesce(ClientDocument.fetched_at, bindparam("before")), Client.id)
    .limit(bindparam("limit"))
)


def published_keys(db: Connection, client_id: str) -> Published | None:
    """Give where an enabled client publishes its keys; None if it does not. What came from an earlier address is left out."""
    row = db.execute(_published_keys, {"id": client_id}).first()
    uri = row.metadata_document.get("jwks_uri") if row else None
    if row is None or uri is None:
        return None
    kept = row.uri == uri
    return Published(uri, row.origin, row.content if kept else None, row.fetched_at if kept else None)


def find(db: Connection, client_id: str, kind: DocumentKind) -> RowMapping | None:
    """Give what was fetched for a client."""
    return db.execute(_document, {"client_id": client_id, "kind": kind.value}).mappings().first()


def logo(db: Connection, client_id: str) -> RowMapping | None:
    """Give the picture of an enabled client."""
    return db.execute(_logo, {"client_id": client_id}).mappings().first()


def has(db: Connection, client_id: str, kind: DocumentKind) -> bool:
    """Tell whether something was fetched for a client, without reading it."""
    return db.execute(_has_document, {"client_id": client_id, "kind": kind.value}).first() is not None


def remove(db: Connection, client_id: str, kind: DocumentKind) -> None:
    """Forget what was fetched for a client."""
    db.execute(_remove_document, {"client_id": client_id, "kind": kind.value})


def keep(db: Connection, client_id: str, kind: DocumentKind, uri: str, media_type: str, content: bytes, now: datetime) -> None:
    """Keep what was fetched in the place of what was kept before."""
    row = {"client_id": client_id, "kind": kind.value, "uri": uri, "media_type": media_type, "content": content, "fetched_at": now}
    db.execute(_keep_document, row)


def claim_fetch(db: Connection, client_id: str, kind: DocumentKind, uri: str, content: bytes, *, now: datetime, before: datetime) -> bool:
    """Note a try to fetch; False if there was one of the same address since `before`."""
    row = {"client_id": client_id, "kind": kind.value, "uri": uri, "media_type": "", "content": content, "fetched_at": now}
    return db.execute(_claim_fetch, row | {"before": before}).rowcount == 1


def old_logos(db: Connection, before: datetime, limit: int) -> Sequence[RowMapping]:
    """Name enabled clients whose picture was fetched before, the oldest first, or never; `id` and the address `uri`."""
    return db.execute(_old_logos, {"before": before, "limit": limit}).mappings().all()
