"""A further secret beside the one in use, and the end of the old one: an app changes over without a gap."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from idp.oidc.clients import clients
from idp.oidc.clients.clients import ChangedMeanwhile
from idp.oidc.clients.metadata import BASIC, POST
from idp.pages.render import tell
from idp.texts import text
from idp.unit_of_work import read_work, unit_of_work
from idp.web.staff.answers import ask, find_record, show
from idp.web.staff.forms import SeenForm
from idp.web.staff.member import operators as blueprint

__all__ = ["blueprint"]

_BOTH = text("The secret in use stays valid beside the new one until you end it. The new one is shown once.")
_THIRD = text("The newer of the two secrets stays valid beside the new one; the older one ends at once. The new one is shown once.")
_OLD_ENDS = text("Whoever still uses the old secret is refused from then on. The newest secret stays valid.")


@blueprint.route("/clients/<client_id>/secret", methods=["GET", "POST"])
def renew_secret(client_id: str) -> Response:
    """Ask, then make a further secret; what was seen stands in the form, so that sending it twice makes one."""
    client = find_record(client_id).client
    page = url_for("operators.show_client", client_id=client_id)
    if client.auth_method not in (BASIC, POST):
        return redirect(page, 303)
    with read_work() as work:
        made_at = clients.secrets_made_at(work, client_id)
    newest = made_at[0] if made_at else None
    form = SeenForm()
    if form.validate_on_submit():
        if newest and form.seen_at != newest:
            raise ChangedMeanwhile(client_id)
        with unit_of_work() as work:
            secret = clients.renew_secret(work, client_id, seen=newest)
        return show("staff/secret.html", status=201, client=client, secret=secret, is_new=False)
    form.seen.data = newest.isoformat() if newest else ""
    question = text("Make a new secret for {name}?", name=client.name)
    return ask(question, _THIRD if len(made_at) > 1 else _BOTH, text("Make a new secret"), page, form=form, tone="primary")


@blueprint.route("/clients/<client_id>/secret/end-old", methods=["GET", "POST"])
def end_old_secret(client_id: str) -> Response:
    """Ask, then let the newest secret be the only one."""
    client = find_record(client_id).client
    page = url_for("operators.show_client", client_id=client_id)
    form = SeenForm()
    if form.validate_on_submit():
        with unit_of_work() as work:
            clients.end_old_secrets(work, client_id)
        tell(text("The old secret of {name} has ended.", name=client.name))
        return redirect(page, 303)
    return ask(text("End the old secret of {name}?", name=client.name), _OLD_ENDS, text("End old secret"), page, form=form)
