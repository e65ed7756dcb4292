"""Changing an app: by a form for what is changed often, as a JSON document for all the rest; one validator judges both."""

from typing import Any
from urllib.parse import quote

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from idp.oidc.clients import clients, sectors
from idp.oidc.clients.clients import Client, ClientRecord
from idp.oidc.clients.metadata import STANDARD, Metadata
from idp.oidc.protocol import OAuthError
from idp.pages.render import tell
from idp.texts import text
from idp.unit_of_work import current_units, unit_of_work
from idp.web.staff import problems
from idp.web.staff.answers import find_record, show
from idp.web.staff.documents import as_text, changes_of
from idp.web.staff.forms import ClientForm, LinesField, MetadataForm, SeenForm
from idp.web.staff.kinds import is_for_people, kind_of
from idp.web.staff.member import operators as blueprint

__all__ = ["blueprint"]

_LONGEST_KEYS = 30_000
"""Bytes as a browser sends them; with longer ones the form might not be taken any more."""


@blueprint.route("/clients/<client_id>/edit", methods=["GET", "POST"])
def edit_client(client_id: str) -> Response:
    """Show and change what is changed often."""
    record = find_record(client_id)
    known = _known(record)
    form = ClientForm(data=known if request.method == "GET" else None)
    for_people = is_for_people(record.client.grant_types) or is_for_people(form.grant_types.data or ())
    form.keep_unasked(known)
    if not for_people:
        form.leave_out_people()
    if len(quote(known["jwks"])) > _LONGEST_KEYS:
        del form["jwks"]
    if form.validate_on_submit():
        changes = changes_of(record.client.metadata, form.members)
        first_party = bool(form.first_party.data) if for_people else None
        if _changed(record, form, changes, first_party=first_party, profile=form.profile.data):
            return redirect(url_for("operators.show_client", client_id=client_id), 303)
    return show("staff/edit.html", form=form, client=record.client, kind=kind_of(record.client), for_people=for_people)


@blueprint.route("/clients/<client_id>/metadata", methods=["GET", "POST"])
def edit_metadata(client_id: str) -> Response:
    """Show and change the whole."""
    record = find_record(client_id)
    known = {"document": as_text(record.client.metadata), "seen": record.changed_at.isoformat()}
    form = MetadataForm(data=known if request.method == "GET" else None)
    if form.validate_on_submit():
        given = form.document.document or {}
        unknown = sorted(set(given) - set(Metadata.model_fields))
        removed = {name: None for name in record.client.metadata if name not in given}
        if unknown:
            form.add_problem("document", text("Nobody knows these members: {members}", members=", ".join(unknown)[:300]))
        elif _changed(record, form, changes_of(record.client.metadata, given | removed)):
            return redirect(url_for("operators.show_client", client_id=client_id), 303)
    return show("staff/metadata.html", form=form, client=record.client)


def _changed(
    record: ClientRecord, form: SeenForm, changes: dict[str, Any], *, first_party: bool | None = None, profile: str | None = None
) -> bool:
    """Change the app, or show in the form why not. Raises: ChangedMeanwhile, ClientUnknown."""
    client = record.client
    if not changes and first_party in (None, client.first_party) and profile in (None, _profile_of(client)):
        tell(text("Nothing was changed."), "info")
        return True
    try:
        whole = {name: value for name, value in {**client.metadata, **changes}.items() if value is not None}
        if {"sector_identifier_uri", "redirect_uris"}.intersection(changes):
            sectors.prove(current_units(), whole, client.origin)
        with unit_of_work() as work:
            seen = form.seen_at or record.created_at
            clients.change(work, client.id, changes, first_party=first_party, profile=profile, seen=seen)
    except OAuthError as error:
        problems.show(form, error)
        return False
    tell(text("The changes of {name} are saved.", name=client.name))
    return True


def _known(record: ClientRecord) -> dict[str, Any]:
    known = dict(record.client.metadata)
    lines = {name: "\n".join(known.get(name, ())) for name, field in vars(ClientForm).items() if _is_of_lines(field)}
    known["jwks"] = as_text(known["jwks"]) if "jwks" in known else ""
    beside = {"first_party": record.client.first_party, "profile": _profile_of(record.client), "seen": record.changed_at.isoformat()}
    return known | lines | beside


def _profile_of(client: Client) -> str:
    return client.profile or STANDARD


def _is_of_lines(field: Any) -> bool:
    return getattr(field, "field_class", None) is LinesField
