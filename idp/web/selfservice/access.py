"""»Benutzerkonto erstellen«: a wish for an account, and the link that proves its mail address. No answer tells whether anything exists."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from idp.directory import access_requests
from idp.directory.access_requests import AccessWish
from idp.directory.errors import InvalidFields
from idp.errors import InvalidField
from idp.pages import headers, language
from idp.pages.render import render
from idp.unit_of_work import read_work, unit_of_work
from idp.web.callers import network
from idp.web.selfservice.area import blueprint
from idp.web.selfservice.asking_app import asking_app
from idp.web.selfservice.forms import AccessRequestForm, ConfirmForm
from idp.web.ways_to_signin import asked_from, back_to_signin, login_address


@blueprint.route("/access-request", methods=("GET", "POST"))
def request_access() -> Response:
    """Ask for the wish, and take it."""
    form = AccessRequestForm()
    if not form.validate_on_submit():
        return _ask(form)
    try:
        with unit_of_work() as work:
            access_requests.receive(work, _wish(form), network=network())
    except (InvalidField, InvalidFields) as error:
        for problem in error.problems if isinstance(error, InvalidFields) else (error,):
            form.refuse(problem)
        return _ask(form)
    asking = asking_app()
    authorization = asking.authorization if asking else None
    return redirect(url_for("selfservice.access_requested", authorization=authorization, signin=asked_from()), 303)


@blueprint.get("/access-request/sent")
def access_requested() -> Response:
    """Tell that a mail is on its way."""
    return render("selfservice/access_requested.html", asking=asking_app(), back=back_to_signin())


@blueprint.route("/access-request/verify/<token>", methods=("GET", "POST"))
def verify_access(token: str) -> Response:
    """Let the person confirm the mail address; opening the link alone confirms nothing, mail scanners do so too."""
    headers.hide_address()
    form = ConfirmForm()
    with read_work() as work:
        found = access_requests.find_by_token(work, token)
    if found is None:
        return render("selfservice/access_link_over.html", status=410)
    if found.verified_at is not None:
        return redirect(url_for("selfservice.access_verified"), 303)
    if request.method == "GET" or not form.validate_on_submit():
        return render("selfservice/access_verify.html", form=form, email=found.email)
    with unit_of_work() as work:
        access_requests.verify(work, token)
    return redirect(url_for("selfservice.access_verified"), 303)


@blueprint.get("/access-request/verified")
def access_verified() -> Response:
    """Tell that the customer's administrator decides now."""
    return render("selfservice/access_verified.html", back=login_address())


def _ask(form: AccessRequestForm) -> Response:
    return render("selfservice/access_request.html", form=form, asking=asking_app(), back=back_to_signin())


def _wish(form: AccessRequestForm) -> AccessWish:
    return AccessWish(
        customer_number=form.customer_number.data or "",
        given_name=form.given_name.data or "",
        family_name=form.family_name.data or "",
        email=form.email.data or "",
        username=form.username.data or "",
        locale=language.locale(),
    )
