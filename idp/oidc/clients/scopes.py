"""The scopes that we know ourselves; a registered resource may add its own."""

OPENID = "openid"
PROFILE = "profile"
EMAIL = "email"
PHONE = "phone"
ROLES = "roles"
CONTRACTS = "contracts"
OFFLINE_ACCESS = "offline_access"
PROVISIONING = "provisioning"

PERSON_SCOPES = (OPENID, PROFILE, EMAIL, PHONE, ROLES, CONTRACTS, OFFLINE_ACCESS)
"""What a person can grant an application."""

MACHINE_SCOPES = (PROVISIONING,)
"""What a client holds in its own right, by client credentials; never granted by a person, never by dynamic registration."""
