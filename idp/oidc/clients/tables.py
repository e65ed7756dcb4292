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
    last_used_at: Mapped[datetime | None]  # written at most once a minute
    registration_token_hash: Mapped[str | None] = mapped_column(String(64))  # of a dynamic client, to manage itself (RFC 7592)


class ClientOrigin(Base):
    """An origin whose scripts may call our endpoints for a client (CORS); taken from the client's metadata."""

    __tablename__ = "client_origins"

    origin: Mapped[str] = mapped_column(String(300), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True, index=True)


class ClientDocument(Base):
    """What was fetched from an address of a client: its keys (`jwks_uri`), its logo (`logo_uri`)."""

    __tablename__ = "client_documents"

    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)  # jwks | jwks_try | logo
    uri: Mapped[str] = mapped_column(String(2000))
    media_type: Mapped[str] = mapped_column(String(100))
    content: Mapped[bytes]
    fetched_at: Mapped[datetime]


class InitialAccessToken(Base):
    """A token that lets somebody register clients (RFC 7591 §3), hashed."""

    __tablename__ = "initial_access_tokens"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))  # for whom it was made
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    uses_left: Mapped[int | None]  # none: any number
    ended_at: Mapped[datetime | None]


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
    token_format: Mapped[str] = mapped_column(String(16))  # jwt | opaque
    introspection_client_id: Mapped[str | None] = mapped_column(String(128), index=True)
    created_at: Mapped[datetime]


class UsedJti(Base):
    """A `jti` of an assertion or proof that may not come again before it expires."""

    __tablename__ = "used_jtis"

    purpose: Mapped[str] = mapped_column(String(160), primary_key=True)  # e.g. assertion:<client>
    jti_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
