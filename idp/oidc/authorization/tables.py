"""The tables of authorization requests, pushed requests, codes and consents."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, index_of_known


class AuthorizationRequest(Base):
    """A validated authorization request that waits for its person, bound to the browser that opened it."""

    __tablename__ = "authorization_requests"
    __table_args__ = (index_of_known("ix_authorization_requests_pushed_id", "pushed_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(128))
    parameters: Mapped[dict[str, Any]]
    browser_hash: Mapped[str | None] = mapped_column(String(64))  # none until the first GET binds it
    pushed_id: Mapped[str | None] = mapped_column(String(32))
    signin_id: Mapped[str | None] = mapped_column(String(32))  # the newest sign-in made for this request
    asked_acr: Mapped[str | None] = mapped_column(String(64))  # the level for which that sign-in was started
    consented_by: Mapped[str | None] = mapped_column(String(32))  # the account that said yes on the consent page
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]


class PushedRequest(Base):
    """An authorization request pushed by its client (RFC 9126)."""

    __tablename__ = "pushed_requests"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    reference_hash: Mapped[str] = mapped_column(String(64), unique=True)
    client_id: Mapped[str] = mapped_column(String(128))
    parameters: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # until then it may be opened
    used_at: Mapped[datetime | None]
    delete_after: Mapped[datetime] = mapped_column(index=True)  # when no request opened from it can be answered any more


class Code(Base):
    """An authorization code, hashed; kept after use until what was issued from it ends."""

    __tablename__ = "codes"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(128))
    redirect_uri: Mapped[str] = mapped_column(String(2000))
    code_challenge: Mapped[str | None] = mapped_column(String(64))
    grant: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    family_id: Mapped[str | None] = mapped_column(String(32))
    delete_after: Mapped[datetime] = mapped_column(index=True)


class DeviceRequest(Base):
    """A device that waits for its person (RFC 8628); both codes are kept hashed."""

    __tablename__ = "device_requests"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    device_code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    client_id: Mapped[str] = mapped_column(String(128))
    asked: Mapped[dict[str, Any]]  # scopes, authorization_details, resources, device's name and origin as shown
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    polled_at: Mapped[datetime | None]
    poll_seconds: Mapped[int]
    browser_hash: Mapped[str | None] = mapped_column(String(64))  # of the person who typed the code
    signin_id: Mapped[str | None] = mapped_column(String(32))
    decided_at: Mapped[datetime | None]
    granted: Mapped[dict[str, Any] | None]  # the grant; none once refused
    used_at: Mapped[datetime | None]


class Consent(Base):
    """What an account lets a third-party client have; remembered until revoked."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_client", "client_id"),)

    account_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    scopes: Mapped[list[str]]
    given_at: Mapped[datetime]
