"""Checks a redirect URI while it is typed, by the rules by which it will be judged; answers the page's script in JSON."""

from flask import jsonify, request
from werkzeug.wrappers import Response

from idp.oidc.clients import redirect_uris
from idp.pages.language import translated
from idp.texts import Text
from idp.unit_of_work import current_units
from idp.web.staff.kinds import Kind, application_type
from idp.web.staff.member import operators as blueprint
from idp.web.staff.problems import of_redirect_uri

__all__ = ["blueprint"]


@blueprint.get("/redirect-uri")
def check_redirect_uri() -> Response:
    """Tell what is wrong with a redirect URI (`uri`) of a kind of app (`kind`); nothing if it may be registered."""
    asked = request.args.get("kind", "")
    kind = Kind(asked) if asked in set(Kind) else Kind.WEB
    uri = request.args.get("uri", "").strip()
    native = application_type(kind, [uri])
    problem = redirect_uris.problem(uri, native, current_units().settings, https_only=kind is Kind.FAPI)
    said = of_redirect_uri(problem) if problem else None
    answer = jsonify(problem=translated(said) if isinstance(said, Text) else said)
    answer.headers["Cache-Control"] = "no-store"
    return answer
