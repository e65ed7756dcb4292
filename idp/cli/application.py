"""The application as the web processes make it: settings from the environment that the supervisor gave them."""

from flask import Flask

from idp.app import create_app
from idp.oidc.keys import creation
from idp.operations import logs, tracing
from idp.settings import load_settings

__all__ = ["web_application"]


def web_application() -> Flask:
    """Put the application together for serving; the first start makes the signing keys."""
    settings = load_settings()
    logs.set_up(settings.log_level)
    tracing.start(settings)
    app = create_app(settings)
    creation.ensure(app.extensions["idp.units"])
    return app
