"""What scopes mean, in words that a person understands: on the consent page and where consents are taken back."""

from collections.abc import Iterable
from dataclasses import dataclass

from idp.oidc.clients import scopes
from idp.texts import Text, text


@dataclass(frozen=True, slots=True)
class Permission:
    """A picture and what is given."""

    icon: str
    words: Text


_OF_SCOPES = {
    scopes.OPENID: Permission("person-check", text("know that it is you who has signed in")),
    scopes.PROFILE: Permission("person-vcard", text("see your name and your user ID")),
    scopes.EMAIL: Permission("envelope", text("see your e-mail address")),
    scopes.PHONE: Permission("telephone", text("see your phone number")),
    scopes.ROLES: Permission("person-gear", text("see your role and your customer number")),
    scopes.CONTRACTS: Permission("file-earmark-text", text("see the contracts that you may use")),
    scopes.OFFLINE_ACCESS: Permission("clock-history", text("keep this access when you have signed out")),
}


def of_scopes(granted: Iterable[str]) -> list[Permission]:
    """Tell what scopes let an app do, in the order of our own scopes; a resource's scope is named as it is."""
    known = list(_OF_SCOPES)
    ordered = sorted(granted, key=lambda scope: known.index(scope) if scope in _OF_SCOPES else len(known))
    return [_OF_SCOPES.get(scope) or Permission("key", text("use “{scope}”", scope=scope)) for scope in ordered]
