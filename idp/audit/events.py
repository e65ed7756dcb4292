"""The names of audit events: `<subject>.<what happened>`, stable for those who read the log by machine."""

from enum import StrEnum


class Event(StrEnum):
    """Every security-relevant event."""

    CUSTOMER_PROVISIONED = "customer.provisioned"
    CUSTOMER_DEACTIVATED = "customer.deactivated"
    CUSTOMER_REACTIVATED = "customer.reactivated"
    CUSTOMER_CHANGED = "customer.changed"
    PROVISIONING_REFUSED = "customer.provisioning_refused"

    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_ACTIVATED = "account.activated"
    ACCOUNT_DEACTIVATED = "account.deactivated"
    ACCOUNT_REACTIVATED = "account.reactivated"
    ACCOUNT_ERASED = "account.erased"
    ACCOUNT_LOCKED = "account.locked"
    ACCOUNT_UNLOCKED = "account.unlocked"
    ACCOUNT_CHANGE_REFUSED = "account.change_refused"
    CONTACT_CHANGE_WAITING = "account.contact_change_waiting"
    CONTACT_CHANGE_CONFIRMED = "account.contact_change_confirmed"

    INVITATION_SENT = "invitation.sent"
    INVITATION_SCHEDULED = "invitation.scheduled"
    INVITATION_MOVED = "invitation.moved"
    INVITATION_CANCELLED = "invitation.cancelled"
    INVITATION_REFUSED = "invitation.refused"

    ACCESS_REQUESTED = "access_request.received"
    ACCESS_REQUEST_VERIFIED = "access_request.email_verified"
    ACCESS_REQUEST_APPROVED = "access_request.approved"
    ACCESS_REQUEST_REJECTED = "access_request.rejected"

    SIGNIN_COMPLETED = "signin.completed"
    SIGNIN_REFUSED = "signin.refused"
    SIGNIN_THROTTLED = "signin.throttled"
    SIGNIN_ENDED = "signin.ended"
    PIN_SENT = "pin.sent"
    PIN_WITHHELD = "pin.withheld"
    PIN_WRONG = "pin.wrong"
    PIN_CONFIRMED = "pin.confirmed"
    PASSWORD_SET = "password.set"  # noqa: S105 - an event's name
    PASSWORD_RESET_REQUESTED = "password.reset_requested"  # noqa: S105
    PASSWORD_RESET = "password.reset"  # noqa: S105
    PASSWORD_CHECK_UNAVAILABLE = "password.breach_check_unavailable"  # noqa: S105
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"

    AUTHORIZATION_GRANTED = "authorization.granted"
    AUTHORIZATION_REFUSED = "authorization.refused"
    USER_CODE_WRONG = "authorization.user_code_wrong"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REVOKED = "consent.revoked"
    TOKEN_ISSUED = "token.issued"  # noqa: S105
    TOKEN_REFRESHED = "token.refreshed"  # noqa: S105
    TOKEN_EXCHANGED = "token.exchanged"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    CODE_REPLAYED = "token.code_replayed"
    REFRESH_REUSED = "token.refresh_reused"
    CLIENT_REFUSED = "client.authentication_refused"
    CLIENT_CREATED = "client.created"
    CLIENT_CHANGED = "client.changed"
    CLIENT_DELETED = "client.deleted"
    CLIENT_REGISTERED_ITSELF = "client.registered_itself"
    INITIAL_TOKEN_CREATED = "client.initial_token_created"  # noqa: S105
    INITIAL_TOKEN_ENDED = "client.initial_token_ended"  # noqa: S105
    RESOURCE_CREATED = "resource.created"
    RESOURCE_CHANGED = "resource.changed"
    RESOURCE_DELETED = "resource.deleted"
    KEY_CREATED = "key.created"
    KEYS_ROTATED = "key.rotated"
    MASTER_SECRET_REPLACED = "master_secret.replaced"  # noqa: S105
    MASTER_SECRET_ROTATED = "master_secret.rotated"  # noqa: S105
    MASTER_SECRET_ABANDONED = "master_secret.abandoned"  # noqa: S105
    EXPORTED = "installation.exported"
    IMPORTED = "installation.imported"
    LOGOUT = "logout.requested"
    LOGOUT_DELIVERED = "logout.delivered"
    LOGOUT_FAILED = "logout.failed"

    MESSAGE_FAILED = "message.failed"
    MESSAGE_UNCERTAIN = "message.uncertain"
    STAFF_LOOKED_UP = "staff.looked_up"


UNSUCCESSFUL = frozenset(
    {
        Event.PROVISIONING_REFUSED,
        Event.ACCOUNT_CHANGE_REFUSED,
        Event.INVITATION_REFUSED,
        Event.SIGNIN_REFUSED,
        Event.SIGNIN_THROTTLED,
        Event.PIN_WITHHELD,
        Event.PIN_WRONG,
        Event.AUTHORIZATION_REFUSED,
        Event.USER_CODE_WRONG,
        Event.CODE_REPLAYED,
        Event.REFRESH_REUSED,
        Event.CLIENT_REFUSED,
        Event.LOGOUT_FAILED,
        Event.MESSAGE_FAILED,
    }
)
"""Events of what was tried and did not come about."""

UNKNOWN_OUTCOMES = frozenset({Event.MESSAGE_UNCERTAIN, Event.PASSWORD_CHECK_UNAVAILABLE})
"""Events of what nobody knows the end of."""
