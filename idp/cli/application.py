"""The application as the web processes make it: settings from the environment that the supervisor gave them."""

from flask import Flask

from idp.app import create_app
from idp.operations import logs
from idp.settings import load_settings

__all__ = ["web_application"]


def web_application() -> Flask:
    """Put the application together for serving."""
    settings = load_settings()
    logs.set_up(settings.log_level)
    return create_app(settings)
