"""Puts the pages of a sign-in into the application."""

from flask import Flask

from idp.web.signin import entry, steps


def init_app(app: Flask) -> None:
    """Serve the front door and the steps of a sign-in."""
    app.register_blueprint(entry.blueprint)
    app.register_blueprint(steps.blueprint)
