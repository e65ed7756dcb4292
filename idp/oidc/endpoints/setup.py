"""Registers the protocol's endpoints."""

from flask import Flask

from idp.oidc.endpoints import authorization, end_session, par

BLUEPRINTS = (
    authorization.blueprint,
    par.blueprint,
    end_session.blueprint,
)


def init_app(app: Flask) -> None:
    """Serve the protocol; needs `app.extensions["idp.units"]`."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
