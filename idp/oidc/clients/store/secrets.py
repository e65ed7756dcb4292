"""SQL of clients' secrets, of which only hashes are kept."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from idp.oidc.clients.tables import ClientSecret

_secret_valid = select(ClientSecret.hash).where(
    ClientSecret.hash == bindparam("hash"),
    ClientSecret.client_id == bindparam("client_id"),
    or_(ClientSecret.expires_at.is_(None), ClientSecret.expires_at > bindparam("now")),
)
_add_secret = insert(ClientSecret)
_secrets = (
    select(ClientSecret.hash, ClientSecret.created_at)
    .where(ClientSecret.client_id == bindparam("client_id"))
    .order_by(ClientSecret.created_at.desc(), ClientSecret.hash)
)


def is_valid(db: Connection, client_id: str, secret_hash: str, now: datetime) -> bool:
    """Tell whether a secret is one of the client's."""
    return db.execute(_secret_valid, {"hash": secret_hash, "client_id": client_id, "now": now}).first() is not None


def add(db: Connection, client_id: str, secret_hash: str, now: datetime) -> None:
    """Add a secret."""
    db.execute(_add_secret, {"hash": secret_hash, "client_id": client_id, "created_at": now, "expires_at": None})


def made_at(db: Connection, client_id: str) -> list[datetime]:
    """Tell when a client's secrets were made, the newest first."""
    return [row.created_at for row in db.execute(_secrets, {"client_id": client_id})]


def keep_newest(db: Connection, client_id: str, kept: int) -> None:
    """Delete all secrets of a client but the newest ones."""
    hashes = [row.hash for row in db.execute(_secrets, {"client_id": client_id})]
    if hashes[kept:]:
        db.execute(delete(ClientSecret).where(ClientSecret.hash.in_(hashes[kept:])))
