"""Switching an app off and on, and deleting it, each after a question that names it and the consequence."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from idp.oidc.clients import clients
from idp.pages.forms import Form
from idp.pages.render import tell
from idp.texts import text
from idp.unit_of_work import unit_of_work
from idp.web.staff.answers import ask, find_record
from idp.web.staff.member import operators as blueprint

__all__ = ["blueprint"]

_OFF = text("Nobody can sign in to it any more, and all tokens that it holds end at once. You can switch it on again at any time.")
_ON = text("People can sign in to it again. The tokens that ended stay ended.")
_GONE = text("The app, its secrets and all tokens that it holds end at once. This cannot be undone; switching it off can.")


@blueprint.route("/clients/<client_id>/disable", methods=["GET", "POST"])
def disable_client(client_id: str) -> Response:
    """Ask, then switch an app off."""
    return _switch(client_id, enabled=False)


@blueprint.route("/clients/<client_id>/enable", methods=["GET", "POST"])
def enable_client(client_id: str) -> Response:
    """Ask, then switch an app on."""
    return _switch(client_id, enabled=True)


@blueprint.route("/clients/<client_id>/delete", methods=["GET", "POST"])
def delete_client(client_id: str) -> Response:
    """Ask, then delete an app."""
    client = find_record(client_id).client
    form = Form()
    if form.validate_on_submit():
        with unit_of_work() as work:
            clients.delete(work, client_id)
        tell(text("{name} is deleted.", name=client.name))
        return redirect(url_for("operators.list_clients"), 303)
    question = text("Delete {name} ({client_id})?", name=client.name, client_id=client.id)
    return ask(question, _GONE, text("Delete for good"), url_for("operators.show_client", client_id=client_id), form=form)


def _switch(client_id: str, *, enabled: bool) -> Response:
    client = find_record(client_id).client
    page = url_for("operators.show_client", client_id=client_id)
    form = Form()
    if form.validate_on_submit():
        with unit_of_work() as work:
            clients.enable(work, client_id, enabled=enabled)
        on, off = text("{name} is switched on.", name=client.name), text("{name} is switched off.", name=client.name)
        tell(on if enabled else off)
        return redirect(page, 303)
    if enabled:
        return ask(text("Switch {name} on again?", name=client.name), _ON, text("Switch on"), page, form=form, tone="primary")
    return ask(text("Switch {name} off?", name=client.name), _OFF, text("Switch off"), page, form=form)
