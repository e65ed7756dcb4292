"""The directory's entries as values: roles, statuses, customers, contracts, accounts, invitations."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp.identifiers import (
    AccessRequestId,
    AccountId,
    ContactChangeId,
    ContractId,
    CustomerId,
    CustomerNumber,
    EmailAddress,
    InvitationId,
    JobId,
    PhoneNumber,
    SubjectId,
)
from idp.texts import Text, text

CLOUD_PHONE = "cloud_phone"
"""The product whose contracts lead into the cloud telephone system."""


class Role(StrEnum):
    """What an account is for; an account has one."""

    ADMINISTRATOR_KUNDENPORTAL = "administrator-kundenportal"
    ADMINISTRATOR_TELEFONANLAGE = "administrator-telefonanlage"
    SERVICEDESK = "servicedesk"
    OPERATOR = "operator"

    @property
    def is_staff(self) -> bool:
        """Whether the carrier's own people have it."""
        return self in STAFF_ROLES

    @property
    def label(self) -> Text:
        """The role's name for people."""
        return _ROLE_LABELS[self]


STAFF_ROLES = frozenset({Role.SERVICEDESK, Role.OPERATOR})
CUSTOMER_ROLES = (Role.ADMINISTRATOR_TELEFONANLAGE, Role.ADMINISTRATOR_KUNDENPORTAL)

_ROLE_LABELS = {
    Role.ADMINISTRATOR_KUNDENPORTAL: text("Customer portal administrator"),
    Role.ADMINISTRATOR_TELEFONANLAGE: text("Phone system administrator"),
    Role.SERVICEDESK: text("Service desk"),
    Role.OPERATOR: text("Operations"),
}


class Status(StrEnum):
    """Where an account stands; computed (`states.py`), never stored."""

    DEACTIVATED = "deactivated"
    LOCKED = "locked"
    ACTIVE = "active"
    INVITATION_SCHEDULED = "invitation_scheduled"
    INVITATION_EXPIRED = "invitation_expired"
    DELIVERY_FAILED = "delivery_failed"
    INVITATION_SENT = "invitation_sent"
    NOT_INVITED = "not_invited"

    @property
    def label(self) -> Text:
        """The status as people read it."""
        return _STATUS_LABELS[self]


_STATUS_LABELS = {
    Status.DEACTIVATED: text("Deactivated"),
    Status.LOCKED: text("Locked"),
    Status.ACTIVE: text("Active"),
    Status.INVITATION_SCHEDULED: text("Invitation scheduled"),
    Status.INVITATION_EXPIRED: text("Invitation expired"),
    Status.DELIVERY_FAILED: text("Delivery failed"),
    Status.INVITATION_SENT: text("Invitation sent"),
    Status.NOT_INVITED: text("Not invited"),
}


@dataclass(frozen=True, slots=True)
class Customer:
    """A business customer."""

    id: CustomerId
    number: CustomerNumber
    name: str
    deactivated_at: datetime | None
    pin_for_all: bool
    main_contact_account_id: AccountId | None

    @property
    def is_active(self) -> bool:
        """Whether the ordering system keeps it active."""
        return self.deactivated_at is None


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of a customer."""

    id: ContractId
    customer_id: CustomerId
    product: str
    label: str
    active: bool

    @property
    def is_cloud_phone(self) -> bool:
        """Whether it is for the cloud telephone system."""
        return self.product == CLOUD_PHONE


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account; staff belong to no customer (then the customer's facts are None and `number` is 0)."""

    id: AccountId
    sub: SubjectId
    customer_id: CustomerId | None
    customer_number: CustomerNumber | None
    number: int
    username: str
    role: Role
    salutation: str
    given_name: str
    family_name: str
    email: EmailAddress
    email_verified: bool
    mobile: PhoneNumber | None
    mobile_verified: bool
    phone: PhoneNumber | None
    locale: str
    limited_to_contracts: bool
    customer_pin_for_all: bool
    activated_at: datetime | None
    locked_at: datetime | None
    deactivated_at: datetime | None

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def is_staff(self) -> bool:
        """Whether it is one of the carrier's own people."""
        return self.role.is_staff

    @property
    def is_usable(self) -> bool:
        """Neither locked nor deactivated; perhaps not activated yet."""
        return self.locked_at is None and self.deactivated_at is None

    @property
    def confirms_by_pin(self) -> bool:
        """Whether it confirms by SMS PIN: by its role, as staff or nobody's, or by its customer's policy."""
        by_role = self.is_staff or self.role is Role.ADMINISTRATOR_KUNDENPORTAL
        return by_role or self.customer_id is None or self.customer_pin_for_all

    @property
    def is_active(self) -> bool:
        """Activated, not locked, not deactivated: may sign in."""
        return self.activated_at is not None and self.is_usable


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation; times are instants, `scheduled_local` is the time as it was entered."""

    id: InvitationId
    account_id: AccountId
    job_id: JobId
    created_at: datetime
    send_at: datetime
    scheduled_local: str | None
    expires_at: datetime
    delivered_at: datetime | None
    delivery_failed_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account with its status and its open invitation, as lists show it."""

    account: Account
    status: Status
    invitation: Invitation | None

    @property
    def scheduled_for(self) -> datetime | None:
        """When a waiting invitation goes out; None unless one waits."""
        waits = self.status is Status.INVITATION_SCHEDULED and self.invitation is not None
        return self.invitation.send_at if waits and self.invitation else None


class ContactKind(StrEnum):
    """What a contact change changes."""

    EMAIL = "email"
    MOBILE = "mobile"


@dataclass(frozen=True, slots=True)
class ContactChange:
    """A new mail address or mobile number that waits until the account's owner confirms it."""

    id: ContactChangeId
    account_id: AccountId
    kind: ContactKind
    value: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None


class AccessRequestState(StrEnum):
    """Where a request for an account stands."""

    UNVERIFIED = "unverified"
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A wish for an account, made on the login page; `customer_id` is None where nobody has the number."""

    id: AccessRequestId
    customer_number: CustomerNumber
    customer_id: CustomerId | None
    given_name: str
    family_name: str
    email: EmailAddress
    username: str
    locale: str
    state: AccessRequestState
    created_at: datetime
    expires_at: datetime
    verified_at: datetime | None

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}"
