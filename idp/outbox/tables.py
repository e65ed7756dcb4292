"""The table of jobs."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base, index_of_known


class Job(Base):
    """One intent to send something, written in the transaction of the change that causes it."""

    __tablename__ = "jobs"
    __table_args__ = (
        # the worker's poll: open jobs by urgency and due time
        Index("ix_jobs_open", "kind", "due", sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'")),
        Index("ix_jobs_leased", "leased_until", sqlite_where=text("state = 'sending'"), postgresql_where=text("state = 'sending'")),
        index_of_known("ix_jobs_finished_at", "finished_at"),
        index_of_known("ix_jobs_account_id", "account_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
    sealed: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    due: Mapped[datetime]
    useless_after: Mapped[datetime | None]
    attempts: Mapped[int]
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(64))
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(500))
    provider_id: Mapped[str | None] = mapped_column(String(128))
    account_id: Mapped[str | None] = mapped_column(String(32))


class PeriodicRun(Base):
    """When a periodic job was started last; the row decides which worker runs it next."""

    __tablename__ = "periodic_runs"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    started_at: Mapped[datetime]
