"""Clients, resources and keys from the shell."""

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from idp.oidc.clients import initial_tokens
from idp.unit_of_work import Units
from tests.http.oidc.relying import RelyingParty, machine

CALLBACK = ("--redirect-uri", "https://app.example/cb")


@pytest.fixture
def document(tmp_path: Path):
    """Write a JSON document; give its path."""

    def write(content: Any) -> str:
        file = tmp_path / "document.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(file)

    return write


def test_create_prints_rfc7591_metadata_with_the_defaults(told) -> None:
    made = told("client", "create", "--name", "App", *CALLBACK)
    assert made["client_name"] == "App"
    assert made["grant_types"] == ["authorization_code", "refresh_token"]
    assert made["scope"] == "openid profile email phone roles contracts offline_access"
    assert made["token_endpoint_auth_method"] == "client_secret_basic"
    assert made["id_token_signed_response_alg"] == "RS256"
    assert (made["require_pkce"], made["first_party"]) == (True, False)
    assert made["client_id"]
    assert made["client_secret"]
    assert made["client_secret_expires_at"] == 0


def test_every_flag_has_its_member(told) -> None:
    told("resource", "create", "https://phones.example/api", "--scope", "phones:read")
    made = told(
        *("client", "create", "--client-id", "app", *CALLBACK, "--redirect-uri", "https://app.example/other"),
        *("--post-logout-redirect-uri", "https://app.example/out", "--backchannel-logout-uri", "https://app.example/bc"),
        *("--initiate-login-uri", "https://app.example/start", "--grant", "authorization_code", "--scope", "openid"),
        *("--scope", "phones:read", "--auth-method", "client_secret_post", "--signing-alg", "ES256", "--first-party"),
        *("--no-require-pkce", "--require-par", "--resource", "https://phones.example/api"),
        *("--authorization-details-type", "cloud_phone"),
    )
    assert made["client_id"] == "app"
    assert made["redirect_uris"] == ["https://app.example/cb", "https://app.example/other"]
    assert made["post_logout_redirect_uris"] == ["https://app.example/out"]
    assert made["backchannel_logout_uri"] == "https://app.example/bc"
    assert made["initiate_login_uri"] == "https://app.example/start"
    assert (made["grant_types"], made["scope"]) == (["authorization_code"], "openid phones:read")
    assert (made["token_endpoint_auth_method"], made["id_token_signed_response_alg"]) == ("client_secret_post", "ES256")
    assert (made["first_party"], made["require_pkce"], made["require_pushed_authorization_requests"]) == (True, False, True)
    assert (made["resources"], made["authorization_details_types"]) == (["https://phones.example/api"], ["cloud_phone"])


def test_a_public_client_has_no_secret(told) -> None:
    made = told("client", "create", "--public", "--redirect-uri", "com.example.app:/cb")
    assert "client_secret" not in made
    assert (made["token_endpoint_auth_method"], made["application_type"]) == ("none", "native")


def test_client_credentials_alone_need_no_redirect_uri(told, app) -> None:
    made = told("client", "create", "--grant", "client_credentials", "--scope", "provisioning")
    party = RelyingParty(app, made["client_id"])
    answer = party.post("/token", {"grant_type": "client_credentials"}, auth=(made["client_id"], made["client_secret"]))
    assert answer.json["scope"] == "provisioning"


def test_keys_imply_private_key_jwt(told, document) -> None:
    keys = {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}
    made = told("client", "create", *CALLBACK, "--jwks", document(keys))
    assert made["token_endpoint_auth_method"] == "private_key_jwt"
    assert made["jwks"] == keys
    assert "client_secret" not in made


def test_a_whole_document_may_be_given(told, document) -> None:
    whole = {"redirect_uris": ["https://app.example/cb"], "client_name": "Whole", "require_pushed_authorization_requests": True}
    made = told("client", "create", "--metadata", document(whole), "--first-party", "--no-require-pkce")
    assert (made["client_name"], made["grant_types"]) == ("Whole", ["authorization_code"])
    assert (made["first_party"], made["require_pkce"], made["require_pushed_authorization_requests"]) == (True, False, True)


@pytest.mark.parametrize("more", [("--name", "x"), ("--client-id", "x"), ("--public",), CALLBACK])
def test_beside_a_document_other_flags_are_wrong_use(refused, document, more: tuple[str, ...]) -> None:
    assert refused("client", "create", "--metadata", document({}), *more) == (2, "wrong_use")


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_file_that_holds_no_document_is_wrong_use(refused, document, content: str) -> None:
    assert refused("client", "create", "--metadata", document(content)) == (2, "wrong_use")


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        ((), "invalid_redirect_uri"),
        (("--redirect-uri", "http://app.example/cb"), "invalid_redirect_uri"),
        ((*CALLBACK, "--scope", "admin"), "invalid_client_metadata"),
        ((*CALLBACK, "--grant", "implicit"), "invalid_client_metadata"),
        ((*CALLBACK, "--client-id", "with space"), "invalid"),
        ((*CALLBACK, "--signing-alg", "HS256"), "invalid_client_metadata"),
        ((*CALLBACK, "--resource", "https://nobody.example"), "invalid_client_metadata"),
    ],
)
def test_wrong_metadata_is_refused_by_its_code(refused, flags: tuple[str, ...], error: str) -> None:
    assert refused("client", "create", *flags) == (1, error)


@pytest.mark.parametrize(
    ("flags", "member", "value"),
    [
        (("--dpop",), "dpop_bound_access_tokens", True),
        (("--request-object-alg", "ES256"), "request_object_signing_alg", "ES256"),
        (("--frontchannel-logout-uri", "https://app.example/out"), "frontchannel_logout_uri", "https://app.example/out"),
    ],
)
def test_flags_of_the_whole_protocol_become_metadata(told, flags: tuple[str, ...], member: str, value: object) -> None:
    assert told("client", "create", *CALLBACK, *flags)[member] == value


def test_what_fapi2_needs_is_said_in_one_line(runner) -> None:
    result = runner("client", "create", *CALLBACK, "--auth-method", "client_secret_basic", "--profile", "fapi2")
    assert (result.exit_code, result.output) == (1, "")
    (line,) = [line for line in result.errors.splitlines() if line.startswith("idp: ")]
    assert line.endswith("fapi2 needs private_key_jwt")


def test_the_profile_of_a_client_is_shown_and_ended(told, document) -> None:
    keys = document({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]})
    told("client", "create", "--client-id", "app", *CALLBACK, "--jwks", keys, "--profile", "fapi2")
    assert told("client", "show", "app")["profile"] == "fapi2"
    ended = told("client", "update", "app", "--profile", "standard")
    assert (ended["profile"], ended["dpop_bound_access_tokens"]) == ("standard", True)
    assert told("client", "update", "app", "--name", "New")["profile"] == "standard"


def test_contradicting_flags_are_wrong_use(refused) -> None:
    assert refused("client", "create", *CALLBACK, "--public", "--auth-method", "client_secret_basic") == (2, "wrong_use")


def test_an_id_is_given_once(told, refused) -> None:
    told("client", "create", "--client-id", "app", *CALLBACK)
    assert refused("client", "create", "--client-id", "app", *CALLBACK) == (1, "client_id_taken")


def test_list_is_a_bare_array_and_show_tells_no_secret(told) -> None:
    made = told("client", "create", "--client-id", "app", *CALLBACK)
    (listed,) = told("client", "list")
    assert told("client", "show", "app") == listed
    assert "client_secret" not in listed
    assert (listed["client_id"], listed["enabled"], listed["created_at"]) == (made["client_id"], True, listed["changed_at"])
    assert listed["created_at"].endswith("Z")


@pytest.mark.parametrize("verb", ["show", "update", "delete"])
def test_an_unknown_client_is_exit_3(refused, verb: str) -> None:
    more = ("--name", "x") if verb == "update" else ()
    assert refused("client", verb, "nobody", *more) == (3, "client_unknown")


def test_update_changes_what_is_named(told) -> None:
    told("client", "create", "--client-id", "app", *CALLBACK)
    changed = told("client", "update", "app", "--name", "Renamed", "--require-par")
    assert (changed["client_name"], changed["require_pushed_authorization_requests"]) == ("Renamed", True)
    assert changed["redirect_uris"] == ["https://app.example/cb"]
    assert told("client", "update", "app", "--first-party")["first_party"] is True


def test_a_new_secret_works_beside_the_old_one_at_once(told, app, units: Units) -> None:
    with units.write() as work:
        old = machine(work)
    new = told("client", "update", "ordering", "--new-secret")["client_secret"]
    party = RelyingParty(app, "ordering")
    for secret in (new, old.secret):
        assert party.post("/token", {"grant_type": "client_credentials"}, auth=("ordering", secret)).status_code == 200
    told("client", "update", "ordering", "--new-secret", "--end-old-secret")
    assert party.post("/token", {"grant_type": "client_credentials"}, auth=("ordering", new)).status_code == 401


def test_rfc7592_a_new_registration_token_lets_an_app_manage_itself_again(told, refused, app, units: Units) -> None:
    with units.write() as work:
        initial = initial_tokens.create(work, "the tests").secret
    browser = app.test_client()
    bearer = {"Authorization": f"Bearer {initial}"}
    made = browser.post("/register", json={"redirect_uris": ["https://app.example/cb"]}, headers=bearer).json
    renewed = told("client", "update", made["client_id"], "--new-registration-token")["registration_access_token"]
    for token, status in ((made["registration_access_token"], 401), (renewed, 200)):
        answer = browser.get(f"/register/{made['client_id']}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
    told("client", "create", "--client-id", "app", *CALLBACK)
    assert refused("client", "update", "app", "--new-registration-token") == (1, "invalid_client_metadata")


@pytest.mark.parametrize("command", [("update", "ordering", "--disable"), ("delete", "ordering")])
def test_disabling_and_deleting_end_the_tokens_at_once(told, app, units: Units, command: tuple[str, ...]) -> None:
    with units.write() as work:
        machine(work)
        machine(work, "other")
    party, other = RelyingParty(app, "ordering"), RelyingParty(app, "other")
    token = party.post("/token", {"grant_type": "client_credentials"}).json["access_token"]
    untouched = other.post("/token", {"grant_type": "client_credentials"}).json["access_token"]
    told("client", *command)
    assert party.post("/token", {"grant_type": "client_credentials"}).status_code == 401
    assert other.is_active(untouched)
    response = app.test_client().get("/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_resources_are_made_listed_shown_and_deleted(told, refused) -> None:
    told("client", "create", "--client-id", "gateway", "--grant", "client_credentials")
    named = ("https://phones.example/api", "--scope", "phones:read phones:write", "--introspection-client", "gateway")
    made = told("resource", "create", *named)
    assert (made["scopes"], made["introspection_client_id"]) == (["phones:read", "phones:write"], "gateway")
    assert told("resource", "list") == [told("resource", "show", "https://phones.example/api")] == [made]
    assert refused("resource", "create", *named) == (1, "resource_exists")
    told("resource", "delete", "https://phones.example/api")
    assert refused("resource", "show", "https://phones.example/api") == (3, "resource_unknown")


def test_a_resource_is_changed_by_what_is_named(told, refused) -> None:
    told("client", "create", "--client-id", "gateway", "--grant", "client_credentials")
    made = told("resource", "create", "https://phones.example/api", "--scope", "phones:read phones:write")
    update = ("resource", "update", "https://phones.example/api")
    assert told(*update, "--introspection-client", "gateway") == made | {"introspection_client_id": "gateway"}
    assert told(*update, "--scope", "phones:read", "--name", "Phones")["scopes"] == ["phones:read"]
    assert told(*update, "--introspection-client", "") == made | {"name": "Phones", "scopes": ["phones:read"]}
    assert refused("resource", "update", "https://nobody.example", "--name", "x") == (3, "resource_unknown")


def test_the_format_of_a_resources_tokens_is_chosen_and_changed(told, refused) -> None:
    told("client", "create", "--client-id", "gateway", "--grant", "client_credentials")
    opaque = ("https://phones.example/api", "--token-format", "opaque")
    assert refused("resource", "create", *opaque) == (1, "invalid")
    made = told("resource", "create", *opaque, "--introspection-client", "gateway")
    assert made["token_format"] == "opaque"
    update = ("resource", "update", "https://phones.example/api")
    assert told(*update, "--name", "Phones")["token_format"] == "opaque"
    assert refused(*update, "--introspection-client", "") == (1, "invalid")
    assert told(*update, "--introspection-client", "", "--token-format", "jwt")["token_format"] == "jwt"
    assert refused(*update, "--token-format", "opaque") == (1, "invalid")
    assert refused(*update, "--token-format", "saml")[0] == 2


def test_a_resource_that_a_client_uses_is_not_deleted(told, refused) -> None:
    told("resource", "create", "https://phones.example/api", "--scope", "phones:read")
    told("client", "create", "--client-id", "machine", "--grant", "client_credentials", "--resource", "https://phones.example/api")
    assert refused("resource", "delete", "https://phones.example/api") == (1, "resource_in_use")
    told("client", "delete", "machine")
    told("resource", "delete", "https://phones.example/api")


def test_other_grants_bring_their_response_types(told) -> None:
    told("client", "create", "--client-id", "phone", "--public", "--redirect-uri", "https://phone.example/cb")
    changed = told("client", "update", "phone", "--grant", "urn:ietf:params:oauth:grant-type:device_code")
    assert changed["response_types"] == []


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("https://a.example/#x",), ("https://a.example", "--scope", "openid"), ("https://a.example", "--scope", 'a"b')],
)
def test_a_wrong_resource_is_refused(refused, arguments: tuple[str, ...]) -> None:
    assert refused("resource", "create", *arguments) == (1, "invalid")


def test_a_resource_needs_a_client_that_exists(refused) -> None:
    assert refused("resource", "create", "https://a.example", "--introspection-client", "nobody") == (3, "client_unknown")


def test_keys_are_listed_and_rotated(told) -> None:
    before = told("keys", "list")
    assert {(key["alg"], key["state"]) for key in before} >= {("RS256", "active"), ("RS256", "next")}
    rotated = told("keys", "rotate")
    assert rotated["rotated"] is True
    assert set(rotated["active"]) == {key["kid"] for key in before if key["state"] == "next"}


def test_keys_are_not_rotated_again_before_they_are_known_unless_now(told, refused) -> None:
    told("keys", "rotate")
    assert refused("keys", "rotate") == (1, "rotation_too_early")
    assert told("keys", "rotate", "--now")["rotated"] is True


def test_keys_are_rotated_if_due(told) -> None:
    told("keys", "rotate")
    assert told("keys", "rotate", "--if-due")["rotated"] is False


def test_now_and_if_due_exclude_each_other(refused) -> None:
    assert refused("keys", "rotate", "--now", "--if-due") == (2, "wrong_use")
