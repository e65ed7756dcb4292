"""Puts the pages of activation and reset into the application."""

from flask import Flask

from idp.web.activation import choosing, confirming


def init_app(app: Flask) -> None:
    """Serve the pages that mails lead to, and the steps after them."""
    app.register_blueprint(choosing.blueprint)
    app.register_blueprint(confirming.blueprint)
