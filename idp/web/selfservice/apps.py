"""The apps of others that a person lets have access, and taking that back."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from idp.identifiers import ClientId
from idp.oidc.authorization import consent, permissions
from idp.oidc.authorization.consent import Consent
from idp.oidc.clients.scopes import OFFLINE_ACCESS
from idp.pages.render import render, tell
from idp.texts import text
from idp.unit_of_work import read_work, unit_of_work
from idp.web.selfservice.forms import ConfirmForm
from idp.web.selfservice.person import blueprint, frame, person


@blueprint.get("/")
def list_apps() -> Response:
    """List the apps with what they may do."""
    with read_work() as work:
        given = consent.of_account(work, person().account.id)
    shown = [(one, permissions.of_scopes(scope for scope in one.scopes if scope != OFFLINE_ACCESS)) for one in given]
    return render("selfservice/apps.html", frame=frame(), given=shown)


@blueprint.route("/apps/<client_id>/revoke", methods=["GET", "POST"])
def revoke(client_id: str) -> Response:
    """Ask, then take the access back."""
    found = _given(client_id)
    if found is None:
        tell(text("This app has no access any more."), "info")
        return redirect(url_for("account.list_apps"), 303)
    form = ConfirmForm()
    if not form.validate_on_submit():
        return render("selfservice/revoke.html", form=form, frame=frame(), app=found.client)
    with unit_of_work() as work:
        consent.revoke(work, person().account.id, found.client.id)
    tell(text("{app} has no access any more.", app=found.client.name))
    return redirect(url_for("account.list_apps"), 303)


def _given(client_id: str) -> Consent | None:
    with read_work() as work:
        given = consent.of_account(work, person().account.id)
    return next((one for one in given if one.client.id == ClientId(client_id)), None)
