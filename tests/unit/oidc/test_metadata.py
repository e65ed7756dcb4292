"""The one validator of client metadata."""

from typing import Any

import pytest
from joserfc.jwk import ECKey

from idp.oidc.clients.metadata import MetadataRefused, Origin, Registration
from idp.oidc.clients.metadata_checks import validate
from idp.oidc.protocol import OAuthError
from idp.settings import Settings

DEVELOPER = Settings(issuer="http://localhost:8000")
REAL = Settings(issuer="https://idp.example")
APP: dict[str, Any] = {"redirect_uris": ["https://app.example/cb"]}


PUBLIC_KEY = ECKey.generate_key("P-256").as_dict(private=False)


def validated(
    document: dict[str, Any], settings: Settings = REAL, origin: Origin = Origin.CLI, profile: str | None = None
) -> dict[str, Any]:
    scopes, identifiers = frozenset({"phones:read"}), frozenset({"https://phones.example/api"})
    return validate(document, Registration(settings, origin, scopes, identifiers, profile))


def error_of(document: dict[str, Any], settings: Settings = REAL, origin: Origin = Origin.CLI) -> str:
    with pytest.raises(OAuthError) as refused:
        validated(document, settings, origin)
    assert refused.value.description.isascii()
    assert '"' not in refused.value.description
    return refused.value.error.value


def test_rfc7591_2_what_is_left_out_has_the_specifications_default() -> None:
    document = validated(APP)
    assert document["grant_types"] == ["authorization_code"]
    assert document["response_types"] == ["code"]
    assert document["token_endpoint_auth_method"] == "client_secret_basic"
    assert document["id_token_signed_response_alg"] == "RS256"
    assert document["application_type"] == "web"


def test_rfc7591_2_what_we_do_not_know_is_left_out() -> None:
    assert "favourite_colour" not in validated(APP | {"favourite_colour": "blue", "client_name#de": "Anwendung"})


def test_pkce_is_required_of_every_client_that_operators_make() -> None:
    assert validated(APP)["require_pkce"] is True
    assert validated(APP | {"require_pkce": False})["require_pkce"] is False


def test_pkce_is_required_of_dynamic_clients_only_where_they_are_public() -> None:
    assert validated(APP, origin=Origin.DYNAMIC)["require_pkce"] is False
    assert validated(APP | {"token_endpoint_auth_method": "none"}, origin=Origin.DYNAMIC)["require_pkce"] is True


def test_rfc9700_2_1_1_a_public_client_cannot_do_without_pkce() -> None:
    assert error_of(APP | {"token_endpoint_auth_method": "none", "require_pkce": False}) == "invalid_client_metadata"


@pytest.mark.parametrize("uris", [[], ["http://app.example/cb"], ["https://app.example/cb", "https://app.example/#x"]])
def test_rfc7591_3_2_2_a_bad_redirect_uri_has_an_error_of_its_own(uris: list[str]) -> None:
    assert error_of({"redirect_uris": uris}) == "invalid_redirect_uri"


def test_client_credentials_alone_need_no_redirect_uri() -> None:
    document = validated({"grant_types": ["client_credentials"], "scope": "provisioning phones:read"})
    assert (document["redirect_uris"], document["response_types"], document["require_pkce"]) == ([], [], False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"grant_types": []},
        {"grant_types": ["implicit"]},
        {"grant_types": ["password"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": "authorization_code"},
        {"response_types": ["token"]},
        {"response_types": ["code", "code id_token"]},
        {"response_types": []},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "client_credentials"]},
        {"jwks": {"keys": []}},
        {"jwks": {"keys": [ECKey.generate_key("P-256").as_dict(private=True)]}},
        {"jwks": {"keys": [PUBLIC_KEY] * 51}},
        {"jwks": {"keys": [PUBLIC_KEY], "note": float("nan")}},
        {"jwks": {"keys": [PUBLIC_KEY], "note": float("inf")}},
        {"jwks": {"keys": [PUBLIC_KEY | {"note": "a\x00b"}]}},
        {"jwks": {"keys": [PUBLIC_KEY | {"\ud800": 1}]}},
        {"contacts": ["\ud800"]},
        {"client_name": "My \u202ebank"},
        {"sector_identifier_uri": "https://app.example/sector", "grant_types": ["client_credentials"], "redirect_uris": []},
        {"jwks": {"keys": [ECKey.generate_key("P-384").as_dict(private=False)]}},
        {"id_token_signed_response_alg": "none"},
        {"id_token_signed_response_alg": "HS256"},
        {"subject_type": "hidden"},
        {"subject_type": "pairwise", "redirect_uris": ["https://a.example/cb", "https://b.example/cb"]},
        {"request_object_signing_alg": "HS256"},
        {"request_object_signing_alg": "none", "require_signed_request_object": True},
        {"require_signed_request_object": True},
        {"jwks_uri": "https://app.example/jwks", "jwks": {"keys": [PUBLIC_KEY]}},
        {"jwks_uri": "http://app.example/jwks"},
        {"sector_identifier_uri": "http://app.example/sector"},
        {"frontchannel_logout_uri": "http://app.example/out"},
        {"request_uris": ["http://app.example/request"]},
        {"allowed_origins": ["https://app.example/"]},
        {"allowed_origins": ["*"]},
        {"application_type": "desktop"},
        {"scope": "openid admin"},
        {"scope": "provisioning"},
        {"resources": ["https://else.example"]},
        {"authorization_details_types": ["payment"]},
        {"client_name": ""},
        {"client_name": "a\nb"},
        {"client_name": 7},
        {"logo_uri": "http://app.example/logo.png"},
        {"policy_uri": "javascript:alert(1)"},
        {"tos_uri": "https://app.example/#x"},
        {"initiate_login_uri": "http://localhost/start"},
        {"backchannel_logout_uri": "http://127.0.0.1/logout"},
        {"post_logout_redirect_uris": ["https://user@app.example/"]},
        {"default_max_age": -1},
        {"redirect_uris": "https://app.example/cb"},
    ],
)
def test_rfc7591_3_2_2_wrong_metadata_is_refused(wrong: dict[str, Any]) -> None:
    assert error_of(APP | wrong) == "invalid_client_metadata"


@pytest.mark.parametrize(
    "member",
    [
        {"id_token_encrypted_response_alg": "RSA-OAEP"},
        {"userinfo_encrypted_response_alg": "RSA-OAEP"},
        {"request_object_encryption_alg": "RSA-OAEP"},
        {"tls_client_certificate_bound_access_tokens": True},
    ],
)
def test_what_we_do_not_do_is_refused_by_name(member: dict[str, Any]) -> None:
    with pytest.raises(OAuthError) as refused:
        validated(APP | member)
    assert next(iter(member)) in refused.value.description


def test_rfc7591_3_2_2_a_software_statement_has_an_error_of_its_own() -> None:
    assert error_of(APP | {"software_statement": "e30.e30."}) == "unapproved_software_statement"


FAPI_APP: dict[str, Any] = APP | {"jwks": {"keys": [PUBLIC_KEY]}}


def test_fapi2_5_3_2_the_profile_fills_in_what_it_leaves_no_choice_about() -> None:
    document = validated(FAPI_APP, profile="fapi2")
    assert document["token_endpoint_auth_method"] == "private_key_jwt"
    assert document["id_token_signed_response_alg"] == "ES256"
    for member in ("require_pushed_authorization_requests", "dpop_bound_access_tokens", "require_pkce"):
        assert document[member] is True


@pytest.mark.parametrize(
    "wrong",
    [
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "none"},
        {"id_token_signed_response_alg": "RS256"},
        {"token_endpoint_auth_signing_alg": "RS256"},
        {"request_object_signing_alg": "none"},
        {"require_pkce": False},
        {"redirect_uris": ["http://127.0.0.1/cb"], "application_type": "native"},
        {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]},
    ],
)
def test_fapi2_5_3_2_what_the_profile_forbids_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OAuthError):
        validated(FAPI_APP | wrong, profile="fapi2")


def test_fapi2_5_3_2_all_that_the_profile_forbids_is_told_at_once_behind_what_no_client_may_have() -> None:
    wrong = {
        "frontchannel_logout_uri": "https://other.example/",
        "token_endpoint_auth_method": "client_secret_basic",
        "require_pkce": False,
    }
    with pytest.raises(MetadataRefused) as refused:
        validated(APP | wrong | {"userinfo_signed_response_alg": "RS256"}, profile="fapi2")
    told = [refused.value.description, *(one.description for one in refused.value.further)]
    assert [line.partition(":")[0] for line in told] == [
        "frontchannel_logout_uri", "token_endpoint_auth_method", "jwks", "require_pkce", "userinfo_signed_response_alg"
    ]  # fmt: skip


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(OAuthError, match="bank is not known"):
        validated(APP, profile="bank")


def test_rfc7591_members_that_say_no_are_accepted() -> None:
    assert validated(APP | {"dpop_bound_access_tokens": False, "require_signed_request_object": False})


@pytest.mark.parametrize("origin", [Origin.CLI, Origin.CONFIGURATION])
def test_http_loopback_addresses_are_for_a_developers_own_clients(origin: Origin) -> None:
    document = APP | {"backchannel_logout_uri": "http://localhost:8001/backchannel-logout"}
    assert validated(document, DEVELOPER, origin)
    assert error_of(document, DEVELOPER, Origin.DYNAMIC) == "invalid_client_metadata"
    assert error_of(document, DEVELOPER, Origin.CONSOLE) == "invalid_client_metadata"


def test_machine_scopes_are_never_for_dynamic_clients() -> None:
    machine = {"grant_types": ["client_credentials"], "scope": "provisioning"}
    assert error_of(machine, origin=Origin.DYNAMIC) == "invalid_client_metadata"


def test_a_validated_document_is_valid_again() -> None:
    keys = {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}
    document = validated(APP | {"token_endpoint_auth_method": "private_key_jwt", "jwks": keys, "id_token_signed_response_alg": "ES256"})
    assert validated(document) == document
