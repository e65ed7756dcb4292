"""Where a person is signed in, and signing them out there: at one place or everywhere, after a question."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from idp.authn import sessions
from idp.authn.events import EndReason
from idp.directory import accounts
from idp.identifiers import AccountId, SessionId
from idp.pages.render import tell
from idp.texts import Text, text
from idp.unit_of_work import read_work, unit_of_work
from idp.web.console.admin import admin, blueprint
from idp.web.console.answers import show
from idp.web.console.forms import ConsoleForm

__all__ = ["blueprint"]

_EVERYWHERE = text("The person is signed out at all places and in all applications at once, and can sign in again at any time.")
_AT_ONE = text("The person is signed out there and in all applications used there, and can sign in again at any time.")


@blueprint.route("/accounts/<account_id>/sign-out", methods=["GET", "POST"])
def sign_out(account_id: str) -> Response:
    """Ask, then end one session of a person (`?session=`) or all; never the one that asks, which has its own way out."""
    with read_work() as work:
        account = accounts.own(work, admin().customer.id, AccountId(account_id))
    only = request.args.get("session")
    form = ConsoleForm()
    if form.validate_on_submit():
        with unit_of_work() as work:
            chosen = SessionId(only) if only else None
            count = sessions.end_of_person(work, account.id, EndReason.SIGNED_OUT_BY_ADMIN, only=chosen, but=admin().session.id)
        tell(_done(account.name, count), "good" if count else "info")
        return redirect(url_for("console.edit_account", account_id=account.id), 303)
    return show(
        "console/confirm.html",
        form,
        back=url_for("console.edit_account", account_id=account.id),
        question=_question(account.name, account.username, at_one=bool(only)),
        consequence=_AT_ONE if only else _EVERYWHERE,
        words=text("Sign out"),
        tone="danger",
    )


def _question(name: str, username: str, *, at_one: bool) -> Text:
    if at_one:
        return text("Sign {name} ({username}) out at this place?", name=name, username=username)
    return text("Sign {name} ({username}) out everywhere?", name=name, username=username)


def _done(name: str, count: int) -> Text:
    if not count:
        return text("{name} was signed out already.", name=name)
    return text("{name} has been signed out.", name=name)
