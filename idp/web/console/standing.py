"""Deactivating and reactivating an account, each after a question that names the person and the consequence."""

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from idp.directory import accounts
from idp.directory.accounts import Account
from idp.errors import IdpError
from idp.identifiers import AccountId
from idp.pages.forms import Form
from idp.pages.render import render, tell
from idp.texts import Text, text
from idp.unit_of_work import read_work, unit_of_work
from idp.web.console.admin import admin, blueprint, frame

__all__ = ["blueprint"]


@blueprint.route("/accounts/<account_id>/deactivate", methods=["GET", "POST"])
def deactivate_account(account_id: str) -> AnyResponse:
    """Ask, then deactivate."""
    account = _own(account_id)
    form = Form()
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                accounts.deactivate(work, admin().customer.id, account.id)
        except IdpError as error:
            form.refuse(error)
        else:
            tell(text("{name} is deactivated and has been signed out everywhere.", name=account.name))
            return redirect(url_for("console.list_accounts"), 303)
    return _confirm(
        form,
        text("Deactivate {name} ({username})?", name=account.name, username=account.username),
        text("The person is signed out everywhere at once and can no longer sign in. You can reactivate the account at any time."),
        text("Deactivate"),
        "danger",
    )


@blueprint.route("/accounts/<account_id>/reactivate", methods=["GET", "POST"])
def reactivate_account(account_id: str) -> AnyResponse:
    """Ask, then lift the deactivation."""
    account = _own(account_id)
    form = Form()
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                accounts.reactivate(work, admin().customer.id, account.id)
        except IdpError as error:
            form.refuse(error)
        else:
            tell(text("{name} is reactivated.", name=account.name))
            return redirect(url_for("console.list_accounts"), 303)
    return _confirm(
        form,
        text("Reactivate {name} ({username})?", name=account.name, username=account.username),
        text("The person can sign in again with the same password. Somebody who was never activated needs a new invitation."),
        text("Reactivate"),
        "primary",
    )


def _own(account_id: str) -> Account:
    with read_work() as work:
        return accounts.own(work, admin().customer.id, AccountId(account_id))


def _confirm(form: Form, question: Text, consequence: Text, words: Text, tone: str) -> Response:
    status = 409 if request.method == "POST" and form.problems else None
    return render(
        "console/confirm.html",
        status=status,
        form=form,
        frame=frame(),
        question=question,
        consequence=consequence,
        words=words,
        tone=tone,
    )
