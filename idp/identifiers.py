"""Names for values that must not be mixed up, and how they are made.

Every identifier is opaque text; only a customer's and an account's *number* are meant for people.
"""

import secrets
from dataclasses import dataclass
from typing import NewType

CustomerId = NewType("CustomerId", str)
CustomerNumber = NewType("CustomerNumber", str)
ContractId = NewType("ContractId", str)
AccountId = NewType("AccountId", str)
SubjectId = NewType("SubjectId", str)
InvitationId = NewType("InvitationId", str)
AccessRequestId = NewType("AccessRequestId", str)
ContactChangeId = NewType("ContactChangeId", str)

SigninId = NewType("SigninId", str)
ActivationId = NewType("ActivationId", str)
PasswordResetId = NewType("PasswordResetId", str)
ChallengeId = NewType("ChallengeId", str)
SessionId = NewType("SessionId", str)

ClientId = NewType("ClientId", str)
ResourceId = NewType("ResourceId", str)
AuthorizationRequestId = NewType("AuthorizationRequestId", str)
DeviceRequestId = NewType("DeviceRequestId", str)
TokenFamilyId = NewType("TokenFamilyId", str)

JobId = NewType("JobId", str)
RequestId = NewType("RequestId", str)

EmailAddress = NewType("EmailAddress", str)
PhoneNumber = NewType("PhoneNumber", str)
"""A number in E.164 form."""

BrowserHash = NewType("BrowserHash", str)
"""The hash of an `idp_browser` cookie: names a browser, cannot be used as one."""


@dataclass(frozen=True, slots=True)
class Traces:
    """By what the rows about one person are found: ids, and the forms in which user names, mail addresses, numbers and names are kept."""

    account_id: AccountId
    sub: SubjectId
    usernames: tuple[str, ...]
    addresses: tuple[str, ...]
    numbers: tuple[PhoneNumber, ...]
    names: tuple[str, ...]


def new_id() -> str:
    """Make an identifier of 128 random bits; safe in a path, and as an argument of a command: it begins with no hyphen."""
    while (made := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return made


def new_token() -> str:
    """Make a secret of 256 random bits for a link, a cookie, a code or a token; safe in a path."""
    return secrets.token_urlsafe(32)
