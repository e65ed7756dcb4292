"""Operators change apps by a form and as JSON."""

import json
import re
from html import unescape

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.oidc.clients import clients, resources
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


def test_grants_resources_algorithm_and_details_are_changed_by_the_form(staff: Visitor, registered, unit, units: Units) -> None:
    with unit() as work:
        resources.create(work, "https://phones.example/api")
        resources.create(work, "https://mail.example/api")
    registered()
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    staff.open(f"{APP}/edit")
    staff.send(
        "client_name", grant_types=["authorization_code", exchange], id_token_signed_response_alg="PS256",
        authorization_details_types=["cloud_phone"], resources="https://phones.example/api\nhttps://mail.example/api",
    )  # fmt: skip
    assert staff.heading == "Sample App"
    changed = record(units, "app").client
    assert (changed.grant_types, changed.id_token_alg) == (("authorization_code", exchange), "PS256")
    assert (changed.default_resource, changed.authorization_details_types) == ("https://phones.example/api", ("cloud_phone",))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("grant_types", ["password"], "Bitte wählen Sie"),
        ("grant_types", [], "Bitte wählen Sie mindestens einen Weg."),
        ("grant_types", ["refresh_token"], "Refresh-Tokens gibt es nur"),
        ("id_token_signed_response_alg", "none", "Bitte wählen Sie"),
        ("authorization_details_types", ["payment"], "Bitte wählen Sie"),
        ("resources", "https://nobody.example", "https://nobody.example ist nicht als Ressource registriert."),
        ("logo_uri", "http://intern.example/logo.png", "muss eine Adresse sein, die mit https beginnt"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(staff: Visitor, registered, units: Units, field: str, value, words: str) -> None:
    registered()
    before = record(units, "app")
    staff.open(f"{APP}/edit")
    page = staff.send("client_name", **{field: value})
    assert page.status_code == 422
    assert re.search(f'id="{field}-error".*' + re.escape(words), unescape(page.text)), page.text
    assert record(units, "app") == before


def test_a_machine_that_is_to_serve_people_is_asked_for_their_addresses(staff: Visitor, registered, units: Units) -> None:
    registered(redirect_uris=[], grant_types=["client_credentials"], scope="")
    page = staff.open(f"{APP}/edit")
    assert 'name="redirect_uris"' not in page.text
    page = staff.send("client_name", grant_types=["client_credentials", "authorization_code"])
    assert re.search('id="redirect_uris-error".*Bitte geben Sie mindestens eine Redirect-URI an.', page.text)
    staff.send("client_name", redirect_uris=CALLBACK)
    assert record(units, "app").client.response_types == ("code",)


def test_a_machines_form_leaves_alone_what_it_does_not_show(staff: Visitor, registered, units: Units) -> None:
    registered(redirect_uris=[], grant_types=["client_credentials"], scope="", client_uri="https://app.example/", first_party=True)
    staff.open(f"{APP}/edit")
    staff.send("client_name", client_name="Neuer Name")
    changed = record(units, "app").client
    assert (changed.name, changed.client_uri, changed.first_party) == ("Neuer Name", "https://app.example/", True)


def test_an_untouched_form_changes_nothing(staff: Visitor, registered, units: Units, clock) -> None:
    registered(post_logout_redirect_uris=["https://app.example/out"], first_party=False)
    before = record(units, "app")
    clock.advance(minutes=1)
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name")
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
        ('{"redirect_uris": ["https://app.example/cb"], "jwks": {"keys": 1}}', "Das ist keine Schlüsselsammlung"),
        ('{"redirect_uris": ["https://app.example/cb"], "jwks": {"keys": [1]}}', "Das wurde nicht angenommen"),
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
