"""The front door: /signin begins a sign-in without an app, / leads a signed-in person to where there is something to do."""

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from idp.authn import signins
from idp.authn.signins import Requirement, ShownFor
from idp.directory import accounts
from idp.directory.accounts import Account, Role
from idp.pages import cookies
from idp.pages.render import render
from idp.settings import Settings
from idp.unit_of_work import current_units, read_work, unit_of_work
from idp.web.callers import current_session

blueprint = Blueprint("entry", __name__)


@blueprint.get("/signin")
def begin() -> Response:
    """Begin a sign-in; who is signed in is led on."""
    browser = cookies.bind_browser()
    with read_work() as work:
        session = current_session(work)
    if session:
        return redirect(url_for("entry.home"), 303)
    portal = current_units().settings.portal_url
    shown_for = ShownFor(form_action_origin=portal or None)
    with unit_of_work() as work:
        signin_id = signins.start(work, browser.hash, Requirement(), url_for("entry.home"), shown_for)
    return redirect(url_for("signin.page", signin_id=signin_id), 303)


@blueprint.get("/")
def home() -> Response:
    """Lead on by role: to the portal, else to the user management; whom nothing waits for is told so."""
    with read_work() as work:
        session = current_session(work)
        account = accounts.find(work, session.account_id) if session else None
    if account is None:
        return redirect(url_for("entry.begin"), 303)
    address = _destination(account, current_units().settings)
    return redirect(address, 303) if address else render("signin/signed_in.html", account=account)


def _destination(account: Account, settings: Settings) -> str:
    if account.is_staff:
        return ""
    if settings.portal_url:
        return settings.portal_url
    return url_for("console.list_accounts") if account.role is Role.ADMINISTRATOR_KUNDENPORTAL else ""
