"""»Benutzerverwaltung Kundenportal«: a customer's administrator manages the accounts of the own customer.

Uses the provider's session directly and needs acr mfa. Start at `admin.py` (who may enter) and `accounts.py` (the list).
"""

from flask import Flask

from idp.web.console import accounts, admin, create, edit, invitations, requests, session_end, signed_in, standing
from idp.web.console.admin import blueprint

__all__ = ["init_app"]

_VIEWS = (accounts, create, edit, invitations, standing, signed_in, requests)

blueprint.before_request(admin.admit)


def init_app(app: Flask) -> None:
    """Register the console's pages."""
    assert all(module.blueprint is blueprint for module in _VIEWS), "each module adds its views to the one blueprint"
    app.register_blueprint(blueprint)
    app.register_blueprint(session_end.blueprint)
