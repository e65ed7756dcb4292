"""The table of signing keys and of values that live once per installation."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base


class SigningKey(Base):
    """A private key, sealed with the master secret; next, active or retired."""

    __tablename__ = "signing_keys"
    __table_args__ = (Index("ix_signing_keys_alg", "alg", "state"),)

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    alg: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))  # next | active | retired
    public_jwk: Mapped[dict[str, Any]]
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]  # left the JWKS; kept for expired id_token_hints
