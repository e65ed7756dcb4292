"""The tables of passwords, sign-ins, PIN challenges, budgets and sessions."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from idp.database import Base

_SERIAL = BigInteger().with_variant(Integer, "sqlite")


class Password(Base):
    """The password of an account (Argon2id, or an older hash until the next sign-in)."""

    __tablename__ = "passwords"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    hash: Mapped[str] = mapped_column(String(300))
    changed_at: Mapped[datetime]


class FormerPassword(Base):
    """A password that may not be used again."""

    __tablename__ = "former_passwords"
    __table_args__ = (Index("ix_former_passwords_account", "account_id", "id"),)

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True, autoincrement=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    hash: Mapped[str] = mapped_column(String(300))
    replaced_at: Mapped[datetime]


class Signin(Base):
    """One run through the steps of a sign-in, bound to the browser that started it."""

    __tablename__ = "signins"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    requirement: Mapped[dict[str, Any]]
    continue_at: Mapped[str] = mapped_column(String(2000))
    shown_for: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    account_id: Mapped[str | None] = mapped_column(String(32))
    password_at: Mapped[datetime | None]
    area: Mapped[str] = mapped_column(String(16), server_default="public")  # public | staff: where its session counts
    from_session_id: Mapped[str | None] = mapped_column(String(32))  # the session whose password is only added to
    pin_confirmed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    session_id: Mapped[str | None] = mapped_column(String(32))


class PasswordReset(Base):
    """A link of »Passwort vergessen«."""

    __tablename__ = "password_resets"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Activation(Base):
    """A new password on its way: its hash waits here for the PIN, bound to browser and link."""

    __tablename__ = "activations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))  # invitation | reset
    link_id: Mapped[str] = mapped_column(String(32), index=True)  # the invitation's or reset's id
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    completed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class PinRound(Base):
    """All PIN challenges of one sign-in or activation; five wrong PINs over all of them end it."""

    __tablename__ = "pin_rounds"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # the sign-in's or activation's id
    account_id: Mapped[str] = mapped_column(String(32), index=True)
    wrong: Mapped[int]
    sent: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


class PinChallenge(Base):
    """One PIN (derived from the id, not stored) sent to one number; single use."""

    __tablename__ = "pin_challenges"
    __table_args__ = (Index("ix_pin_challenges_round", "round_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("pin_rounds.id", ondelete="CASCADE"))
    account_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    resend_at: Mapped[datetime]
    job_id: Mapped[str | None] = mapped_column(String(32))
    used_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]


class KnownDevice(Base):
    """A browser with which an account completed a sign-in."""

    __tablename__ = "known_devices"

    account_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    completed_at: Mapped[datetime] = mapped_column(index=True)


class BudgetEntry(Base):
    """One thing that counts against a rolling budget (a wrong PIN, an SMS, a notice by mail)."""

    __tablename__ = "budget_entries"
    __table_args__ = (Index("ix_budget_entries_key", "kind", "key", "at"),)

    id: Mapped[int] = mapped_column(_SERIAL, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(24))
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)


class BudgetLock(Base):
    """The row that those who count against one budget wait for."""

    __tablename__ = "budget_locks"

    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class ThrottleCounter(Base):
    """Failed attempts of one kind from one account and device, or one network; the delay grows and lifts itself."""

    __tablename__ = "throttle_counters"

    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime]


class Session(Base):
    """A signed-in browser; its cookie's value is stored hashed and renewed at each proof."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_account", "account_id", "ended_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    browser_hash: Mapped[str] = mapped_column(String(64))
    acr: Mapped[str] = mapped_column(String(64))
    amr: Mapped[list[str]]
    auth_time: Mapped[datetime]
    signin_id: Mapped[str | None] = mapped_column(String(32))
    device_label: Mapped[str] = mapped_column(String(100))
    area: Mapped[str] = mapped_column(String(16), server_default="public")  # public | staff: staff sessions are no OIDC sessions
    created_at: Mapped[datetime]
    active_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)  # absolute end
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(24))
