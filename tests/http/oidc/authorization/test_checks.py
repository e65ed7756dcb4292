"""What the authorization endpoint refuses, where it says so, and what it ignores."""

import json

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from tests.http.oidc import browsing
from tests.http.oidc.browsing import CHALLENGE, REDIRECT_URI, Browser, answered

# --- while client or redirect URI are not proven, a page says so


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "nobody"},
        {"client_id": ["app", "app"]},
        {"client_id": "app\x00"},
        {"redirect_uri": None},
        {"redirect_uri": ["https://app.example/callback", "https://app.example/callback"]},
        {"redirect_uri": "https://app.example/callback/"},
        {"redirect_uri": "https://app.example/callback?x=1"},
        {"redirect_uri": "https://app.example/callback#x"},
        {"redirect_uri": "https://APP.example/callback"},
        {"redirect_uri": "http://app.example/callback"},
        {"redirect_uri": "https://app.example:443/callback"},
        {"redirect_uri": "https://app.example/x/../callback"},
        {"redirect_uri": "https://app.example/callback\x00"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "/callback"},
    ],
    ids=str,
)
def test_rfc9700_2_1_1_nothing_unproven_is_redirected_to(signed_in: Browser, changes: dict) -> None:
    response = signed_in.authorize(**changes)
    assert (response.status_code, response.location) == (400, None)
    assert "Anwendung" in response.text


def test_a_refused_redirect_uri_is_noted_in_the_audit_log(visitor: Browser, units) -> None:
    visitor.authorize(redirect_uri="https://evil.example/")
    with units.read() as work:
        noted = work.db.execute(select(AuditEvent.event, AuditEvent.client_id)).all()
    assert ("authorization.refused", "app") in noted


def test_a_disabled_client_is_refused_on_a_page(signed_in: Browser, unit) -> None:
    from idp.oidc.clients import clients  # noqa: PLC0415 - only here

    with unit() as work:
        clients.enable(work, "app", enabled=False)
    assert signed_in.authorize().status_code == 400


def test_the_error_page_speaks_the_readers_language(visitor: Browser) -> None:
    german = visitor.get("/authorize", headers={"Accept-Language": "de"}).text
    english = visitor.get("/authorize", headers={"Accept-Language": "en"}).text
    assert "Diese Anmeldung kann nicht weitergehen" in german
    assert "This sign-in cannot go on" in english


# --- from then on the client gets its code


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"scope": "provisioning"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": " none  login "}, "invalid_request"),
        ({"response_type": " "}, "invalid_request"),
        ({"response_type": "code code2"}, "unsupported_response_type"),
        ({"scope": " "}, "invalid_scope"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "1e3"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "invalid_request_object"),
        ({"request_uri": "https://app.example/request.jwt"}, "invalid_request_uri"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"id_token_hint": "not.a.token"}, "invalid_request"),
        ({"resource": "https://unknown.example/"}, "invalid_target"),
        ({"resource": ["http://localhost", "urn:x#y"]}, "invalid_target"),
        ({"state": ["one", "two"]}, "invalid_request"),
        ({"nonce": ["one", "two"]}, "invalid_request"),
        ({"scope": ["openid", "openid"]}, "invalid_request"),
        ({"code_challenge": [CHALLENGE, CHALLENGE]}, "invalid_request"),
        ({"unknown": ["one", "two"]}, "invalid_request"),
        ({"nonce": "a\x00b"}, "invalid_request"),
    ],
    ids=str,
)
def test_rfc6749_4_1_2_1_a_wrong_request_is_answered_by_its_code(signed_in: Browser, changes: dict, error: str) -> None:
    assert answered(signed_in.authorize(**changes))["error"] == error


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge": "short"},
        {"code_challenge": CHALLENGE + "="},
        {"code_challenge": "a" * 42 + "!"},
    ],
    ids=str,
)
def test_rfc7636_4_4_1_only_s256_challenges_are_taken(signed_in: Browser, changes: dict) -> None:
    answer = answered(signed_in.authorize(**changes))
    assert (answer["error"], answer["state"]) == ("invalid_request", "a state")


def test_rfc7636_a_client_registered_without_pkce_need_not_send_it(signed_in: Browser, unit) -> None:
    with unit() as work:
        browsing.registered(work, "plain", require_pkce=False)
    assert "code" in answered(signed_in.authorize(client_id="plain", code_challenge=None, code_challenge_method=None))


def test_rfc7636_a_public_client_must_send_it_in_any_case(signed_in: Browser, unit) -> None:
    with unit() as work:
        browsing.registered(work, "public", token_endpoint_auth_method="none")
    answer = answered(signed_in.authorize(client_id="public", code_challenge=None, code_challenge_method=None))
    assert answer["error"] == "invalid_request"


def test_rfc9126_5_a_client_that_must_push_is_refused_without(signed_in: Browser, unit) -> None:
    with unit() as work:
        browsing.registered(work, "pushing", require_pushed_authorization_requests=True)
    assert answered(signed_in.authorize(client_id="pushing"))["error"] == "invalid_request"


@pytest.mark.parametrize(
    "claims",
    [
        "no json", "[]", "1", '{"id_token": []}', '{"id_token": {"acr": 1}}', '{"id_token": {"acr": {"essential": "yes"}}}',
        '{"userinfo": {"email": {"values": "x"}}}', '{"id_token": {"sub": {"value": {}}}}', '{"id_token": {"sub": {"value": "a\\u0000"}}}',
        '{"id_token": {"sub": {"value": "\\ud800"}}}', '{"id_token": {"x": {"value": NaN}}}', '{"id_token": {"x": {"value": 1e999}}}',
        '{"a": ' * 5000 + "1" + "}" * 5000, '{"id_token": {"sub": {"value": 1}}}',
    ],
)  # fmt: skip
def test_core_5_5_a_claims_request_of_wrong_form_is_invalid_request(signed_in: Browser, claims: str) -> None:
    assert answered(signed_in.authorize(claims=claims))["error"] == "invalid_request"


# --- and what is merely unknown does not matter


@pytest.mark.parametrize(
    "changes",
    [
        {"foo": "bar"},
        {"display": "popup"},
        {"claims_locales": "de"},
        {"ui_locales": "xx yy"},
        {"prompt": "sparkle"},
        {"scope": "openid unknown"},
        {"scope": "openid  profile"},
        {"scope": " openid "},
        {"response_type": "code "},
        {"response_type": "  code"},
        {"prompt": "none "},
        {"prompt": "  none  "},
        {"prompt": " "},
        {"acr_values": " "},
        {"ui_locales": "  de  xx "},
        {"acr_values": "urn:unknown"},
        {"resource": ["http://localhost", "http://localhost"]},
        {"max_age": ""},
        {"claims": json.dumps({"id_token": {"auth_time": {"essential": True}, "nickname": None}, "other": 1})},
        {"redirect_uri": REDIRECT_URI},
        {"state": "s" * 3000},
        {"nonce": "n" * 3000},
        {"audience": "x"},
    ],
    ids=str,
)
def test_core_3_1_2_1_what_is_unknown_or_harmless_is_ignored(signed_in: Browser, changes: dict) -> None:
    assert "code" in answered(signed_in.authorize(**changes))
