"""Leading whoever may not enter a guarded page yet to the sign-in, and back to that page."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from idp.authn import signins
from idp.authn.areas import Area
from idp.authn.signins import Requirement, ShownFor
from idp.pages import cookies
from idp.unit_of_work import unit_of_work

_LONGEST_ADDRESS = 2000


def lead_to_signin(requirement: Requirement, *, home: str, area: Area = Area.PUBLIC) -> Response:
    """Begin a sign-in that comes back here; after a form it comes back to `home` (an own path), since the form's page is gone."""
    if request.method != "GET":
        return redirect(home, 303)
    browser = cookies.bind_browser()
    with unit_of_work() as work:
        signin_id = signins.start(work, browser.hash, requirement, _this_page(home), ShownFor(), area)
    return redirect(url_for("signin.page", signin_id=signin_id), 303)


def _this_page(home: str) -> str:
    """Give the own path that was asked for, built from its route; one too long to keep becomes `home`."""
    query = request.query_string.decode("ascii", "ignore")
    page = url_for(request.endpoint or "", **(request.view_args or {})) + (f"?{query}" if query else "")
    return page if len(page) <= _LONGEST_ADDRESS else home
