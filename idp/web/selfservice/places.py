"""Where a person is signed in, and signing out there."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from idp.authn import sessions
from idp.authn.events import EndReason
from idp.identifiers import SessionId
from idp.pages.render import render, tell
from idp.texts import text
from idp.unit_of_work import read_work, unit_of_work
from idp.web.selfservice.forms import ConfirmForm
from idp.web.selfservice.person import blueprint, frame, person


@blueprint.get("/sessions")
def list_places() -> Response:
    """List the running sessions."""
    who = person()
    with read_work() as work:
        live = sessions.live_of(work, who.account.id)
    return render("selfservice/places.html", frame=frame(), sessions=live, this_session=who.session.id)


@blueprint.route("/sessions/sign-out", methods=["GET", "POST"])
def sign_out() -> Response:
    """Ask, then end one session (`?session=`) or all others; the asking one has its own way out."""
    only = request.args.get("session")
    form = ConfirmForm()
    if not form.validate_on_submit():
        return render("selfservice/sign_out.html", form=form, frame=frame(), at_one=bool(only))
    who = person()
    with unit_of_work() as work:
        chosen = SessionId(only) if only else None
        count = sessions.end_of_person(work, who.account.id, EndReason.LOGOUT, only=chosen, but=who.session.id)
    tell(text("You are signed out there.") if count else text("You were signed out there already."), "good" if count else "info")
    return redirect(url_for("account.list_places"), 303)
