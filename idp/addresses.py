"""Addresses of the pages that mails name; the pages' routes fit them (`tests/http/test_addresses.py`)."""

from idp.settings import Settings


def activation(settings: Settings, token: str) -> str:
    """Give the address where an invited person sets the first password."""
    return f"{settings.issuer_address}/activate/{token}"


def password_reset(settings: Settings, token: str) -> str:
    """Give the address where a forgotten password is set anew."""
    return f"{settings.issuer_address}/password/reset/{token}"


def access_request(settings: Settings, token: str) -> str:
    """Give the address that proves the mail address of a request for an account."""
    return f"{settings.issuer_address}/access-request/verify/{token}"


def contact_change(settings: Settings, token: str) -> str:
    """Give the address that confirms a new mail address."""
    return f"{settings.issuer_address}/contact-change/{token}"


def access_requests(settings: Settings) -> str:
    """Give the address where a customer's administrator decides on requests for accounts."""
    return f"{settings.issuer_address}/console/requests"


def portal(settings: Settings) -> str:
    """Give the address of the customer portal; the provider's own where none is set."""
    return settings.portal_url or settings.issuer_address


def login(settings: Settings) -> str:
    """Give the address where a person signs in: the portal, which leads to the sign-in."""
    return portal(settings)
