"""The table of audit events."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, index_of_known


class AuditEvent(Base):
    """One event; rows are only ever added, and sealed in batches by a keyed hash chain. Details go with the person whom they are about."""

    __tablename__ = "audit_events"
    __table_args__ = (
        index_of_known("ix_audit_events_account", "account_id", "id"),
        index_of_known("ix_audit_events_customer", "customer_id", "id"),
        Index("ix_audit_events_event", "event", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(64))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str | None] = mapped_column(String(128))
    on_behalf_of: Mapped[str | None] = mapped_column(String(32))
    session_id: Mapped[str | None] = mapped_column(String(32))
    account_id: Mapped[str | None] = mapped_column(String(32))
    customer_id: Mapped[str | None] = mapped_column(String(32))
    client_id: Mapped[str | None] = mapped_column(String(128))
    request_id: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]]
    sealed_as: Mapped[str | None] = mapped_column(String(129))  # once details were erased: what the row was, and that we erased them


class AuditSeal(Base):
    """A keyed hash over a run of events and the seal before it."""

    __tablename__ = "audit_seals"

    last_event_id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    # unique: two workers cannot both lengthen the chain from the same place
    first_event_id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), unique=True)
    sealed_at: Mapped[datetime]
    mac: Mapped[str] = mapped_column(String(64))
    format: Mapped[int] = mapped_column(server_default="1")  # 1: over the events, 2: over a keyed hash of each


class AuditCut(Base):
    """The end of what was deleted because it was kept long enough; one row, which only the master secret can make."""

    __tablename__ = "audit_cuts"

    last_event_id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    seal: Mapped[str] = mapped_column(String(64))  # of the last run that was deleted: the chain goes on from there
    events: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))  # deleted so far
    sealed_before: Mapped[datetime]  # when that seal was made: everything deleted is older
    cut_at: Mapped[datetime]
    mac: Mapped[str] = mapped_column(String(64))
