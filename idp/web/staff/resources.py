"""The list of protected resources (RFC 8707)."""

from werkzeug.wrappers import Response

from idp.oidc.clients import resources
from idp.pages.lists import list_work
from idp.web.staff.answers import show
from idp.web.staff.member import operators as blueprint

__all__ = ["blueprint"]


@blueprint.get("/resources")
def list_resources() -> Response:
    """List them."""
    with list_work() as work:
        found = resources.list_all(work)
    return show("staff/resources.html", resources=found)
