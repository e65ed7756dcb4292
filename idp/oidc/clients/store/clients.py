"""SQL of registered clients."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, String, and_, bindparam, cast, delete, exists, func, or_, select, update

from idp.database import upsert
from idp.oidc.clients.tables import Client, ClientSecret
from idp.statements import write_later

_clients = Client.__table__
_find = select(_clients).where(Client.id == bindparam("id"))
_find_several = select(_clients).where(Client.id.in_(bindparam("ids", expanding=True)), Client.disabled_at.is_(None))
_find_registered = (
    select(_clients)
    .where(Client.id == bindparam("id"), Client.registration_token_hash == bindparam("token_hash"), Client.disabled_at.is_(None))
    .with_for_update()
)
_find_locked = _find.with_for_update()
_add = upsert(Client).on_conflict_do_nothing(index_elements=["id"])
_change = update(Client).where(Client.id == bindparam("key"))
_note_use = (
    update(Client)
    .where(Client.id == bindparam("key"), or_(Client.last_used_at.is_(None), Client.last_used_at <= bindparam("before")))
    .values(last_used_at=bindparam("now"))
)
_delete = delete(Client).where(Client.id == bindparam("id"))
_find_with_secret = select(
    _clients,
    exists()
    .where(
        ClientSecret.hash == bindparam("hash"),
        ClientSecret.client_id == Client.id,
        or_(ClientSecret.expires_at.is_(None), ClientSecret.expires_at > bindparam("now")),
    )
    .label("secret_is_valid"),
).where(Client.id == bindparam("id"))


def find(db: Connection, client_id: str) -> RowMapping | None:
    """Give a client's row."""
    return db.execute(_find, {"id": client_id}).mappings().first()


def find_with_secret(db: Connection, client_id: str, secret_hash: str, now: datetime) -> RowMapping | None:
    """Give a client's row with `secret_is_valid`: whether a secret is one of its."""
    return db.execute(_find_with_secret, {"id": client_id, "hash": secret_hash, "now": now}).mappings().first()


def find_several(db: Connection, client_ids: Sequence[str]) -> Sequence[RowMapping]:
    """Give the rows of enabled clients."""
    return db.execute(_find_several, {"ids": list(client_ids)}).mappings().all()


def find_to_change(db: Connection, client_id: str) -> RowMapping | None:
    """Give a client's row and hold it until the end of the transaction."""
    return db.execute(_find_locked, {"id": client_id}).mappings().first()


def find_registered(db: Connection, client_id: str, token_hash: str) -> RowMapping | None:
    """Give the row of an enabled client by its registration access token, and hold it until the end of the transaction."""
    return db.execute(_find_registered, {"id": client_id, "token_hash": token_hash}).mappings().first()


def list_all(db: Connection, after: str, limit: int) -> Sequence[RowMapping]:
    """List clients by id, from the one after `after`."""
    return db.execute(select(_clients).where(Client.id > after).order_by(Client.id).limit(limit)).mappings().all()


def search(
    db: Connection, words: str, *, enabled: bool | None, origin: str | None, after: tuple[str, str] | None, limit: int
) -> Sequence[RowMapping]:
    """List clients by name and id, those whose name or id holds the words, from the one after `after`; reads the table: there are few."""
    name = func.lower(Client.name)
    query = select(_clients).order_by(name, Client.id).limit(limit)
    if words:
        query = query.where(
            or_(name.contains(words.lower(), autoescape=True), func.lower(Client.id).contains(words.lower(), autoescape=True))
        )
    if enabled is not None:
        query = query.where(Client.disabled_at.is_(None) if enabled else Client.disabled_at.is_not(None))
    if origin is not None:
        query = query.where(Client.origin == origin)
    if after is not None:
        query = query.where(or_(name > func.lower(after[0]), and_(name == func.lower(after[0]), Client.id > after[1])))
    return db.execute(query).mappings().all()


def mentioning(db: Connection, words: Sequence[str]) -> Sequence[RowMapping]:
    """List the clients whose metadata hold one of the words anywhere, by name; reads the table."""
    document = cast(Client.metadata_document, String)
    found = or_(*(document.contains(word, autoescape=True) for word in words))
    return db.execute(select(_clients).where(found).order_by(func.lower(Client.name), Client.id)).mappings().all()


def add(db: Connection, row: Mapping[str, Any]) -> bool:
    """Add a client; False if its id is taken."""
    return db.execute(_add, row).rowcount == 1


def change(db: Connection, client_id: str, values: Mapping[str, Any]) -> None:
    """Change a client's row."""
    db.execute(_change.values(**values), {"key": client_id})


def note_use(db: Connection, client_id: str, *, now: datetime, before: datetime) -> None:
    """Note when a client was used, unless that was noted since `before`."""
    write_later(db, _note_use, {"key": client_id, "now": now, "before": before})


def remove(db: Connection, client_id: str) -> bool:
    """Delete a client and its secrets; False if there is none."""
    db.execute(delete(ClientSecret).where(ClientSecret.client_id == client_id))
    return db.execute(_delete, {"id": client_id}).rowcount == 1
