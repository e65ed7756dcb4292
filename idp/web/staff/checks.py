"""Checks entries while they are typed, by the rules by which they will be judged; answers the page's script in JSON."""

from flask import jsonify, request
from werkzeug.wrappers import Response

from idp.errors import IdpError
from idp.oidc.clients import clients, redirect_uris, resources
from idp.oidc.clients.clients import ClientUnknown
from idp.oidc.clients.metadata import FAPI2
from idp.oidc.clients.resources import ResourceExists, ResourceUnknown
from idp.pages.language import translated
from idp.texts import Text, text
from idp.unit_of_work import UnitOfWork, current_units, read_work
from idp.web.staff.kinds import Kind, application_type
from idp.web.staff.member import operators as blueprint
from idp.web.staff.problems import of_redirect_uri

__all__ = ["blueprint"]


@blueprint.get("/redirect-uri")
def check_redirect_uri() -> Response:
    """Tell what is wrong with a redirect URI (`value`) of a kind of app (`kind`, or `fapi2`); nothing if it may be registered."""
    asked = request.args.get("kind", "")
    kind = Kind(asked) if asked in set(Kind) else Kind.WEB
    uri = _typed()
    native = application_type(kind, [uri])
    problem = redirect_uris.problem(uri, native, current_units().settings, https_only=asked == FAPI2)
    return _answer(of_redirect_uri(problem) if problem else None)


@blueprint.get("/resource-identifier")
def check_resource_identifier() -> Response:
    """Tell what is wrong with the identifier of a new resource."""
    with read_work() as work:
        return _answer(_refusal_of_identifier(work, _typed()))


@blueprint.get("/resource-scope")
def check_resource_scope() -> Response:
    """Tell what is wrong with a scope of a resource."""
    try:
        resources.check_scope(_typed())
    except IdpError as error:
        return _answer(error.text)
    return _answer(None)


@blueprint.get("/resource-client")
def check_resource_client() -> Response:
    """Tell why an app cannot ask about the tokens of a resource."""
    try:
        with read_work() as work:
            resources.check_introspecting(clients.record(work, _typed()).client)
    except ClientUnknown:
        return _answer(text("There is no app with this client ID."))
    except IdpError as error:
        return _answer(error.text)
    return _answer(None)


@blueprint.get("/client-resource")
def check_client_resource() -> Response:
    """Tell whether there is a resource for an app to name."""
    try:
        with read_work() as work:
            resources.show(work, _typed())
    except ResourceUnknown:
        return _answer(text("There is no resource {identifier}.", identifier=_typed()[:200]))
    return _answer(None)


def _refusal_of_identifier(work: UnitOfWork, identifier: str) -> Text | None:
    try:
        resources.check_identifier(identifier)
        resources.show(work, identifier)
    except ResourceUnknown:
        return None
    except IdpError as error:
        return error.text
    return ResourceExists.message


def _typed() -> str:
    return request.args.get("value", "").strip()


def _answer(problem: Text | str | None) -> Response:
    answer = jsonify(problem=translated(problem) if isinstance(problem, Text) else problem)
    answer.headers["Cache-Control"] = "no-store"
    return answer
