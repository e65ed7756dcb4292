"""A new app; its secret is shown on the answer and nowhere else."""

from flask import request
from werkzeug.wrappers import Response

from idp.errors import Conflict, InvalidField
from idp.identifiers import new_id
from idp.oidc.clients import clients
from idp.oidc.clients.metadata import Origin
from idp.oidc.protocol import OAuthError
from idp.unit_of_work import unit_of_work
from idp.web.staff import problems
from idp.web.staff.answers import show
from idp.web.staff.forms import NewClientForm
from idp.web.staff.kinds import Wish, metadata_of
from idp.web.staff.member import operators as blueprint

__all__ = ["blueprint"]


@blueprint.route("/clients-new", methods=["GET", "POST"])
def new_client() -> Response:
    """Ask for the app, and register it. The id stands in the form, so that sending it twice makes one app."""
    form = NewClientForm(data={"client_id": new_id()} if request.method == "GET" else None)
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                made = clients.register(
                    work,
                    metadata_of(_wish(form)),
                    client_id=form.client_id.data,
                    first_party=bool(form.first_party.data),
                    profile=form.profile.data,
                    origin=Origin.CONSOLE,
                )
        except OAuthError as error:
            problems.show(form, error)
        except (InvalidField, Conflict) as error:
            form.refuse(error if isinstance(error, InvalidField) else InvalidField("client_id", error.text))
        else:
            return show("staff/secret.html", status=201, client=made.client, secret=made.secret, is_new=True)
    return show("staff/new_client.html", form=form)


def _wish(form: NewClientForm) -> Wish:
    return Wish(
        kind=form.chosen_kind,
        name=form.client_name.data or "",
        redirect_uris=form.redirect_uris.lines,
        post_logout_redirect_uris=form.post_logout_redirect_uris.lines,
        scopes=(form.scope.data or "").split(),
        keys=form.keys,
    )
