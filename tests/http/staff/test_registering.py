"""Operators register apps of each kind; redirect URIs are judged while typed and when sent."""

import re

import pytest

from idp.unit_of_work import Units
from tests.http.oidc.relying import RelyingParty
from tests.http.staff.conftest import CALLBACK, CLIENTS, NEW, new_app
from tests.http.staff.operating import create, known_ids, record, said, shown_values
from tests.visitor import Visitor


def test_a_web_app_is_registered_with_a_secret_that_is_shown_once(staff: Visitor, units: Units, app) -> None:
    page = create(staff)
    assert page.status_code == 201
    client_id, secret, issuer = shown_values(page.text)
    assert (client_id, issuer) == ("kalender", "http://localhost")
    client = record(units).client
    assert (client.name, client.redirect_uris, client.scopes) == ("Kalender", (CALLBACK,), {"openid", "profile"})
    assert (client.origin.value, client.first_party, client.require_pkce) == ("console", False, True)
    assert page.headers["Cache-Control"] == "no-store"
    relying = RelyingParty(app, "kalender")
    relying.auth = ("kalender", secret)
    assert relying.post("/introspect", {"token": "x"}).status_code == 200
    assert secret not in staff.open(f"{CLIENTS}/kalender").text


def test_a_browser_app_is_public_and_may_call_from_its_origin(staff: Visitor, units: Units) -> None:
    page = create(staff, kind="public", redirect_uris="https://app.example/cb\nhttps://app.example/other")
    assert shown_values(page.text) == ["kalender", "http://localhost"]
    client = record(units).client
    assert (client.auth_method, client.application_type) == ("none", "web")
    assert client.metadata["allowed_origins"] == ["https://app.example"]


@pytest.mark.parametrize("uri", ["com.example.app:/callback", "http://127.0.0.1/callback", "http://[::1]:8000/cb"])
def test_an_app_with_addresses_of_its_own_machine_is_native(staff: Visitor, units: Units, uri: str) -> None:
    create(staff, kind="public", redirect_uris=uri)
    assert record(units).client.application_type == "native"


def test_a_machine_needs_no_address_and_gets_no_scopes_of_persons(staff: Visitor, units: Units) -> None:
    page = create(staff, kind="machine", redirect_uris="", scope="openid profile provisioning")
    assert len(shown_values(page.text)) == 3
    client = record(units).client
    assert (client.grant_types, client.scopes, client.redirect_uris) == (("client_credentials",), {"provisioning"}, ())


def test_a_device_needs_no_address_and_is_public(staff: Visitor, units: Units) -> None:
    page = create(staff, kind="device", redirect_uris="")
    assert page.status_code == 201, said(page.text)
    client = record(units).client
    device = "urn:ietf:params:oauth:grant-type:device_code"
    assert (client.auth_method, client.grant_types, client.redirect_uris) == ("none", (device, "refresh_token"), ())
    assert "Gerät ohne Browser" in said(staff.open(f"{CLIENTS}/kalender").text)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("app.example/callback", "ist keine vollständige Adresse"),
        ("https://app.example/cb#x", "darf keinen Teil hinter # haben"),
        ("http://app.example/cb", "muss mit https beginnen; http ist nur für den eigenen Rechner (localhost)"),
        ("https://user@app.example/cb", "hat keinen Hostnamen oder enthält einen Benutzernamen"),
        ("myapp:/cb", "mit einem eigenen Schema, das einen Punkt enthält"),
        ("com.example.app:/cb", "hat ein eigenes Schema, das nur native Apps haben dürfen"),
        ("javascript:alert(1)", "muss mit https beginnen"),
        ("https://[", "ist keine vollständige Adresse"),
        ("https://app.example/ü", "ist keine vollständige Adresse"),
    ],
)
def test_a_bad_redirect_uri_is_told_at_its_field_and_by_the_check_while_typing(staff: Visitor, units: Units, uri: str, words: str) -> None:
    page = create(staff, redirect_uris=uri)
    assert page.status_code == 422
    assert re.search(r'id="redirect_uris-error".*' + re.escape(words), page.text)
    answer = staff.client.get("/staff/redirect-uri", query_string={"value": uri, "kind": "web"}, headers={"Accept-Language": "de"})
    assert words in answer.json["problem"]
    assert known_ids(units) == []


@pytest.mark.parametrize(
    ("uri", "kind"), [(CALLBACK, "web"), (CALLBACK, "fapi2"), ("com.example.app:/cb", "public"), ("http://127.0.0.1/cb", "public")]
)
def test_a_good_redirect_uri_has_no_problem(staff: Visitor, uri: str, kind: str) -> None:
    answer = staff.client.get("/staff/redirect-uri", query_string={"value": uri, "kind": kind})
    assert answer.json == {"problem": None}


def test_fapi_2_0_wants_https_already_while_typing(staff: Visitor) -> None:
    answer = staff.client.get("/staff/redirect-uri", query_string={"value": "http://localhost/cb", "kind": "fapi2"})
    assert "https" in answer.json["problem"]


@pytest.mark.parametrize("uri", ["", "x" * 5000, "\x00", "https://[::1"])
def test_the_check_answers_whatever_is_typed(staff: Visitor, uri) -> None:
    answer = staff.client.get("/staff/redirect-uri", query_string={"value": uri, "kind": "nonsense"})
    assert answer.status_code == 200
    assert answer.json["problem"]


def test_a_failed_form_keeps_what_was_typed(staff: Visitor) -> None:
    page = create(staff, redirect_uris="http://app.example/cb", client_name="Mein Kalender")
    assert 'value="Mein Kalender"' in page.text
    assert "http://app.example/cb</textarea>" in page.text


def test_sending_the_form_twice_makes_one_app(staff: Visitor, units: Units) -> None:
    staff.open(NEW)
    form = staff.form("client_name")
    fields = form.fields | {name: value for name, value in new_app().items() if name != "client_id"}
    assert len(fields["client_id"]) > 20
    assert staff.post(NEW, **fields).status_code == 201
    again = staff.post(NEW, **fields)
    assert again.status_code == 422
    assert len(known_ids(units)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"kind": "bank"}, {"client_name": ""}, {"client_id": "a b"}, {"client_id": "x" * 200},
    {"jwks": "{", "profile": "fapi2"}, {"kind": "fapi2"}, {"profile": "bank"}, {"profile": "fapi2"},
    {"scope": "provisioning"}, {"scope": "a\x00b"}, {"client_name": "x" * 5000}, {"redirect_uris": ""},
    {"redirect_uris": "https://a.example/\n" * 3000}, {"redirect_uris": "\n".join(f"https://a.example/{n}" for n in range(200))}],
)  # fmt: skip
def test_what_cannot_be_is_refused_without_an_error_of_ours(staff: Visitor, units: Units, changes) -> None:
    assert create(staff, **changes).status_code == 422
    assert known_ids(units) == []


def test_a_body_that_is_too_large_is_refused(staff: Visitor) -> None:
    assert create(staff, jwks="x" * 100_000).status_code == 413
