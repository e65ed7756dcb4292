"""Where staff begin, and where their session ends: signed out, or told in time."""

from flask import Blueprint, make_response, redirect, url_for
from werkzeug.wrappers import Response

from idp import audit
from idp.audit import Event
from idp.authn import sessions
from idp.authn.areas import Area
from idp.authn.events import EndReason
from idp.authn.sessions import Session
from idp.pages import cookies
from idp.pages.render import SessionEnds, render
from idp.unit_of_work import UnitOfWork, read_work, unit_of_work
from idp.web import session_ends
from idp.web.callers import current_session
from idp.web.staff.member import blueprint, frame, member

__all__ = ["blueprint", "session_blueprint"]

session_blueprint = Blueprint("staff_session", __name__, url_prefix="/staff/session")


@blueprint.get("/")
def home() -> Response:
    """Lead operators to the apps; whom nothing waits for yet is told so."""
    if member().is_operator:
        return redirect(url_for("operators.list_clients"), 303)
    return render("staff/home.html", frame=frame())


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the staff session."""
    who = member()
    with unit_of_work() as work:
        audit.record(work, Event.LOGOUT, account=who.account.id)
        sessions.end(work, [who.session.id], EndReason.LOGOUT)
    response = make_response(redirect(url_for("staff_session.signed_out"), 303))
    cookies.clear_session(response, Area.STAFF)
    return response


@session_blueprint.get("/signed-out")
def signed_out() -> Response:
    """Say that it is done."""
    return render("staff/signed_out.html")


@session_blueprint.get("")
def ask() -> Response:
    """Tell the page's script when the session ends."""
    with read_work() as work:
        return session_ends.answer(_ends(work, current_session(work, Area.STAFF)))


@session_blueprint.post("")
def extend() -> Response:
    """Use the session, and tell when it ends now."""
    with unit_of_work() as work:
        return session_ends.answer(_ends(work, session_ends.extended(work, current_session(work, Area.STAFF))))


def _ends(work: UnitOfWork, session: Session | None) -> SessionEnds | None:
    return session_ends.ends_of(work, session, url_for("staff_session.ask")) if session else None
