"""The carrier's own people: sign-in and session of their own; operators manage apps (clients), resources and registration.

With `staff_origin` these pages exist only there. Start at `member.py` (who may enter) and `clients.py` (the list of apps).
"""

from flask import Flask

from idp.pages import hosts
from idp.web.staff import checks, clients, create, edit, home, initial_tokens, member, own_management, resources, secrets, standing

__all__ = ["init_app"]

_VIEWS = (checks, clients, create, edit, initial_tokens, own_management, resources, secrets, standing)

member.blueprint.before_request(member.admit)
member.operators.before_request(member.admit)
member.operators.before_request(member.admit_operator)


def init_app(app: Flask) -> None:
    """Register staff's pages."""
    assert home.blueprint is member.blueprint
    assert all(module.blueprint is member.operators for module in _VIEWS), "each module adds its views to the operators' blueprint"
    for blueprint in (member.blueprint, member.operators, home.session_blueprint):
        hosts.of_staff(blueprint)
        app.register_blueprint(blueprint)
