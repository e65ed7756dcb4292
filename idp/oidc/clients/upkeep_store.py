"""SQL of what the worker looks after for clients from day to day: pictures that have grown old, origins that were never noted."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, bindparam, exists, func, or_, select

from idp.database import upsert
from idp.oidc.clients.metadata import NONE
from idp.oidc.clients.redirect_uris import WEB
from idp.oidc.clients.store import DocumentKind
from idp.oidc.clients.tables import Client, ClientDocument, ClientOrigin

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
_browser_apps_without_origins = (
    select(Client.id, Client.metadata_document)
    .where(
        _of_metadata["token_endpoint_auth_method"].as_string() == NONE,
        _of_metadata["application_type"].as_string() == WEB,
        ~exists().where(ClientOrigin.client_id == Client.id),
    )
    .order_by(Client.id)
    .with_for_update(of=Client)
)
_add_origin = upsert(ClientOrigin).on_conflict_do_nothing(index_elements=["origin", "client_id"])


def old_logos(db: Connection, before: datetime, limit: int) -> Sequence[RowMapping]:
    """Name enabled clients whose picture was fetched before, the oldest first, or never; `id` and the address `uri`."""
    return db.execute(_old_logos, {"before": before, "limit": limit}).mappings().all()


def browser_apps_without_origins(db: Connection) -> Sequence[RowMapping]:
    """Give `id` and metadata of public web clients of which no origin is noted, and hold their rows until the end of the transaction."""
    return db.execute(_browser_apps_without_origins).mappings().all()


def add_origins(db: Connection, origins: Iterable[tuple[str, str]]) -> None:
    """Note origins, each with its client."""
    rows = [{"client_id": client_id, "origin": origin} for client_id, origin in origins]
    if rows:
        db.execute(_add_origin, rows)
