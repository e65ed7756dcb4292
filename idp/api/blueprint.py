"""The API put together: its routes, its own failures, and what else is asked for below it."""

from flask import Blueprint, Flask, Response
from werkzeug.exceptions import MethodNotAllowed, NotFound

from idp.api import customers, openapi, problems
from idp.pages.dpop import offer_nonces
from idp.pages.machines import exempt_machine

ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def init_app(app: Flask) -> None:
    """Offer the API at /api."""
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    exempt_machine(blueprint)
    problems.translate(blueprint)
    blueprint.add_url_rule("/openapi.json", "openapi", openapi.show)
    blueprint.add_url_rule("/v1/customers/<customer_number>", "put_customer", customers.put, methods=["PUT"])
    blueprint.add_url_rule("/v1/customers/<customer_number>", "show_customer", customers.show, methods=["GET"])
    blueprint.add_url_rule("/v1/customers/<customer_number>", "wrong_method", wrong_method, methods=["POST", "PATCH", "DELETE"])
    blueprint.add_url_rule("/v1/<path:rest>", "nothing", nothing, methods=ALL_METHODS)
    blueprint.after_request(problems.keep_nothing)
    offer_nonces(blueprint)
    app.register_blueprint(blueprint)


def wrong_method(customer_number: str) -> Response:
    """Refuse what customers do not know."""
    raise MethodNotAllowed(["GET", "HEAD", "OPTIONS", "PUT"], f"customer {customer_number}")


def nothing(rest: str) -> Response:
    """Answer what does not exist in the API's own form."""
    raise NotFound(f"There is nothing at {rest}.")
