"""Deactivating and reactivating an account, each after a question that names the person and the consequence."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from idp.directory import accounts
from idp.directory.accounts import Account
from idp.identifiers import AccountId
from idp.pages.render import tell
from idp.texts import text
from idp.unit_of_work import read_work, unit_of_work
from idp.web.console.admin import admin, blueprint
from idp.web.console.answers import REFUSALS, show
from idp.web.console.forms import ConsoleForm

__all__ = ["blueprint"]

_SIGNED_OUT = text("The person is signed out everywhere at once and can no longer sign in. You can reactivate the account at any time.")
_NO_ACTIVATION = text(
    "The link of the invitation no longer works, and a planned invitation is not sent. You can reactivate the account at any time."
)
_SIGNS_IN = text("The person can sign in again with the same password.")
_LINK_WORKS = text("The link of an invitation that was sent works again until it expires; you can send a new one at any time.")


@blueprint.route("/accounts/<account_id>/deactivate", methods=["GET", "POST"])
def deactivate_account(account_id: str) -> Response:
    """Ask, then deactivate."""
    account = _own(account_id)
    form = ConsoleForm()
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                accounts.deactivate(work, admin().customer.id, account.id)
        except REFUSALS as error:
            form.refuse(error)
        else:
            signed_out = text("{name} is deactivated and has been signed out everywhere.", name=account.name)
            tell(signed_out if account.activated_at else text("{name} is deactivated.", name=account.name))
            return redirect(url_for("console.list_accounts"), 303)
    return show(
        "console/confirm.html",
        form,
        back=url_for("console.list_accounts"),
        question=text("Deactivate {name} ({username})?", name=account.name, username=account.username),
        consequence=_SIGNED_OUT if account.activated_at else _NO_ACTIVATION,
        words=text("Deactivate"),
        tone="danger",
    )


@blueprint.route("/accounts/<account_id>/reactivate", methods=["GET", "POST"])
def reactivate_account(account_id: str) -> Response:
    """Ask, then lift the deactivation."""
    account = _own(account_id)
    form = ConsoleForm()
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                accounts.reactivate(work, admin().customer.id, account.id)
        except REFUSALS as error:
            form.refuse(error)
        else:
            tell(text("{name} is reactivated.", name=account.name))
            return redirect(url_for("console.list_accounts"), 303)
    return show(
        "console/confirm.html",
        form,
        back=url_for("console.list_accounts"),
        question=text("Reactivate {name} ({username})?", name=account.name, username=account.username),
        consequence=_SIGNS_IN if account.activated_at else _LINK_WORKS,
        words=text("Reactivate"),
        tone="primary",
    )


def _own(account_id: str) -> Account:
    with read_work() as work:
        return accounts.own(work, admin().customer.id, AccountId(account_id))
