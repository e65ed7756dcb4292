"""The table of signing keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base

_ACTIVE = text("state = 'active'")
_NEXT = text("state = 'next'")


class SigningKey(Base):
    """A private key, sealed with the master secret; of each algorithm one is active and one comes next.

    The public part of a retired key is kept for expired `id_token_hint`s, long after it has left the JWKS.
    """

    __tablename__ = "signing_keys"
    __table_args__ = (
        Index("uq_signing_keys_active", "alg", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        Index("uq_signing_keys_next", "alg", unique=True, sqlite_where=_NEXT, postgresql_where=_NEXT),
    )

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    alg: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))  # next | active | retired
    public_jwk: Mapped[dict[str, Any]]
    sealed: Mapped[bytes | None]  # wiped when the key retires
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
