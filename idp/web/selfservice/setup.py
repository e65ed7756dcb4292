"""Puts the pages of self-service into the application."""

from flask import Flask

from idp.web.selfservice import access, apps, contact, forgotten, person, places  # noqa: F401 - their views hang on the blueprints
from idp.web.selfservice.area import blueprint


def init_app(app: Flask) -> None:
    """Serve the pages of self-service."""
    app.register_blueprint(blueprint)
    app.register_blueprint(person.blueprint)
