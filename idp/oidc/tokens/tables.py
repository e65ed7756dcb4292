"""The tables of token families, refresh and access tokens, and of the clients of a session."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, index_of_known


class TokenFamily(Base):
    """All tokens that came from one grant; ends as a whole."""

    __tablename__ = "token_families"
    __table_args__ = (
        index_of_known("ix_token_families_session", "session_id"),
        index_of_known("ix_token_families_account", "account_id"),
        Index("ix_token_families_client", "client_id"),
        index_of_known("ix_token_families_parent", "parent_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(128))
    account_id: Mapped[str | None] = mapped_column(String(32))  # none: client credentials
    session_id: Mapped[str | None] = mapped_column(String(32))
    offline: Mapped[bool]
    grant: Mapped[dict[str, Any]]  # scopes, authorization_details, resources, claims, nonce, acr, amr, auth_time
    dpop_jkt: Mapped[str | None] = mapped_column(String(64))
    parent_id: Mapped[str | None] = mapped_column(String(32))  # the family whose token was exchanged for this one (RFC 8693)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    generation: Mapped[int]  # of the newest refresh token
    generation_used_at: Mapped[datetime | None]  # when the newest but one was rotated: the start of its grace
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(32))


class FamilyContract(Base):
    """A contract that a family's authorization details name; the family ends with it."""

    __tablename__ = "family_contracts"

    family_id: Mapped[str] = mapped_column(ForeignKey("token_families.id", ondelete="CASCADE"), primary_key=True)
    contract_id: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class AccessToken(Base):
    """An issued access token by its `jti`; without this row the token is dead."""

    __tablename__ = "access_tokens"

    jti: Mapped[str] = mapped_column(String(32), primary_key=True)
    family_id: Mapped[str] = mapped_column(ForeignKey("token_families.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    claims: Mapped[dict[str, Any] | None]  # what an opaque token says, whose `jti` is the hash of it; none: a signed one says it itself


class SessionClient(Base):
    """An app that a session was used with; told by back-channel logout when the session ends."""

    __tablename__ = "session_clients"

    session_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    sid: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
