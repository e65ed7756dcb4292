"""»Benutzerkonto erstellen«."""

from datetime import datetime

from flask import redirect, url_for
from werkzeug.wrappers import Response

from idp.directory import accounts
from idp.directory.accounts import Account, NewAccount, Role
from idp.pages.render import tell
from idp.texts import Text, text
from idp.unit_of_work import unit_of_work
from idp.web.console.admin import admin, blueprint
from idp.web.console.answers import REFUSALS, show
from idp.web.console.forms import CreateForm
from idp.web.console.person import offer_contracts, said_of

__all__ = ["blueprint"]


@blueprint.route("/accounts/new", methods=["GET", "POST"])
def new_account() -> Response:
    """Create an account and send its invitation, now or later."""
    form = CreateForm()
    offer_contracts(form)
    if form.validate_on_submit():
        try:
            account = _create(form)
        except REFUSALS as error:
            form.refuse(error)
        else:
            tell(_done(account, _send_at(form)))
            return redirect(url_for("console.list_accounts"), 303)
    return show("console/create.html", form)


def _create(form: CreateForm) -> Account:
    new = NewAccount(role=Role(form.chosen_role), username=form.username.data or "", **said_of(form))
    with unit_of_work() as work:
        return accounts.create(work, admin().customer.id, new, send_at=_send_at(form))


def _send_at(form: CreateForm) -> datetime | None:
    return form.send_at.moment if form.sending.data == "later" else None


def _done(account: Account, send_at: datetime | None) -> Text:
    if send_at:
        return text("The account {username} is created; its invitation goes out at the planned time.", username=account.username)
    return text("The account {username} is created; the invitation goes to {email}.", username=account.username, email=account.email)
