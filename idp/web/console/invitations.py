"""Sending an invitation (again), and moving or cancelling a scheduled one."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from idp.directory import accounts, invitations
from idp.directory.accounts import ListedAccount
from idp.directory.errors import InvitationGone, InvitedMeanwhile
from idp.identifiers import AccountId
from idp.pages.render import tell
from idp.texts import text
from idp.unit_of_work import read_work, unit_of_work
from idp.web.console.admin import admin, blueprint
from idp.web.console.answers import REFUSALS, show
from idp.web.console.forms import ConsoleForm, MoveForm

__all__ = ["blueprint"]


@blueprint.post("/accounts/<account_id>/invitation/send")
def send_invitation(account_id: str) -> Response:
    """Send a new invitation at once; the link before it ends. Sent again, the same form sends nothing more."""
    account = _own(account_id).account
    try:
        with unit_of_work() as work:
            invitations.resend(work, admin().customer.id, account.id, seen=request.form.get("seen"))
    except InvitedMeanwhile:
        raise
    except REFUSALS as error:
        tell(error.text, "bad")
    else:
        tell(text("A new invitation goes to {email}. Earlier links are void.", email=account.email))
    return redirect(url_for("console.list_accounts"), 303)


@blueprint.route("/accounts/<account_id>/invitation/move", methods=["GET", "POST"])
def move_invitation(account_id: str) -> Response:
    """Give a scheduled invitation another time."""
    listed = _scheduled(account_id)
    form = MoveForm()
    if form.validate_on_submit() and form.send_at.moment:
        try:
            with unit_of_work() as work:
                invitations.move(work, admin().customer.id, listed.account.id, form.send_at.moment)
        except InvitationGone:
            raise
        except REFUSALS as error:
            form.refuse(error)
        else:
            tell(text("The invitation of {name} is planned anew.", name=listed.account.name))
            return redirect(url_for("console.list_accounts"), 303)
    elif not form.is_submitted() and listed.invitation and listed.invitation.scheduled_local:
        form.send_at.data = listed.invitation.scheduled_local.split(" ")[0]
    return show("console/move.html", form, account=listed.account)


@blueprint.route("/accounts/<account_id>/invitation/cancel", methods=["GET", "POST"])
def cancel_invitation(account_id: str) -> Response:
    """Ask, then take a scheduled invitation back."""
    listed = _scheduled(account_id)
    form = ConsoleForm()
    if form.validate_on_submit():
        with unit_of_work() as work:
            invitations.cancel(work, admin().customer.id, listed.account.id)
        tell(text("The invitation of {name} is cancelled. The account stays; you can invite later.", name=listed.account.name))
        return redirect(url_for("console.list_accounts"), 303)
    return show(
        "console/confirm.html",
        form,
        back=url_for("console.list_accounts"),
        question=text("Cancel the invitation of {name} ({username})?", name=listed.account.name, username=listed.account.username),
        consequence=text("No mail is sent. The account stays as »Not invited«; you can invite at any time."),
        words=text("Cancel the invitation"),
        tone="danger",
    )


def _own(account_id: str) -> ListedAccount:
    with read_work() as work:
        return accounts.show(work, admin().customer.id, AccountId(account_id))


def _scheduled(account_id: str) -> ListedAccount:
    """Give an account with a scheduled invitation. Raises: NotFound, InvitationGone."""
    listed = _own(account_id)
    if listed.scheduled_for is None:
        raise InvitationGone(account_id)
    return listed
