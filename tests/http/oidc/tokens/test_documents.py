"""Discovery and the key set: true, cacheable, the same at both places."""

import json
from datetime import timedelta

import flask
import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from idp.oidc.keys import rotation
from idp.oidc.keys.jose import Algorithm, sign
from idp.oidc.keys.ring import ring_of
from idp.unit_of_work import SYSTEM, Units
from tests.conftest import closing_app, make_settings
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty, claims_of, header_of

CONFIGURATION = "/.well-known/openid-configuration"
SERVER_METADATA = "/.well-known/oauth-authorization-server"


@pytest.fixture
def metadata(client) -> dict:
    """The published metadata."""
    return dict(client.get(CONFIGURATION).json)


def test_discovery_3_the_required_members_are_there(metadata: dict) -> None:
    required = {
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    }
    assert required <= set(metadata)
    assert metadata["issuer"] == "http://localhost"
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]


def test_every_endpoint_that_is_named_exists(app: flask.Flask, metadata: dict) -> None:
    named = [value for name, value in metadata.items() if name.endswith("_endpoint") or name == "jwks_uri"]
    assert len(named) >= 9
    routes = app.url_map.bind("localhost")
    for address in named:
        assert routes.allowed_methods(address.removeprefix("http://localhost")), address


def test_rfc8414_3_both_places_hold_the_same_document(client, metadata: dict) -> None:
    assert client.get(SERVER_METADATA).json == metadata


def test_core_6_discovery_says_explicitly_which_request_objects_are_taken(metadata: dict) -> None:
    assert metadata["request_parameter_supported"] is True
    assert metadata["request_uri_parameter_supported"] is True
    assert metadata["require_request_uri_registration"] is True
    assert metadata["request_object_signing_alg_values_supported"] == ["RS256", "ES256", "PS256", "Ed25519", "EdDSA"]


def test_what_does_not_exist_is_not_advertised(metadata: dict) -> None:
    absent = ("check_session_iframe",)
    assert not set(absent) & set(metadata)
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_details_types_supported"] == ["cloud_phone"]


def test_rfc8414_3_an_issuer_with_a_path_has_its_metadata_at_both_places(database: str, tmp_path, clock) -> None:
    with closing_app(make_settings(database, tmp_path, issuer="https://idp.example/carrier"), clock) as app:
        found = [app.test_client().get(path) for path in (CONFIGURATION, SERVER_METADATA + "/carrier")]
    assert [response.json["issuer"] for response in found] == ["https://idp.example/carrier"] * 2
    assert found[0].json["token_endpoint"] == "https://idp.example/carrier/token"


@pytest.mark.parametrize("path", [CONFIGURATION, SERVER_METADATA, "/jwks"])
def test_documents_are_answered_on_any_host_without_cookies_and_by_etag(client, path: str) -> None:
    first = client.get(path, base_url="http://internal.example")
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in first.headers


def test_rfc7517_5_the_key_set_holds_public_keys_alone(client) -> None:
    keys = client.get("/jwks").json["keys"]
    assert len(keys) == 8, "an active and a next one of each algorithm"
    assert not any({"d", "p", "q", "k"} & set(key) for key in keys)
    assert {key["use"] for key in keys} == {"sig"}
    assert len({key["kid"] for key in keys}) == len(keys)


def test_rfc7515_an_id_token_is_verified_by_the_key_that_its_kid_names(client, party: RelyingParty, signed_in: Browser, account) -> None:
    keys = KeySet.import_key_set(client.get("/jwks").json)
    payload = jws.deserialize_compact(party.tokens(signed_in)["id_token"], keys, algorithms=["RS256"]).payload
    assert json.loads(payload)["sub"] == account.sub


def test_a_rotation_changes_the_signing_key_without_a_failed_token(
    client, units: Units, party: RelyingParty, signed_in: Browser, clock
) -> None:
    before = party.tokens(signed_in)
    published = {key["kid"] for key in client.get("/jwks").json["keys"]}
    rotation.rotate(units, SYSTEM)
    after = party.tokens(signed_in)
    assert header_of(after["id_token"])["kid"] != header_of(before["id_token"])["kid"]
    assert header_of(after["id_token"])["kid"] in published, "it was published before it signed"
    kids = {key["kid"] for key in client.get("/jwks").json["keys"]}
    assert {header_of(before["id_token"])["kid"], header_of(after["id_token"])["kid"]} <= kids
    assert party.is_active(before["access_token"])
    assert party.refresh(before["refresh_token"]).status_code == 200


def test_a_retired_key_leaves_the_key_set_after_the_longest_token_life(client, units: Units, clock) -> None:
    rotation.rotate(units, SYSTEM)
    assert len(client.get("/jwks").json["keys"]) == 12
    clock.advance(seconds=300)
    assert len(client.get("/jwks").json["keys"]) == 12
    clock.advance(seconds=21)
    assert len(client.get("/jwks").json["keys"]) == 8


def test_rfc9068_4_what_a_key_signs_that_has_left_the_key_set_is_no_access_token(
    units: Units, party: RelyingParty, signed_in: Browser, clock
) -> None:
    stolen = ring_of(units).current().active(Algorithm.RS256)
    rotation.rotate(units, SYSTEM, now=True)
    clock.advance(seconds=321)
    token = party.tokens(signed_in)["access_token"]
    assert party.is_active(token)
    assert not party.is_active(sign(claims_of(token), stolen, typ="at+jwt"))


@pytest.mark.parametrize(
    "forged", [{"scope": "openid contracts"}, {"authorization_details": [{"type": "cloud_phone", "contract": "CP-1"}]}], ids=str
)
def test_a_token_forged_with_a_stolen_key_opens_no_more_than_was_granted(
    units: Units, party: RelyingParty, signed_in: Browser, forged: dict
) -> None:
    claims = claims_of(party.tokens(signed_in)["access_token"])
    stolen = ring_of(units).current().active(Algorithm.RS256)
    assert party.is_active(sign(claims, stolen, typ="at+jwt"))
    assert not party.is_active(sign(claims | forged, stolen, typ="at+jwt"))


def test_jarm_2_1_a_key_is_published_as_long_as_a_signed_answer_lives(database: str, tmp_path, clock) -> None:
    with closing_app(make_settings(database, tmp_path, access_token_seconds=60, id_token_seconds=60), clock) as app:
        rotation.rotate(app.extensions["idp.units"], SYSTEM)
        clock.advance(seconds=300)
        assert len(app.test_client().get("/jwks").json["keys"]) == 12


def test_another_process_notices_a_rotation_within_ten_seconds(settings, units: Units, client, clock) -> None:
    published = client.get("/jwks").json
    with closing_app(settings, clock) as other:
        rotation.rotate(other.extensions["idp.units"], SYSTEM)
    clock.now += timedelta(seconds=10)
    assert client.get("/jwks").json != published
