"""The description of the API (OpenAPI 3.1); its schemas are made from the shapes that the API reads with."""

from functools import cache
from typing import Any

from flask import Response, jsonify
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from idp.api.documents import CustomerAnswer, CustomerShape, Problem
from idp.oidc.protocol import Path
from idp.settings import Settings
from idp.unit_of_work import current_units

_SHAPES: tuple[type[BaseModel], ...] = (CustomerShape, CustomerAnswer, Problem)
_REFUSALS = {
    "400": "The body is no JSON document.",
    "401": "No valid access token.",
    "403": "The access token lacks the scope `provisioning`.",
    "409": "A contract of the document belongs to another customer.",
    "413": "The document is larger than 1 MiB.",
    "415": "The body is not declared as JSON.",
    "422": "Entries of the document are not possible; `errors` names each.",
    "429": "The main contact has been changed too often today.",
    "503": "Busy; see `Retry-After`.",
}


def show() -> Response:
    """Give the document."""
    return jsonify(document(current_units().settings))


def document(settings: Settings) -> dict[str, Any]:
    """Put the description together for an installation."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Customers",
            "version": "1",
            "description": "The ordering system's view of customers, contracts and main contacts.",
        },
        "servers": [{"url": f"{settings.issuer_address}/api"}],
        "paths": {"/v1/customers/{customer_number}": _customer_path()},
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "client": {
                    "type": "oauth2",
                    "description": "A token that was asked for with a DPoP proof (RFC 9449) comes with one at each request.",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": Path.TOKEN.below(settings),
                            "scopes": {"provisioning": "Write and read customers."},
                        }
                    },
                }
            },
        },
        "security": [{"client": ["provisioning"]}],
    }


def _customer_path() -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": _reference(CustomerShape)}}}
    answers = {"200": _answer("The customer was there."), "201": _answer("The customer is new; its main contact is invited.")}
    number = {"type": "string", "pattern": "^[1-9][0-9]{0,19}$"}
    return {
        "parameters": [{"name": "customer_number", "in": "path", "required": True, "schema": number}],
        "put": {
            "operationId": "putCustomer",
            "summary": "Make a customer what the document says; an equal document changes nothing.",
            "requestBody": body,
            "responses": answers | {status: _refusal(why) for status, why in _REFUSALS.items()},
        },
        "get": {
            "operationId": "getCustomer",
            "summary": "Give the last document with the accounts as they are now.",
            "responses": {
                "200": _answer("The customer."),
                "404": _refusal("There is no customer with this number."),
            }
            | {status: _refusal(_REFUSALS[status]) for status in ("401", "403", "503")},
        },
    }


def _answer(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _reference(CustomerAnswer)}}}


def _refusal(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": _reference(Problem)}}}


def _reference(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


@cache
def _schemas() -> dict[str, Any]:
    _, made = models_json_schema([(shape, "validation") for shape in _SHAPES], ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = made["$defs"]
    return schemas
