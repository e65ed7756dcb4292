"""Another registration access token for an app that registered itself and has lost its own, or told it to somebody."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from idp.oidc.clients import registration
from idp.oidc.clients.clients import ChangedMeanwhile
from idp.oidc.clients.metadata import Origin
from idp.texts import text
from idp.unit_of_work import current_units, unit_of_work
from idp.web.staff.answers import ask, find_record, show
from idp.web.staff.forms import SeenForm
from idp.web.staff.member import operators as blueprint

__all__ = ["blueprint"]

_OLD_ENDS = text("The app manages its own registration by this token. The old one ends at once; the new one is shown once.")


@blueprint.route("/clients/<client_id>/registration-token", methods=["GET", "POST"])
def renew_registration_token(client_id: str) -> Response:
    """Ask, then make the token; what was seen stands in the form, so that sending it twice makes one."""
    record = find_record(client_id)
    page = url_for("operators.show_client", client_id=client_id)
    if record.client.origin is not Origin.DYNAMIC:
        return redirect(page, 303)
    form = SeenForm()
    if form.validate_on_submit():
        if form.seen_at is None:
            raise ChangedMeanwhile(client_id)
        with unit_of_work() as work:
            token = registration.renew_token(work, client_id, seen=form.seen_at)
        address = registration.address_of(current_units().settings, record.client)
        return show("staff/own_token.html", status=201, client=record.client, token=token, address=address)
    form.seen.data = record.changed_at.isoformat()
    question = text("Make a new registration token for {name}?", name=record.client.name)
    return ask(question, _OLD_ENDS, text("Make a new registration token"), page, form=form)
