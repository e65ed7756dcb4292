"""Pictures of clients for our own pages."""

import hashlib

from flask import request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from idp.oidc.clients import logos
from idp.oidc.clients.clients import Client
from idp.oidc.endpoints.machine import machine_blueprint
from idp.unit_of_work import UnitOfWork, read_work

blueprint = machine_blueprint("client_logos")
_ALONE = "default-src 'none'; frame-ancestors 'none'; sandbox"


@blueprint.get("/client-logo/<client_id>")
def show(client_id: str) -> Response:
    """Show it as nothing but the picture that it is."""
    with read_work() as work:
        logo = logos.find(work, client_id)
    if logo is None:
        raise NotFound("There is no such picture.")
    response = Response(logo.content, content_type=logo.media_type)
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Content-Security-Policy"] = _ALONE
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.set_etag(hashlib.sha256(logo.content).hexdigest()[:32])
    return response.make_conditional(request)


def address_of(work: UnitOfWork, client: Client) -> str | None:
    """Give where our pages find a client's picture, if it has been fetched."""
    kept = client.logo_uri is not None and logos.is_kept(work, client.id)
    return url_for("client_logos.show", client_id=client.id) if kept else None
