"""SQL of the origins whose scripts may call us."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, RowMapping, bindparam, delete, exists, insert, select

from idp.database import upsert
from idp.oidc.clients.metadata import NONE
from idp.oidc.clients.redirect_uris import WEB
from idp.oidc.clients.tables import Client, ClientOrigin

_add_origin = insert(ClientOrigin)
_remove_origins = delete(ClientOrigin).where(ClientOrigin.client_id == bindparam("client_id"))
_origin_of = (
    select(ClientOrigin.client_id)
    .join_from(ClientOrigin, Client, Client.id == ClientOrigin.client_id)
    .where(ClientOrigin.origin == bindparam("origin"), Client.disabled_at.is_(None))
    .limit(1)
)
_of_metadata = Client.metadata_document
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
_add_missing_origin = upsert(ClientOrigin).on_conflict_do_nothing(index_elements=["origin", "client_id"])


def replace(db: Connection, client_id: str, origins: Iterable[str]) -> None:
    """Keep these origins of a client, and no others."""
    db.execute(_remove_origins, {"client_id": client_id})
    rows = [{"client_id": client_id, "origin": origin} for origin in sorted(origins)]
    if rows:
        db.execute(_add_origin, rows)


def is_registered(db: Connection, origin: str) -> bool:
    """Tell whether an origin is one of an enabled client."""
    return db.execute(_origin_of, {"origin": origin}).first() is not None


def browser_apps_without(db: Connection) -> Sequence[RowMapping]:
    """Give `id` and metadata of public web clients of which no origin is noted, and hold their rows until the end of the transaction."""
    return db.execute(_browser_apps_without_origins).mappings().all()


def add(db: Connection, origins: Iterable[tuple[str, str]]) -> None:
    """Note origins, each with its client."""
    rows = [{"client_id": client_id, "origin": origin} for client_id, origin in origins]
    if rows:
        db.execute(_add_missing_origin, rows)
