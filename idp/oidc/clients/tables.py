"""The tables of registered clients and resources."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base


class Client(Base):
    """A relying party; `metadata_document` is its RFC 7591 metadata, validated."""

    __tablename__ = "clients"

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    metadata_document: Mapped[dict[str, Any]]
    first_party: Mapped[bool]
    profile: Mapped[str | None] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(16))  # cli | console | configuration | dynamic
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class ClientSecret(Base):
    """A client's secret, hashed; two may be valid while one is rotated out."""

    __tablename__ = "client_secrets"
    __table_args__ = (Index("ix_client_secrets_client", "client_id"),)

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class Resource(Base):
    """A protected resource (RFC 8707): its identifier, scopes, token format and the client that may introspect for it."""

    __tablename__ = "resources"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    identifier: Mapped[str] = mapped_column(String(500), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[str]]
    token_format: Mapped[str] = mapped_column(String(16))  # jwt
    introspection_client_id: Mapped[str | None] = mapped_column(String(128), index=True)
    created_at: Mapped[datetime]


class UsedJti(Base):
    """A `jti` of an assertion or proof that may not come again before it expires."""

    __tablename__ = "used_jtis"

    purpose: Mapped[str] = mapped_column(String(160), primary_key=True)  # e.g. assertion:<client>
    jti_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
