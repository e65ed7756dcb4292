"""How sure we are: authentication levels (acr), what an account must reach and can reach.

`urn:idp:acr:password` < `urn:idp:acr:mfa` < `phr` (phishing resistant, OpenID EAP ACR values).
"""

from idp.directory.accounts import Account

ACR_PASSWORD = "urn:idp:acr:password"  # noqa: S105 - a level's name
ACR_MFA = "urn:idp:acr:mfa"
ACR_PHR = "phr"

AMR_OF = {ACR_PASSWORD: ("pwd",), ACR_MFA: ("pwd", "sms", "mfa")}
"""Authentication method references (RFC 8176) by reached level."""

_RANKS = {ACR_PASSWORD: 1, ACR_MFA: 2, ACR_PHR: 3}


def rank(acr: str | None) -> int:
    """Order levels; an unknown or missing one is below all."""
    return _RANKS.get(acr or "", 0)


def required_acr(account: Account) -> str:
    """Tell the level that role, staff duty and the customer's policy demand of every new sign-in."""
    return ACR_MFA if account.confirms_by_pin else ACR_PASSWORD


def reachable(account: Account, required: str) -> tuple[str, ...]:
    """List the levels that an account can reach now, lowest first; `required` is what it must reach."""
    can_receive_pin = bool(account.mobile) and (account.mobile_verified or required == ACR_MFA)
    return (ACR_PASSWORD, ACR_MFA) if can_receive_pin else (ACR_PASSWORD,)
