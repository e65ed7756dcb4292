"""The link that confirms a new mail address."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from idp.directory import contact_changes
from idp.directory.errors import LinkVoid
from idp.pages import headers
from idp.pages.render import render
from idp.unit_of_work import read_work, unit_of_work
from idp.web.selfservice.area import blueprint
from idp.web.selfservice.forms import ConfirmForm


@blueprint.route("/contact-change/<token>", methods=("GET", "POST"))
def confirm_contact(token: str) -> Response:
    """Let the owner confirm the new address; opening the link alone changes nothing."""
    headers.hide_address()
    form = ConfirmForm()
    with read_work() as work:
        change = contact_changes.find_by_token(work, token)
    if change is None:
        return render("selfservice/contact_link_over.html", status=410)
    if request.method == "GET" or not form.validate_on_submit():
        return render("selfservice/contact_confirm.html", form=form, email=change.value)
    try:
        with unit_of_work() as work:
            contact_changes.confirm(work, token)
    except LinkVoid:
        return render("selfservice/contact_link_over.html", status=410)
    return redirect(url_for("selfservice.contact_confirmed"), 303)


@blueprint.get("/contact-change/confirmed")
def contact_confirmed() -> Response:
    """Tell that the new address counts."""
    return render("selfservice/contact_confirmed.html")
