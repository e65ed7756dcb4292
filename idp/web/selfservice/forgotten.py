"""»Passwort vergessen«: the same answer for everybody, whether or not there is such an account."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from idp.authn import resets
from idp.pages import cookies
from idp.pages.render import render
from idp.unit_of_work import unit_of_work
from idp.web.callers import bound_caller
from idp.web.selfservice.area import blueprint
from idp.web.selfservice.forms import ForgottenForm
from idp.web.ways_to_signin import asked_from, back_to_signin


@blueprint.route("/password/forgot", methods=("GET", "POST"))
def forgot() -> Response:
    """Ask whose password is forgotten, and send the link."""
    form = ForgottenForm()
    if request.method == "GET":
        cookies.bind_browser()
        return render("selfservice/forgot.html", form=form, back=back_to_signin())
    if not form.validate_on_submit():
        return render("selfservice/forgot.html", form=form, back=back_to_signin())
    with unit_of_work() as work:
        resets.request(work, form.username.data or "", bound_caller())
    return redirect(url_for("selfservice.forgot_sent", signin=asked_from()), 303)


@blueprint.get("/.well-known/change-password")
def change_password() -> Response:
    """Lead password managers to where a new password begins (W3C: A Well-Known URL for Changing Passwords)."""
    return redirect(url_for("selfservice.forgot"), 303)


@blueprint.get("/password/forgot/sent")
def forgot_sent() -> Response:
    """Tell what happens next, the same for every user ID."""
    return render("selfservice/forgot_sent.html", back=back_to_signin(), signin=asked_from())
