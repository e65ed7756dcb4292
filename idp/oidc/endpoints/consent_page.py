"""The consent page: what another's app would get, in words that a person understands."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from idp.directory import contracts
from idp.oidc.authorization.next_step import ConsentNeeded
from idp.oidc.authorization.request import OpenRequest
from idp.oidc.clients import scopes
from idp.oidc.clients.clients import Client
from idp.pages.render import render
from idp.texts import Text, text
from idp.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of the page: a picture and what is given."""

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


def show(work: UnitOfWork, opened: OpenRequest, client: Client, step: ConsentNeeded) -> Response:
    """Ask the person."""
    return render(
        "oidc/consent.html",
        client=client,
        account=step.account,
        permissions=permissions(work, opened, step),
        request_id=opened.id,
        destination=urlsplit(opened.asked.target.redirect_uri).hostname or "",
    )


def permissions(work: UnitOfWork, opened: OpenRequest, step: ConsentNeeded) -> list[Permission]:
    """List what the app would get: by scopes, then contracts by name."""
    by_scope = [_OF_SCOPES.get(scope) or Permission("key", text("use “{scope}”", scope=scope)) for scope in step.scopes]
    named = {detail["contract"] for detail in opened.asked.authorization_details}
    usable = contracts.usable(work, step.account.id) if named else []
    of_contracts = [
        Permission(
            "telephone-outbound",
            text("manage the phone system of contract {contract} ({label})", contract=contract.id, label=contract.label),
        )
        for contract in usable
        if contract.id in named
    ]
    return by_scope + of_contracts
