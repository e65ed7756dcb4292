"""The list of apps, and the page of one."""

from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from idp.oidc.clients import clients, listing
from idp.oidc.clients.clients import Client, ClientRecord
from idp.oidc.clients.metadata import BASIC, NONE, POST, PRIVATE_KEY_JWT, Origin
from idp.pages.lists import list_work
from idp.texts import Text, text
from idp.unit_of_work import read_work
from idp.web.staff.answers import find_record, show
from idp.web.staff.kinds import Kind, kind_of
from idp.web.staff.member import operators as blueprint

__all__ = ["blueprint"]

_ROWS = 50
_FILTERS: tuple[tuple[str, Text, dict[str, Any]], ...] = (
    ("", text("All"), {}),
    ("enabled", text("Switched on"), {"enabled": True}),
    ("disabled", text("Switched off"), {"enabled": False}),
    ("registered", text("Registered themselves"), {"origin": Origin.DYNAMIC}),
)
_ORIGINS = {
    Origin.CLI: text("by the command line"),
    Origin.CONSOLE: text("on these pages"),
    Origin.CONFIGURATION: text("by configuration"),
    Origin.DYNAMIC: text("by itself"),
}
_METHODS = {
    BASIC: text("secret"),
    POST: text("secret"),
    PRIVATE_KEY_JWT: text("signed by its key"),
    NONE: text("none (public app)"),
}
_STANDARD = text("Standard")
_FAPI2 = text("FAPI 2.0: key in place of a secret, pushed requests (PAR), tokens bound to a key (DPoP)")


@dataclass(frozen=True, slots=True)
class Row:
    """One app of the list."""

    record: ClientRecord
    kind: Kind


@blueprint.get("/clients")
def list_clients() -> Response:
    """Show one page of the list; anything unknown in the address counts as not asked."""
    words = request.args.get("search", "").strip()[:100]
    chosen = request.args.get("state", "")
    narrowing = next((values for state, _, values in _FILTERS if state == chosen), {})
    with list_work() as work:
        page = listing.page(work, words, after=request.args.get("after", "")[:128], limit=_ROWS, **narrowing)
    kept = {name: value for name, value in (("search", words), ("state", chosen if narrowing else "")) if value}
    return show(
        "staff/clients.html",
        rows=[Row(record, kind_of(record.client)) for record in page.records],
        search=words,
        kept=kept,
        filters=[(_address(kept, state=state), label, state == kept.get("state", "")) for state, label, _ in _FILTERS],
        first_page=_address(kept) if request.args.get("after") else "",
        next_page=_address(kept, after=page.following) if page.following else "",
    )


@blueprint.get("/clients/<client_id>")
def show_client(client_id: str) -> Response:
    """Show an app with what can be done to it."""
    record = find_record(client_id)
    with read_work() as work:
        made_at = clients.secrets_made_at(work, client_id)
    client = record.client
    return show(
        "staff/client.html",
        record=record,
        client=client,
        kind=kind_of(client),
        profile=_FAPI2 if client.is_fapi else _STANDARD,
        origin=_ORIGINS[client.origin],
        method=_METHODS[client.auth_method],
        has_secret=client.auth_method in (BASIC, POST),
        addresses=_addresses(client),
        secrets_made_at=made_at,
    )


def _addresses(client: Client) -> list[tuple[Text, tuple[str, ...]]]:
    """List the addresses and resources that matter for operations, those that are set."""
    named: list[tuple[Text, tuple[str, ...]]] = [
        (text("Resources"), client.resources),
        (text("Redirect URIs"), client.redirect_uris),
        (text("Addresses after signing out"), client.post_logout_redirect_uris),
        (text("Back-channel logout address"), (client.backchannel_logout_uri or "",)),
        (text("Front-channel logout address"), (client.frontchannel_logout_uri or "",)),
        (text("Where others begin a sign-in (initiate_login_uri)"), (client.initiate_login_uri or "",)),
        (text("Address of its public keys (jwks_uri)"), (client.metadata.get("jwks_uri", ""),)),
    ]
    return [(label, uris) for label, uris in named if any(uris)]


def _address(kept: dict[str, str], **changes: str) -> str:
    wanted: dict[str, Any] = {name: value for name, value in (kept | changes).items() if value}
    return url_for("operators.list_clients", **wanted)
