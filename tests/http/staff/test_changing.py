"""Operators change apps by a form and as JSON."""

import json
from html import unescape

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests.http.staff.conftest import CALLBACK
from tests.http.staff.operating import APP, fields_of, record
from tests.visitor import Visitor


def test_the_form_changes_what_it_names_and_leaves_the_rest(staff: Visitor, registered, units: Units, clock) -> None:
    registered(tos_uri="https://app.example/tos", default_max_age=60)
    clock.advance(minutes=1)
    staff.open(f"{APP}/edit")
    staff.send(
        "client_name", client_name="Neuer Name", redirect_uris=f"{CALLBACK}\n\n https://app.example/zwei ", scope="openid", tos_uri="",
        frontchannel_logout_uri="https://app.example/fc", first_party="",
    )  # fmt: skip
    assert staff.heading == "Neuer Name"
    changed = record(units, "app").client
    assert changed.redirect_uris == (CALLBACK, "https://app.example/zwei")
    assert (changed.name, changed.scopes, changed.tos_uri) == ("Neuer Name", {"openid"}, None)
    assert (changed.frontchannel_logout_uri, changed.default_max_age) == ("https://app.example/fc", 60)
    with units.read() as work:
        (noted,) = work.db.scalars(select(AuditEvent.detail).where(AuditEvent.event == "client.changed"))
    assert noted == {"members": ["client_name", "frontchannel_logout_uri", "redirect_uris", "scope", "tos_uri"]}


def test_an_untouched_form_changes_nothing(staff: Visitor, registered, units: Units, clock) -> None:
    registered(post_logout_redirect_uris=["https://app.example/out"], first_party=False)
    before = record(units, "app")
    clock.advance(minutes=1)
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name")
    fields.pop("first_party")
    assert staff.post(f"{APP}/edit", **fields).status_code == 303
    assert record(units, "app") == before


def test_an_error_in_the_form_is_told_at_its_field(staff: Visitor, registered, units: Units) -> None:
    registered()
    before = record(units, "app")
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name") | {"backchannel_logout_uri": "http://intern.example/"}
    answer = staff.post(f"{APP}/edit", **fields)
    assert answer.status_code == 422
    assert 'id="backchannel_logout_uri-error"' in answer.text
    assert record(units, "app") == before


def test_who_saves_later_does_not_undo_what_somebody_saved_meanwhile(staff: Visitor, registered, units: Units, unit, clock) -> None:
    registered()
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name")
    clock.advance(minutes=1)
    with unit() as work:
        clients.change(work, "app", {"redirect_uris": ["https://app.example/neu"]})
    answer = staff.post(f"{APP}/edit", **(fields | {"client_name": "Zu spät"}))
    assert answer.location == APP
    assert "Diese App wurde inzwischen geändert." in staff.open(APP).text
    assert record(units, "app").client.redirect_uris == ("https://app.example/neu",)


def test_the_whole_metadata_is_changed_as_json(staff: Visitor, registered, units: Units) -> None:
    registered(default_max_age=60)
    staff.open(f"{APP}/metadata")
    document = json.loads(fields_of(staff, "seen")["document"])
    document |= {"require_pushed_authorization_requests": True}
    document.pop("default_max_age")
    staff.send("seen", document=json.dumps(document))
    changed = record(units, "app").client
    assert (changed.require_par, changed.default_max_age) == (True, None)
    assert changed.redirect_uris == (CALLBACK,)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("", "Bitte ausfüllen"),
        ("[]", "kein JSON-Objekt"),
        ("{", "kein JSON-Objekt"),
        ('{"a": NaN}', "kein JSON-Objekt"),
        ('{"client_name": "a", "client_name": "b"}', "kein JSON-Objekt"),
        ('{"client_name": "\\ud800", "redirect_uris": ["https://app.example/callback"]}', "kein JSON-Objekt"),
        ('{"client_name": "a\\u0000b", "redirect_uris": ["https://app.example/callback"]}', "kein JSON-Objekt"),
        ("[" * 20000, "kein JSON-Objekt"),
        ('{"redirect_uri": ["https://app.example/cb"]}', "Diese Angaben sind unbekannt: redirect_uri"),
        ('{"redirect_uris": "https://app.example/cb"}', "Das wurde nicht angenommen"),
        ('{"redirect_uris": ["http://app.example/cb"]}', "Das wurde nicht angenommen"),
        ('{"redirect_uris": ["https://app.example/cb"], "jwks": {"keys": 1}}', "Das wurde nicht angenommen"),
        ('{"redirect_uris": ["https://app.example/cb"], "scope": "root"}', "Der Scope root ist nicht bekannt."),
        ('{"redirect_uris": ["https://app.example/cb"], "scope": "provisioning"}', "Der Scope provisioning ist nur für Maschinen."),
        ('{"redirect_uris": ["https://app.example/cb"], "frontchannel_logout_uri": "https://b.example/"}', "muss auf dem Host einer"),
        ('{"redirect_uris": []}', "Bitte geben Sie mindestens eine Redirect-URI an."),
    ],
)
def test_a_document_that_cannot_be_is_refused_in_words(staff: Visitor, registered, units: Units, document: str, words: str) -> None:
    registered()
    before = record(units, "app")
    staff.open(f"{APP}/metadata")
    page = staff.send("seen", document=document)
    assert page.status_code == 422
    assert words in unescape(page.text) or "muss mit https beginnen" in page.text
    assert record(units, "app") == before
