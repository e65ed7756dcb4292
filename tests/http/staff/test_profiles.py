"""Operators choose the security profile of an app: when they register it, and later."""

import json
import re
from html import unescape
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.oidc.clients import clients
from idp.oidc.clients.metadata import FAPI_ALGORITHMS
from idp.unit_of_work import Units
from tests.http.staff.conftest import CALLBACK, CLIENTS, NEW
from tests.http.staff.operating import APP, create, fields_of, known_ids, record, said, shown_values
from tests.visitor import Visitor

KEY = ECKey.generate_key("P-256", {"kid": "k", "alg": "ES256", "use": "sig"})
JWKS = {"keys": [KEY.as_dict(private=False)]}
FAPI = {
    "profile": "fapi2",
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks": json.dumps(JWKS),
    "id_token_signed_response_alg": "ES256",
}


def told_at(page: Any, field: str) -> str:
    """What a page says at a field."""
    found = re.search(rf'id="{field}-error">(.*?)</p>', page.text, re.DOTALL)
    return said(found[1]) if found else ""


def edited(staff: Visitor, **changes: Any) -> Any:
    """Change the app by its form."""
    staff.open(f"{APP}/edit")
    return staff.send("client_name", **changes)


@pytest.fixture
def fapi_app(unit) -> clients.Client:
    """An app that keeps to FAPI 2.0."""
    with unit() as work:
        metadata = {"client_name": "Sample App", "redirect_uris": [CALLBACK], "scope": "openid", "jwks": JWKS}
        return clients.register(work, metadata, client_id="app", profile="fapi2").client


def test_a_new_app_with_fapi_2_0_brings_its_keys(staff: Visitor, units: Units) -> None:
    page = create(staff, profile="fapi2", jwks=json.dumps(JWKS))
    assert page.status_code == 201, said(page.text)
    client = record(units).client
    assert (client.profile, client.auth_method, client.require_par, client.dpop_bound) == ("fapi2", "private_key_jwt", True, True)
    assert "FAPI 2.0: Schlüssel statt Secret" in said(staff.open(f"{CLIENTS}/kalender").text)
    assert "Web-App · FAPI 2.0" in said(staff.open(CLIENTS).text)


def test_a_machine_may_keep_to_fapi_2_0_too(staff: Visitor, units: Units) -> None:
    page = create(staff, kind="machine", profile="fapi2", redirect_uris="", scope="provisioning", jwks_uri="https://app.example/keys")
    assert page.status_code == 201, said(page.text)
    client = record(units).client
    assert (client.profile, client.grant_types, client.dpop_bound) == ("fapi2", ("client_credentials",), True)


def test_an_app_that_brings_its_keys_needs_no_secret_in_the_standard_profile_either(staff: Visitor, units: Units) -> None:
    page = create(staff, jwks=json.dumps(JWKS))
    assert shown_values(page.text) == ["kalender", "http://localhost"]
    client = record(units).client
    assert (client.profile, client.auth_method, client.metadata["jwks"]) == (None, "private_key_jwt", JWKS)
    assert "Standard" in said(staff.open(f"{CLIENTS}/kalender").text)


def test_what_a_new_app_lacks_for_fapi_2_0_is_told_at_the_field_and_nothing_is_lost(staff: Visitor, units: Units) -> None:
    page = create(staff, profile="fapi2", client_name="Mein Kalender")
    assert page.status_code == 422
    assert "Bitte geben Sie die öffentlichen Schlüssel der App an oder deren Adresse." in told_at(page, "jwks")
    assert (fields_of(staff, "client_name")["client_name"], fields_of(staff, "client_name")["profile"]) == ("Mein Kalender", "fapi2")
    assert known_ids(units) == []


@pytest.mark.parametrize("kind", ["public", "device"])
def test_an_app_that_can_keep_no_key_cannot_be_registered_with_fapi_2_0(staff: Visitor, units: Units, kind: str) -> None:
    page = create(staff, kind=kind, profile="fapi2", jwks=json.dumps(JWKS))
    assert page.status_code == 422
    assert "FAPI 2.0 gibt es nur für Apps, die sich mit einem Schlüssel ausweisen." in told_at(page, "profile")
    assert known_ids(units) == []


def test_an_app_is_switched_to_fapi_2_0_and_what_it_leaves_no_choice_about_follows(staff: Visitor, registered, units: Units, clock) -> None:
    registered()
    clock.advance(minutes=1)
    edited(staff, **FAPI)
    assert staff.heading == "Sample App", told_at(staff.page, "profile")
    client = record(units, "app").client
    assert (client.profile, client.auth_method, client.id_token_alg) == ("fapi2", "private_key_jwt", "ES256")
    assert (client.require_par, client.dpop_bound, client.require_pkce) == (True, True, True)
    with units.read() as work:
        (noted,) = work.db.scalars(select(AuditEvent.detail).where(AuditEvent.event == "client.changed"))
    assert noted == {"members": ["id_token_signed_response_alg", "jwks", "token_endpoint_auth_method"], "profile": "fapi2"}


def test_all_that_an_app_lacks_is_told_at_once_each_at_its_field(staff: Visitor, registered, units: Units) -> None:
    registered(require_pkce=False)
    before = record(units, "app")
    page = edited(staff, profile="fapi2", client_name="Neuer Name")
    assert page.status_code == 422
    assert "die sich mit einem Schlüssel ausweisen" in told_at(page, "token_endpoint_auth_method")
    assert "Bitte geben Sie die öffentlichen Schlüssel" in told_at(page, "jwks")
    assert "Adresse der öffentlichen Schlüssel (jwks_uri)</label>" in page.text
    assert "FAPI 2.0 gibt es nicht ohne PKCE." in told_at(page, "require_pkce")
    assert "FAPI 2.0 braucht PS256, ES256 oder Ed25519." in told_at(page, "id_token_signed_response_alg")
    kept = fields_of(staff, "client_name")
    assert (kept["client_name"], kept["profile"]) == ("Neuer Name", "fapi2")
    assert record(units, "app") == before
    staff.send("client_name", **FAPI, require_pkce="y")
    assert (record(units, "app").client.name, record(units, "app").client.profile) == ("Neuer Name", "fapi2")


def test_what_is_told_is_told_in_english_too(staff: Visitor, registered) -> None:
    registered()
    staff.open(f"{APP}/edit?lang=en")
    fields = fields_of(staff, "client_name") | {"profile": "fapi2"}
    page = staff.client.post(f"{APP}/edit", data=fields, base_url="http://localhost", headers={"Accept-Language": "en"})
    assert "FAPI 2.0 is for apps that prove themselves by a key." in unescape(page.text)


@pytest.mark.parametrize(
    ("metadata", "changes", "field", "words"),
    [
        ({}, {"redirect_uris": "http://localhost/cb"}, "redirect_uris", "http://localhost/cb muss mit https beginnen"),
        (
            {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]},
            {},
            "grant_types",
            "nicht für Geräte ohne Browser",
        ),
        ({"request_object_signing_alg": "none"}, {}, "profile", "zuerst request_object_signing_alg in den Metadaten"),
        ({"request_object_signing_alg": "RS256"}, {}, "profile", "zuerst request_object_signing_alg in den Metadaten"),
        ({"userinfo_signed_response_alg": "RS256"}, {}, "profile", "zuerst userinfo_signed_response_alg in den Metadaten"),
        ({}, {"jwks_uri": "https://app.example/keys"}, "jwks", "entweder die Schlüssel oder deren Adresse"),
        ({}, {"jwks": json.dumps({"keys": [KEY.as_dict(private=True)]})}, "jwks", "Darin steht ein privater Schlüssel."),
        ({}, {"jwks": "{}"}, "jwks", "Eine Liste namens keys fehlt"),
        ({}, {"jwks": '{"keys": [{"kty": "EC", "use": "enc"}]}'}, "jwks", "kein Schlüssel für Signaturen"),
        ({}, {"jwks": '{"keys": [], "keys": []}'}, "jwks", "kein JSON-Objekt"),
        ({}, {"jwks": "x" * 50_000}, "jwks", "höchstens"),
        ({}, {"token_endpoint_auth_method": "tls_client_auth"}, "token_endpoint_auth_method", "Bitte wählen Sie"),
        ({}, {"profile": "bank"}, "profile", "Bitte wählen Sie"),
        ({}, {"profile": "fapi2\x00"}, "profile", "Bitte wählen Sie"),
    ],
)
def test_what_fapi_2_0_does_not_allow_is_told_and_not_half_saved(
    staff: Visitor, registered, units: Units, metadata: dict[str, Any], changes: dict[str, Any], field: str, words: str
) -> None:
    registered(**metadata)
    before = record(units, "app")
    page = edited(staff, **(FAPI | {"client_name": "Neuer Name"} | changes))
    assert page.status_code == 422
    assert words in told_at(page, field), said(page.text)
    assert record(units, "app") == before


@pytest.mark.parametrize("algorithm", list(FAPI_ALGORITHMS))
def test_each_algorithm_of_fapi_2_0_may_sign(staff: Visitor, registered, units: Units, algorithm: str) -> None:
    registered()
    edited(staff, **(FAPI | {"id_token_signed_response_alg": algorithm}))
    assert record(units, "app").client.is_fapi


def test_back_to_standard_loosens_nothing_that_the_operator_does_not_untick(staff: Visitor, fapi_app, units: Units, clock) -> None:
    clock.advance(minutes=1)
    edited(staff, profile="standard")
    client = record(units, "app").client
    assert (client.profile, client.require_par, client.dpop_bound, client.auth_method) == (None, True, True, "private_key_jwt")
    with units.read() as work:
        (noted,) = work.db.scalars(select(AuditEvent.detail).where(AuditEvent.event == "client.changed"))
    assert noted == {"members": [], "profile": "standard"}


def test_back_to_standard_and_to_a_secret_in_one_go(staff: Visitor, fapi_app, units: Units) -> None:
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name") | {"profile": "standard", "token_endpoint_auth_method": "client_secret_basic", "jwks": ""}
    for box in ("require_pushed_authorization_requests", "dpop_bound_access_tokens"):
        fields.pop(box)
    assert staff.post(f"{APP}/edit", **fields).status_code == 303
    client = record(units, "app").client
    assert (client.profile, client.require_par, client.dpop_bound, client.auth_method) == (None, False, False, "client_secret_basic")
    assert "jwks" not in client.metadata
    assert client.require_pkce
    assert "Es gibt kein gültiges Secret." in said(staff.open(APP).text)


def test_an_untouched_form_changes_nothing_of_a_fapi_2_0_app(staff: Visitor, fapi_app, units: Units, clock) -> None:
    before = record(units, "app")
    clock.advance(minutes=1)
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name")
    fields.pop("dpop_bound_access_tokens")  # about this there is no choice
    assert staff.post(f"{APP}/edit", **fields).status_code == 303
    assert record(units, "app") == before


def test_what_a_fapi_2_0_app_has_to_have_cannot_be_taken_from_it(staff: Visitor, fapi_app, units: Units) -> None:
    before = record(units, "app")
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name")
    fields.pop("require_pkce")
    assert staff.post(f"{APP}/edit", **fields).status_code == 422
    assert staff.post(f"{APP}/edit", **fields | {"token_endpoint_auth_method": "none"}).status_code == 422
    assert record(units, "app") == before


def test_a_form_of_an_older_version_leaves_the_profile_and_what_goes_with_it(staff: Visitor, fapi_app, units: Units) -> None:
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name") | {"client_name": "Neuer Name"}
    for name in ("profile", "token_endpoint_auth_method", "jwks_uri", "jwks", "require_pkce"):
        fields.pop(name)
    fields.pop("require_pushed_authorization_requests")
    fields.pop("dpop_bound_access_tokens")
    assert staff.post(f"{APP}/edit", **fields).status_code == 303
    client = record(units, "app").client
    assert (client.name, client.profile, client.require_pkce, client.metadata["jwks"]) == ("Neuer Name", "fapi2", True, JWKS)


def test_a_machine_that_is_to_serve_people_keeps_what_its_form_did_not_ask(staff: Visitor, registered, units: Units) -> None:
    machine = {"redirect_uris": [], "grant_types": ["client_credentials"], "scope": "", "require_pushed_authorization_requests": True}
    registered(**machine)
    assert 'name="require_pkce"' not in staff.open(f"{APP}/edit").text
    staff.send("client_name", grant_types=["client_credentials", "authorization_code"])
    assert fields_of(staff, "client_name")["require_pushed_authorization_requests"] == "y"
    staff.send("client_name", redirect_uris=CALLBACK)
    assert (record(units, "app").client.require_par, record(units, "app").client.require_pkce) == (True, True)


def test_keys_too_long_for_a_form_are_left_alone_by_it(staff: Visitor, registered, units: Units) -> None:
    keys = {"keys": [KEY.as_dict(private=False) | {"x5c": ["A" * 1000] * 40}]}
    registered(jwks=keys)
    edited(staff, client_name="Neuer Name")
    changed = record(units, "app").client
    assert (changed.name, changed.metadata["jwks"]) == ("Neuer Name", keys)


def test_who_saves_later_does_not_switch_the_profile_back(staff: Visitor, registered, unit, units: Units, clock) -> None:
    registered()
    staff.open(f"{APP}/edit")
    fields = fields_of(staff, "client_name")
    clock.advance(minutes=1)
    with unit() as work:
        changes = {"jwks": JWKS, "token_endpoint_auth_method": "private_key_jwt", "id_token_signed_response_alg": "ES256"}
        clients.change(work, "app", changes, profile="fapi2")
    answer = staff.post(f"{APP}/edit", **(fields | {"client_name": "Zu spät"}))
    assert answer.location == APP
    assert "Diese App wurde inzwischen geändert." in staff.open(APP).text
    assert (record(units, "app").client.name, record(units, "app").client.profile) == ("Sample App", "fapi2")


def test_the_metadata_of_a_fapi_2_0_app_are_judged_by_its_profile_in_words(staff: Visitor, fapi_app, units: Units) -> None:
    staff.open(f"{APP}/metadata")
    document = json.loads(fields_of(staff, "seen")["document"]) | {"id_token_signed_response_alg": "RS256", "require_pkce": False}
    page = staff.send("seen", document=json.dumps(document))
    assert page.status_code == 422
    assert "FAPI 2.0 gibt es nicht ohne PKCE." in said(page.text)
    assert "FAPI 2.0 braucht PS256, ES256 oder Ed25519." in said(page.text)
    assert record(units, "app").client.id_token_alg == "ES256"


def test_the_new_apps_page_says_what_fapi_2_0_demands(staff: Visitor) -> None:
    assert "FAPI 2.0 verlangt einen Schlüssel statt eines Secrets" in said(staff.open(NEW).text)
