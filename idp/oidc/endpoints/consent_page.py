"""The consent page: what another's app would get, in words that a person understands."""

from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from idp.directory import contracts
from idp.oidc.authorization.next_step import ConsentNeeded
from idp.oidc.authorization.permissions import Permission, of_scopes
from idp.oidc.authorization.request import OpenRequest
from idp.oidc.clients.clients import Client
from idp.oidc.endpoints import client_logos
from idp.pages.render import render
from idp.texts import text
from idp.unit_of_work import UnitOfWork


def show(work: UnitOfWork, opened: OpenRequest, client: Client, step: ConsentNeeded) -> Response:
    """Ask the person."""
    return render(
        "oidc/consent.html",
        client=client,
        app_logo=client_logos.address_of(work, client),
        account=step.account,
        permissions=permissions(work, opened, step),
        request_id=opened.id,
        destination=_destination(opened.asked.target.redirect_uri),
    )


def permissions(work: UnitOfWork, opened: OpenRequest, step: ConsentNeeded) -> list[Permission]:
    """List what the app would get: by scopes, then contracts by name."""
    by_scope = of_scopes(step.scopes)
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


def _destination(redirect_uri: str) -> str:
    """Name where the browser goes: a host, or the scheme by which an app is opened, whatever stands in its address."""
    parts = urlsplit(redirect_uri)
    return parts.hostname or "" if parts.scheme in ("https", "http") else parts.scheme
