"""Endpoints that machines call: no CSRF token, no cookies, no language, on any host name, answers without pages."""

from flask import Blueprint, request

from idp.pages import csrf

_machine_blueprints: set[str] = set()


def exempt_machine(blueprint: Blueprint) -> None:
    """Declare that only machines call this blueprint (token, introspection, discovery, API, health)."""
    csrf.exempt_blueprint(blueprint)
    _machine_blueprints.add(blueprint.name)


def asks_machine() -> bool:
    """Tell whether the running request goes to a machine endpoint, or to a style sheet or picture."""
    return request.endpoint == "assets" or bool(_machine_blueprints.intersection(request.blueprints))
