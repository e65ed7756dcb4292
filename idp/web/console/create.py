"""»Benutzerkonto erstellen«."""

from datetime import datetime

from flask import redirect, url_for
from werkzeug.wrappers import Response

from idp.directory import accounts
from idp.directory.accounts import Account, NewAccount, Role
from idp.errors import IdpError
from idp.pages.render import render, tell
from idp.texts import Text, text
from idp.unit_of_work import unit_of_work
from idp.web.console.admin import admin, blueprint, frame
from idp.web.console.forms import CreateForm
from idp.web.console.person import offer_contracts, said_of, show_refusal

__all__ = ["blueprint"]

_WHEN_MISSING = text("Please enter when the invitation is to be sent.")


@blueprint.route("/accounts/new", methods=["GET", "POST"])
def new_account() -> Response:
    """Create an account and send its invitation, now or later."""
    form = CreateForm()
    offer_contracts(form)
    if form.validate_on_submit() and _when_is_said(form):
        try:
            account = _create(form)
        except IdpError as error:
            show_refusal(form, error)
        else:
            tell(_done(account, _send_at(form)))
            return redirect(url_for("console.list_accounts"), 303)
    return render("console/create.html", form=form, frame=frame())


def _create(form: CreateForm) -> Account:
    role = Role(form.role.data or form.type.data)
    new = NewAccount(role=role, username=form.username.data or "", **said_of(form))
    with unit_of_work() as work:
        return accounts.create(work, admin().customer.id, new, send_at=_send_at(form))


def _send_at(form: CreateForm) -> datetime | None:
    return form.send_at.moment if form.sending.data == "later" else None


def _when_is_said(form: CreateForm) -> bool:
    if form.sending.data == "later" and form.send_at.moment is None:
        form.add_problem("send_at", _WHEN_MISSING)
        return False
    return True


def _done(account: Account, send_at: datetime | None) -> Text:
    if send_at:
        return text("The account {username} is created; its invitation goes out at the planned time.", username=account.username)
    return text("The account {username} is created; the invitation goes to {email}.", username=account.username, email=account.email)
