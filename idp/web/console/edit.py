"""Changing an account."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from idp.authn import sessions
from idp.directory import accounts, contracts, editing
from idp.directory.accounts import Account, AccountChange, Role
from idp.directory.editing import Edited
from idp.directory.errors import AccountChangedMeanwhile
from idp.identifiers import AccountId
from idp.pages.formats import phone_text
from idp.pages.render import tell
from idp.texts import Text, text
from idp.unit_of_work import read_work, unit_of_work
from idp.web.console.admin import admin, blueprint
from idp.web.console.answers import REFUSALS, show
from idp.web.console.forms import EditForm
from idp.web.console.person import offer_contracts, said_of

__all__ = ["blueprint"]


@blueprint.route("/accounts/<account_id>", methods=["GET", "POST"])
def edit_account(account_id: str) -> Response:
    """Show and change what is known of a person."""
    with read_work() as work:
        account = accounts.own(work, admin().customer.id, AccountId(account_id))
        granted = [str(contract) for contract in contracts.granted(work, account.id)]
        live = sessions.live_of(work, account.id)
        state = editing.state_of(work, account)
    form = EditForm(data=_known(account, granted) | {"seen": state})
    offer_contracts(form, granted)
    if account.salutation not in dict(form.salutation.choices):
        form.salutation.choices.append((account.salutation, account.salutation))
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                change = AccountChange(role=Role(form.role.data), **said_of(form))
                edited = accounts.edit(work, admin().customer.id, account.id, change, seen=form.seen.data)
        except AccountChangedMeanwhile as error:
            tell(error.text, "warn")
            return redirect(url_for("console.edit_account", account_id=account.id), 303)
        except REFUSALS as error:
            form.refuse(error)
        else:
            tell(_done(account, edited))
            return redirect(url_for("console.list_accounts"), 303)
    return show("console/edit.html", form, account=account, sessions=live, this_session=admin().session.id)


def _known(account: Account, granted: list[str]) -> dict[str, object]:
    names = ("salutation", "given_name", "family_name", "email", "locale")
    known: dict[str, object] = {name: getattr(account, name) for name in names}
    numbers = {"mobile": phone_text(account.mobile or ""), "phone": phone_text(account.phone or "")}
    limits = {"all_contracts": not account.limited_to_contracts, "contracts": granted}
    return known | numbers | limits | {"role": account.role.value}


def _done(account: Account, edited: Edited) -> Text:
    if edited.waiting:
        return text("Saved. The new address or number of {name} counts once its owner has confirmed it.", name=account.name)
    if edited.invited:
        return text("Saved. {name} gets a new invitation; earlier links are void.", name=account.name)
    return text("The changes of {name} are saved.", name=account.name)
