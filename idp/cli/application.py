"""The application as the web processes make it: settings from the environment that the supervisor gave them."""

import gc

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
    spare_what_stays()
    return app


def spare_what_stays() -> None:
    """Let the garbage collector look for cycles less often, and never among what was made so far, which stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)
