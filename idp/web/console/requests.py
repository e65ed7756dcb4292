"""Access requests of people who asked for an account: approve or reject."""

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from idp.directory import access_requests
from idp.directory.access_requests import AccessRequest
from idp.directory.errors import AlreadyDecided
from idp.identifiers import AccessRequestId
from idp.pages.lists import list_work
from idp.pages.render import render, tell
from idp.texts import text
from idp.unit_of_work import read_work, unit_of_work
from idp.web.console.admin import admin, blueprint, frame
from idp.web.console.answers import REFUSALS, show
from idp.web.console.forms import ApproveForm, ConsoleForm

__all__ = ["blueprint"]


@blueprint.get("/requests")
def list_requests() -> Response:
    """List what waits for a decision."""
    with list_work() as work:
        waiting = access_requests.list_waiting(work, admin().customer.id)
    return render("console/requests.html", frame=frame(), requests=waiting)


@blueprint.route("/requests/<request_id>/approve", methods=["GET", "POST"])
def approve_request(request_id: str) -> AnyResponse:
    """Ask for the user name, then create the account and send its invitation."""
    wish = _own(request_id)
    form = ApproveForm(data={"username": wish.username})
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                access_requests.approve(work, admin().customer.id, wish.id, username=form.username.data, mobile=form.mobile.data or "")
        except AlreadyDecided:
            raise
        except REFUSALS as error:
            form.refuse(error)
        else:
            tell(text("Approved. The invitation goes to {email}.", email=wish.email))
            return redirect(url_for("console.list_requests"), 303)
    return show("console/approve.html", form, wish=wish)


@blueprint.route("/requests/<request_id>/reject", methods=["GET", "POST"])
def reject_request(request_id: str) -> AnyResponse:
    """Ask, then reject."""
    wish = _own(request_id)
    form = ConsoleForm()
    if form.validate_on_submit():
        with unit_of_work() as work:
            access_requests.reject(work, admin().customer.id, wish.id)
        tell(text("The request of {name} is rejected.", name=wish.name))
        return redirect(url_for("console.list_requests"), 303)
    return show(
        "console/confirm.html",
        form,
        back=url_for("console.list_requests"),
        question=text("Reject the request of {name}?", name=wish.name),
        consequence=text("No account is created. {email} gets a short mail about it.", email=wish.email),
        words=text("Reject"),
        tone="danger",
    )


def _own(request_id: str) -> AccessRequest:
    with read_work() as work:
        return access_requests.find_waiting(work, admin().customer.id, AccessRequestId(request_id))
