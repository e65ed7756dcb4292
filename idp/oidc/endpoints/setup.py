"""Registers the protocol's endpoints."""

from typing import cast

from flask import Flask

from idp.oidc.endpoints import (
    authorization,
    client_logos,
    contracts,
    cors,
    device_authorization,
    device_page,
    end_session,
    introspection,
    jwks,
    par,
    ready,
    registration,
    revocation,
    token,
    userinfo,
)
from idp.oidc.endpoints.discovery import discovery_blueprint
from idp.oidc.keys.ring import ring_of
from idp.unit_of_work import Units

BLUEPRINTS = (
    authorization.blueprint,
    par.blueprint,
    device_authorization.blueprint,
    device_page.blueprint,
    end_session.blueprint,
    token.blueprint,
    userinfo.blueprint,
    introspection.blueprint,
    revocation.blueprint,
    registration.blueprint,
    contracts.blueprint,
    jwks.blueprint,
    client_logos.blueprint,
)


def init_app(app: Flask) -> None:
    """Serve the protocol; needs `app.extensions["idp.units"]`."""
    units = cast("Units", app.extensions["idp.units"])
    app.extensions["idp.keys"] = ring_of(units)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_blueprint(discovery_blueprint(units.settings))
    cors.init_app(app)
    ready.init_app(app, units)
