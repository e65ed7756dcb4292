"""The tables of customers, contracts, accounts and invitations."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from idp.database import Base

_OPEN = text("ended_at IS NULL")


def _key(length: int) -> TypeEngine[str]:
    """Give the type of a column that lists are sorted by: the same order, byte by byte, on both databases."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class Customer(Base):
    """A business customer; its row is locked before rules that count its accounts."""

    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    deactivated_at: Mapped[datetime | None]
    pin_for_all: Mapped[bool]  # policy: phone admins too confirm by PIN
    next_account_number: Mapped[int]
    main_contact_account_id: Mapped[str | None] = mapped_column(String(32))
    document: Mapped[dict[str, Any]]  # the last provisioning document, to notice an equal one
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class Contract(Base):
    """A contract; its id is the carrier's and unique over all customers."""

    __tablename__ = "contracts"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    product: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool]
    changed_at: Mapped[datetime]


class Account(Base):
    """A person's account; belongs to one customer, or to none (staff)."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("customer_id", "number"),
        # the console's list by its sort orders
        Index("ix_accounts_customer_username", "customer_id", "username_key"),
        Index("ix_accounts_customer_name", "customer_id", "name_key", "number"),
        Index("ix_accounts_customer_email", "customer_id", "email_key", "number"),
        Index("ix_accounts_customer_role", "customer_id", "role", "number"),
        Index("ix_accounts_email_key", "email_key"),
        Index("ix_accounts_mobile", "mobile"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sub: Mapped[str] = mapped_column(String(32), unique=True)
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
    number: Mapped[int]
    username: Mapped[str] = mapped_column(String(64))
    username_key: Mapped[str] = mapped_column(_key(128), unique=True)
    role: Mapped[str] = mapped_column(_key(32))
    salutation: Mapped[str] = mapped_column(String(20))
    given_name: Mapped[str] = mapped_column(String(100))
    family_name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(_key(400))  # for sorting and finding: family and given name without accents and capitals
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(_key(254))
    email_verified_at: Mapped[datetime | None]
    mobile: Mapped[str | None] = mapped_column(String(20))
    mobile_verified_at: Mapped[datetime | None]
    phone: Mapped[str | None] = mapped_column(String(20))
    locale: Mapped[str] = mapped_column(String(8))
    limited_to_contracts: Mapped[bool]
    activated_at: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]
    deactivated_with_customer: Mapped[bool]  # lifted again with the customer
    erased_at: Mapped[datetime | None]  # since then nothing here is about a person
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ContractGrant(Base):
    """A contract that a limited account may use."""

    __tablename__ = "contract_grants"

    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    contract_id: Mapped[str] = mapped_column(ForeignKey("contracts.id"), primary_key=True, index=True)


class Invitation(Base):
    """An invitation with its link; at most one per account is open."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index("uq_invitations_open", "account_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_invitations_account", "account_id", "created_at"),
        Index("ix_invitations_job_id", "job_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    job_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    send_at: Mapped[datetime]  # equals created_at unless scheduled
    scheduled_local: Mapped[str | None] = mapped_column(String(40))  # the local time as entered
    expires_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    delivery_failed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)  # used, replaced or cancelled
    end_reason: Mapped[str | None] = mapped_column(String(16))  # used | replaced | cancelled


class ContactChange(Base):
    """A new e-mail address or mobile number that waits for the owner's confirmation."""

    __tablename__ = "contact_changes"
    __table_args__ = (Index("uq_contact_changes_open", "account_id", "kind", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))  # email | mobile
    value: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


class AccessRequest(Base):
    """A wish for an account, made on the login page; decided by the customer's administrator."""

    __tablename__ = "access_requests"
    __table_args__ = (Index("ix_access_requests_customer", "customer_id", "state", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    customer_number: Mapped[str] = mapped_column(String(20))
    customer_id: Mapped[str | None] = mapped_column(ForeignKey("customers.id"))
    given_name: Mapped[str] = mapped_column(String(100))
    family_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    username: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))  # unverified | waiting | approved | rejected
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    verified_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(32))
    account_id: Mapped[str | None] = mapped_column(String(32))


class Attempt(Base):
    """One thing that counts against a limit of the directory; the key is hashed."""

    __tablename__ = "directory_attempts"
    __table_args__ = (Index("ix_directory_attempts_key", "kind", "key", "at"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(24))
    key: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(index=True)
