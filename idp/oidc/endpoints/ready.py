"""Names the documents that are answered as ready bytes: the metadata, which change with the program alone, and the public keys."""

from flask import Flask

from idp.oidc.endpoints.discovery import places
from idp.oidc.keys.ring import ring_of
from idp.oidc.protocol import Path
from idp.pages.ready import Document, ReadyDocuments
from idp.unit_of_work import Units


def init_app(app: Flask, units: Units) -> None:
    """Let the application look here first."""

    def version_of_keys() -> str:
        return ring_of(app.extensions["idp.units"]).current().etag

    metadata, keys = Document("discovery.discovery", lambda: ""), Document("jwks.jwks", version_of_keys)
    documents = dict.fromkeys(places(units.settings), metadata) | {Path.JWKS.value: keys}
    app.extensions["idp.ready"] = ReadyDocuments(units.settings, app.extensions["idp.networks"], documents)
