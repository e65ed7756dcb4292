"""The Config profile: what `oidcc-discovery-endpoint-verification` and its likes look for in the published metadata."""

import re
from urllib.parse import urlsplit

import pytest

from idp.oidc.keys.jose import Algorithm
from idp.settings import Settings
from tests.conftest import make_settings

ISSUER = "https://idp.example"
SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 §3.3
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")  # RFC 5646, in canonical case


@pytest.fixture
def settings(database: str, tmp_path) -> Settings:
    """A provider on the public net."""
    return make_settings(database, tmp_path, issuer=ISSUER)


@pytest.fixture
def metadata(client) -> dict:
    """What it publishes."""
    response = client.get("/.well-known/openid-configuration", base_url=ISSUER)
    assert (response.status_code, response.mimetype) == (200, "application/json")
    return dict(response.json)


def test_oidcc_discovery_the_issuer_is_exact_and_has_neither_query_nor_fragment(metadata: dict) -> None:
    parts = urlsplit(metadata["issuer"])
    assert metadata["issuer"] == ISSUER
    assert (parts.scheme, parts.query, parts.fragment) == ("https", "", "")


def test_oidcc_discovery_every_address_is_https(metadata: dict) -> None:
    named = {name: value for name, value in metadata.items() if name.endswith(("_endpoint", "_uri")) and isinstance(value, str)}
    assert {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"} <= set(named)
    assert {name for name, value in named.items() if not value.startswith(f"{ISSUER}/")} == set()


@pytest.mark.parametrize(
    ("member", "values"),
    [
        ("response_types_supported", {"code"}),
        ("subject_types_supported", {"public"}),
        ("id_token_signing_alg_values_supported", {"RS256", "ES256", "PS256"}),
        ("grant_types_supported", {"authorization_code", "refresh_token"}),
        ("scopes_supported", {"openid"}),
        ("claims_supported", {"sub", "iss", "auth_time", "acr", "name", "email", "phone_number"}),
        ("code_challenge_methods_supported", {"S256"}),
        ("token_endpoint_auth_methods_supported", {"client_secret_basic", "client_secret_post", "private_key_jwt"}),
        ("response_modes_supported", {"query", "fragment", "form_post"}),
    ],
)
def test_oidcc_discovery_what_the_profiles_need_is_listed(metadata: dict, member: str, values: set[str]) -> None:
    assert isinstance(metadata[member], list)
    assert values <= set(metadata[member])
    assert len(set(metadata[member])) == len(metadata[member])


def test_oidcc_discovery_scopes_and_languages_are_well_formed(metadata: dict) -> None:
    assert all(SCOPE_TOKEN.fullmatch(scope) for scope in metadata["scopes_supported"])
    assert all(LANGUAGE_TAG.fullmatch(tag) for tag in metadata["ui_locales_supported"])


@pytest.mark.parametrize("member", ["request_parameter_supported", "request_uri_parameter_supported", "claims_parameter_supported"])
def test_oidcc_discovery_what_has_a_default_is_said_explicitly(metadata: dict, member: str) -> None:
    assert isinstance(metadata[member], bool)


def test_oidcc_discovery_the_keys_are_public_named_and_for_signing(client, metadata: dict) -> None:
    response = client.get(urlsplit(metadata["jwks_uri"]).path, base_url=ISSUER)
    keys = response.json["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert {key["use"] for key in keys} == {"sig"}
    assert {key["kty"] for key in keys} == {"RSA", "EC", "OKP"}, "no symmetric key"
    assert not any({"d", "p", "q", "dp", "dq", "qi", "k"} & set(key) for key in keys)
    assert all(len(key["n"]) >= 342 for key in keys if key["kty"] == "RSA"), "2048 bits at least"


def test_the_logout_profiles_find_their_members(metadata: dict) -> None:
    assert metadata["end_session_endpoint"]
    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True


def test_no_algorithm_without_signature_is_offered_for_tokens(metadata: dict) -> None:
    for member in ("id_token_signing_alg_values_supported", "token_endpoint_auth_signing_alg_values_supported"):
        assert "none" not in metadata[member]


def test_registration_2_what_is_listed_for_request_objects_is_for_clients_that_registered_none_of_it(metadata: dict) -> None:
    """`none` is not; see test_core_6_1_all_others_are_refused_unsigned_objects."""
    assert metadata["request_object_signing_alg_values_supported"] == [algorithm.value for algorithm in Algorithm]
