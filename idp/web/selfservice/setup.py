"""Puts the pages of self-service into the application."""

from flask import Flask

from idp.web.selfservice import access, contact, forgotten  # noqa: F401 - their views hang on the blueprint
from idp.web.selfservice.area import blueprint


def init_app(app: Flask) -> None:
    """Serve the pages of self-service."""
    app.register_blueprint(blueprint)
