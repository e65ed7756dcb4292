"""Protected resources (RFC 8707): the list, the page of one, a new one, changing and deleting."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from idp.errors import Conflict, IdpError, InvalidField
from idp.oidc.clients import resources
from idp.oidc.clients.clients import ClientUnknown
from idp.oidc.clients.resources import Resource, ResourceChangedMeanwhile, ResourceExists, ResourceInUse, User
from idp.pages.forms import Form
from idp.pages.lists import list_work
from idp.pages.render import tell
from idp.texts import text
from idp.unit_of_work import read_work, unit_of_work
from idp.web.staff.answers import ask, show
from idp.web.staff.forms import NewResourceForm, ResourceForm
from idp.web.staff.member import operators as blueprint

__all__ = ["blueprint"]

_GONE = text("No app gets tokens for it any more. Tokens that were issued for it last until they expire, five minutes at most.")
_NO_APP = text("There is no app with this client ID.")


@blueprint.get("/resources")
def list_resources() -> Response:
    """List them."""
    with list_work() as work:
        found = resources.list_all(work)
    return show("staff/resources.html", resources=found)


@blueprint.get("/resources/<resource_id>")
def show_resource(resource_id: str) -> Response:
    """Show one, and which apps use it."""
    resource, users = _find(resource_id)
    return show("staff/resource.html", resource=resource, users=users)


@blueprint.route("/resources-new", methods=["GET", "POST"])
def new_resource() -> Response:
    """Ask for a resource, and register it."""
    form = NewResourceForm()
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                made = resources.create(
                    work,
                    form.identifier.data or "",
                    name=form.name.data or "",
                    scopes=form.scopes.lines,
                    token_format=form.token_format.data,
                    introspection_client_id=form.introspection_client_id.data or None,
                )
        except (InvalidField, Conflict, ClientUnknown) as error:
            _refuse(form, error)
        else:
            tell(text("{name} is registered.", name=made.name))
            return redirect(url_for("operators.show_resource", resource_id=made.id), 303)
    return show("staff/new_resource.html", form=form)


@blueprint.route("/resources/<resource_id>/edit", methods=["GET", "POST"])
def edit_resource(resource_id: str) -> Response:
    """Show and change what can be changed; what was seen stands in the form."""
    resource, _ = _find(resource_id)
    form = ResourceForm(data=_known(resource) if request.method == "GET" else None)
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                changed = resources.change(
                    work,
                    resource.identifier,
                    name=form.name.data or "",
                    scopes=form.scopes.lines,
                    token_format=form.token_format.data,
                    introspection_client_id=form.introspection_client_id.data or None,
                    seen=form.seen.data or "",
                )
        except (InvalidField, ResourceInUse, ClientUnknown) as error:
            _refuse(form, error)
        else:
            tell(text("The changes of {name} are saved.", name=changed.name))
            return redirect(url_for("operators.show_resource", resource_id=resource_id), 303)
    return show("staff/edit_resource.html", form=form, resource=resource)


@blueprint.route("/resources/<resource_id>/delete", methods=["GET", "POST"])
def delete_resource(resource_id: str) -> Response:
    """Ask, then delete one that no app uses; say which do."""
    resource, users = _find(resource_id)
    form = Form()
    if not users and form.validate_on_submit():
        try:
            with unit_of_work() as work:
                resources.delete(work, resource.identifier)
        except ResourceInUse as error:
            users = list(error.users)
        else:
            tell(text("{name} is deleted.", name=resource.name))
            return redirect(url_for("operators.list_resources"), 303)
    if users:
        return show("staff/resource_in_use.html", status=409 if request.method == "POST" else 200, resource=resource, users=users)
    question = text("Delete {name} ({identifier})?", name=resource.name, identifier=resource.identifier)
    return ask(question, _GONE, text("Delete for good"), url_for("operators.show_resource", resource_id=resource_id), form=form)


@blueprint.errorhandler(ResourceChangedMeanwhile)
def open_resource_anew(error: IdpError) -> Response:
    """Say what has happened in the meantime above the resource's page."""
    tell(error.text, "warn")
    return redirect(url_for("operators.show_resource", resource_id=(request.view_args or {})["resource_id"]), 303)


def _find(resource_id: str) -> tuple[Resource, list[User]]:
    """Give a resource and who uses it. Raises: ResourceUnknown."""
    with read_work() as work:
        resource = resources.find(work, resource_id)
        return resource, resources.users(work, resource)


def _known(resource: Resource) -> dict[str, str]:
    return {
        "name": resource.name,
        "scopes": "\n".join(resource.scopes),
        "token_format": resource.token_format.value,
        "introspection_client_id": resource.introspection_client_id or "",
        "seen": resource.state,
    }


def _refuse(form: ResourceForm, error: IdpError) -> None:
    """Put a refusal at the field that it is about."""
    field = {ClientUnknown: "introspection_client_id", ResourceExists: "identifier", ResourceInUse: "scopes"}.get(type(error))
    form.refuse(InvalidField(field, _NO_APP if isinstance(error, ClientUnknown) else error.text) if field else error)
