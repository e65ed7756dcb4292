"""SQL of clients, their secrets, resources and used assertion ids."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, String, and_, bindparam, cast, delete, exists, func, insert, or_, select, tuple_, update

from idp.database import upsert
from idp.oidc.clients.tables import Client, ClientDocument, ClientOrigin, ClientSecret, InitialAccessToken, Resource, UsedJti


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


_clients = Client.__table__
_resources = Resource.__table__
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
_secret_valid = select(ClientSecret.hash).where(
    ClientSecret.hash == bindparam("hash"),
    ClientSecret.client_id == bindparam("client_id"),
    or_(ClientSecret.expires_at.is_(None), ClientSecret.expires_at > bindparam("now")),
)
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
_add_secret = insert(ClientSecret)
_secrets = (
    select(ClientSecret.hash, ClientSecret.created_at)
    .where(ClientSecret.client_id == bindparam("client_id"))
    .order_by(ClientSecret.created_at.desc(), ClientSecret.hash)
)
_new_jti = upsert(UsedJti)
_spend_jti = _new_jti.on_conflict_do_update(
    index_elements=["purpose", "jti_hash"],
    set_={"expires_at": _new_jti.excluded.expires_at},
    where=UsedJti.expires_at <= bindparam("now"),
)
_resource_by_identifier = select(_resources).where(Resource.identifier == bindparam("identifier"))
_resource_locked = _resource_by_identifier.with_for_update()
_resource_by_id = select(_resources).where(Resource.id == bindparam("id"))
_change_resource = update(Resource).where(Resource.identifier == bindparam("key"))
_end_introspection = update(Resource).where(Resource.introspection_client_id == bindparam("client_id")).values(introspection_client_id=None)
_all_resources = select(_resources).order_by(Resource.identifier)
_all_resources_held = _all_resources.with_for_update(read=True)
_resources_by_identifier = select(_resources).where(Resource.identifier.in_(bindparam("identifiers", expanding=True)))
_introspected_by = select(Resource.identifier).where(Resource.introspection_client_id == bindparam("client_id"))
_resource_scopes = select(Resource.scopes)
_add_origin = insert(ClientOrigin)
_remove_origins = delete(ClientOrigin).where(ClientOrigin.client_id == bindparam("client_id"))
_origin_of = (
    select(ClientOrigin.client_id)
    .join_from(ClientOrigin, Client, Client.id == ClientOrigin.client_id)
    .where(ClientOrigin.origin == bindparam("origin"), Client.disabled_at.is_(None))
    .limit(1)
)
_initial_tokens = InitialAccessToken.__table__
_add_initial_token = insert(InitialAccessToken)
_living_initial_tokens = (
    select(_initial_tokens)
    .where(InitialAccessToken.expires_at > bindparam("now"))
    .order_by(InitialAccessToken.created_at.desc(), InitialAccessToken.id)
)
_is_usable = (
    InitialAccessToken.token_hash == bindparam("hash"),
    InitialAccessToken.expires_at > bindparam("now"),
    InitialAccessToken.ended_at.is_(None),
    or_(InitialAccessToken.uses_left.is_(None), InitialAccessToken.uses_left > 0),
)
_usable_initial_token = select(InitialAccessToken.id).where(*_is_usable)
_spend_initial_token = (
    update(InitialAccessToken).where(*_is_usable).values(uses_left=InitialAccessToken.uses_left - 1).returning(InitialAccessToken.id)
)
_end_initial_token = (
    update(InitialAccessToken)
    .where(InitialAccessToken.id == bindparam("key"), InitialAccessToken.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)
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
_add_resource = upsert(Resource).on_conflict_do_nothing(index_elements=["identifier"])


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


def add(db: Connection, row: Mapping[str, Any]) -> bool:
    """Add a client; False if its id is taken."""
    return db.execute(_add, row).rowcount == 1


def change(db: Connection, client_id: str, values: Mapping[str, Any]) -> None:
    """Change a client's row."""
    db.execute(_change.values(**values), {"key": client_id})


def note_use(db: Connection, client_id: str, *, now: datetime, before: datetime) -> None:
    """Note when a client was used, unless that was noted since `before`."""
    db.execute(_note_use, {"key": client_id, "now": now, "before": before})


def remove(db: Connection, client_id: str) -> bool:
    """Delete a client and its secrets; False if there is none."""
    db.execute(delete(ClientSecret).where(ClientSecret.client_id == client_id))
    return db.execute(_delete, {"id": client_id}).rowcount == 1


def secret_is_valid(db: Connection, client_id: str, secret_hash: str, now: datetime) -> bool:
    """Tell whether a secret is one of the client's."""
    return db.execute(_secret_valid, {"hash": secret_hash, "client_id": client_id, "now": now}).first() is not None


def add_secret(db: Connection, client_id: str, secret_hash: str, now: datetime) -> None:
    """Add a secret."""
    db.execute(_add_secret, {"hash": secret_hash, "client_id": client_id, "created_at": now, "expires_at": None})


def secrets_made_at(db: Connection, client_id: str) -> list[datetime]:
    """Tell when a client's secrets were made, the newest first."""
    return [row.created_at for row in db.execute(_secrets, {"client_id": client_id})]


def keep_newest_secrets(db: Connection, client_id: str, kept: int) -> None:
    """Delete all secrets of a client but the newest ones."""
    hashes = [row.hash for row in db.execute(_secrets, {"client_id": client_id})]
    if hashes[kept:]:
        db.execute(delete(ClientSecret).where(ClientSecret.hash.in_(hashes[kept:])))


def spend_jti(db: Connection, purpose: str, jti_hash: str, expires_at: datetime, now: datetime) -> bool:
    """Note an assertion's or proof's id as used; False if it has been used and has not expired."""
    row = {"purpose": purpose, "jti_hash": jti_hash, "expires_at": expires_at, "now": now}
    return db.execute(_spend_jti, row).rowcount == 1


def published_keys(db: Connection, client_id: str) -> Published | None:
    """Give where an enabled client publishes its keys; None if it does not. What came from an earlier address is left out."""
    row = db.execute(_published_keys, {"id": client_id}).first()
    uri = row.metadata_document.get("jwks_uri") if row else None
    if row is None or uri is None:
        return None
    kept = row.uri == uri
    return Published(uri, row.origin, row.content if kept else None, row.fetched_at if kept else None)


def document(db: Connection, client_id: str, kind: DocumentKind) -> RowMapping | None:
    """Give what was fetched for a client."""
    return db.execute(_document, {"client_id": client_id, "kind": kind.value}).mappings().first()


def logo(db: Connection, client_id: str) -> RowMapping | None:
    """Give the picture of an enabled client."""
    return db.execute(_logo, {"client_id": client_id}).mappings().first()


def has_document(db: Connection, client_id: str, kind: DocumentKind) -> bool:
    """Tell whether something was fetched for a client, without reading it."""
    return db.execute(_has_document, {"client_id": client_id, "kind": kind.value}).first() is not None


def remove_document(db: Connection, client_id: str, kind: DocumentKind) -> None:
    """Forget what was fetched for a client."""
    db.execute(_remove_document, {"client_id": client_id, "kind": kind.value})


def keep_document(db: Connection, client_id: str, kind: DocumentKind, uri: str, media_type: str, content: bytes, now: datetime) -> None:
    """Keep what was fetched in the place of what was kept before."""
    row = {"client_id": client_id, "kind": kind.value, "uri": uri, "media_type": media_type, "content": content, "fetched_at": now}
    db.execute(_keep_document, row)


def claim_fetch(db: Connection, client_id: str, kind: DocumentKind, uri: str, content: bytes, *, now: datetime, before: datetime) -> bool:
    """Note a try to fetch; False if there was one of the same address since `before`."""
    row = {"client_id": client_id, "kind": kind.value, "uri": uri, "media_type": "", "content": content, "fetched_at": now}
    return db.execute(_claim_fetch, row | {"before": before}).rowcount == 1


def replace_origins(db: Connection, client_id: str, origins: Iterable[str]) -> None:
    """Keep these origins of a client, and no others."""
    db.execute(_remove_origins, {"client_id": client_id})
    rows = [{"client_id": client_id, "origin": origin} for origin in sorted(origins)]
    if rows:
        db.execute(_add_origin, rows)


def origin_is_registered(db: Connection, origin: str) -> bool:
    """Tell whether an origin is one of an enabled client."""
    return db.execute(_origin_of, {"origin": origin}).first() is not None


def add_initial_token(db: Connection, row: Mapping[str, Any]) -> None:
    """Add an initial access token."""
    db.execute(_add_initial_token, row)


def initial_tokens(db: Connection, now: datetime) -> Sequence[RowMapping]:
    """List the initial access tokens that have not expired, the newest first."""
    return db.execute(_living_initial_tokens, {"now": now}).mappings().all()


def usable_initial_token(db: Connection, token_hash: str, now: datetime) -> str | None:
    """Give the id of an initial access token that may be used."""
    return db.scalar(_usable_initial_token, {"hash": token_hash, "now": now})


def spend_initial_token(db: Connection, token_hash: str, now: datetime) -> str | None:
    """Use an initial access token once; give its id, or none if it may not be used."""
    return db.scalar(_spend_initial_token, {"hash": token_hash, "now": now})


def end_initial_token(db: Connection, token_id: str, now: datetime) -> bool:
    """End an initial access token; False if there is none, or it had ended."""
    return db.execute(_end_initial_token, {"key": token_id, "now": now}).rowcount == 1


def resource(db: Connection, identifier: str) -> RowMapping | None:
    """Give a resource's row."""
    return db.execute(_resource_by_identifier, {"identifier": identifier}).mappings().first()


def resource_to_change(db: Connection, identifier: str) -> RowMapping | None:
    """Give a resource's row and hold it until the end of the transaction."""
    return db.execute(_resource_locked, {"identifier": identifier}).mappings().first()


def resource_by_id(db: Connection, resource_id: str) -> RowMapping | None:
    """Give a resource's row by its id."""
    return db.execute(_resource_by_id, {"id": resource_id}).mappings().first()


def change_resource(db: Connection, identifier: str, values: Mapping[str, Any]) -> None:
    """Change a resource's row."""
    db.execute(_change_resource.values(**values), {"key": identifier})


def end_introspection(db: Connection, client_id: str) -> None:
    """Let a client ask about tokens for no resource any more."""
    db.execute(_end_introspection, {"client_id": client_id})


def mentioning(db: Connection, words: Sequence[str]) -> Sequence[RowMapping]:
    """List the clients whose metadata hold one of the words anywhere, by name; reads the table."""
    document = cast(Client.metadata_document, String)
    found = or_(*(document.contains(word, autoescape=True) for word in words))
    return db.execute(select(_clients).where(found).order_by(func.lower(Client.name), Client.id)).mappings().all()


def resources(db: Connection, identifiers: Sequence[str]) -> Sequence[RowMapping]:
    """Give the rows of several resources."""
    return db.execute(_resources_by_identifier, {"identifiers": list(identifiers)}).mappings().all()


def all_resources(db: Connection, *, hold: bool = False) -> Sequence[RowMapping]:
    """List every resource by its identifier; `hold`: they stay as they are until the end of the transaction."""
    return db.execute(_all_resources_held if hold else _all_resources).mappings().all()


def all_resource_scopes(db: Connection) -> set[str]:
    """Name every scope that a resource defines."""
    return {scope for row in db.execute(_resource_scopes) for scope in row.scopes}


def introspected_by(db: Connection, client_id: str) -> set[str]:
    """Name the resources for which a client may introspect."""
    return set(db.scalars(_introspected_by, {"client_id": client_id}))


def add_resource(db: Connection, row: Mapping[str, Any]) -> bool:
    """Add a resource; False if its identifier is taken."""
    return db.execute(_add_resource, row).rowcount == 1


def remove_resource(db: Connection, identifier: str) -> bool:
    """Delete a resource; False if there is none."""
    return db.execute(delete(Resource).where(Resource.identifier == identifier)).rowcount == 1


def delete_expired(db: Connection, now: datetime, limit: int) -> int:
    """Forget used ids and initial access tokens that have expired."""
    used = select(UsedJti.purpose, UsedJti.jti_hash).where(UsedJti.expires_at <= now).limit(limit)
    gone = db.execute(delete(UsedJti).where(tuple_(UsedJti.purpose, UsedJti.jti_hash).in_(used))).rowcount
    old = select(InitialAccessToken.id).where(InitialAccessToken.expires_at <= now).limit(limit)
    return gone + db.execute(delete(InitialAccessToken).where(InitialAccessToken.id.in_(old))).rowcount
