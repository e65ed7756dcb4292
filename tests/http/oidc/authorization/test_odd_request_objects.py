"""Whatever a request object holds: no failure of ours, and nothing leads to an address that is not registered."""

from base64 import urlsafe_b64encode
from urllib.parse import urlsplit

import pytest

from tests.http.oidc.browsing import REDIRECT_URI, Browser, asking
from tests.http.oidc.signing import encoded, send, unsigned

ODD = [
    None, True, 0, -1, 1.5, 10**30, 1e308, "", "\x00", "\ud800", "x" * 100_000, [], ["a", "a"], [None], [["\ud800"]], {}, {"a": "\x00"},
    {"id_token": {"acr": {"essential": True, "values": [{}]}}}, {"userinfo": None}, [{"type": "cloud_phone"}],
    [{"type": "cloud_phone", "contract": {"$ne": None}}], "https://evil.example/", "//evil.example", "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "acr_values", "authorization_details", "aud", "claims", "claims_locales", "client_id", "code_challenge", "code_challenge_method",
        "display", "dpop_jkt", "exp", "iat", "id_token_hint", "iss", "jti", "login_hint", "max_age", "nbf", "nonce", "prompt",
        "redirect_uri", "registration", "request", "request_uri", "resource",
        "response_mode", "response_type", "scope", "state", "sub", "ui_locales",
    ],
)  # fmt: skip
def test_no_member_of_any_kind_is_a_failure_of_ours_or_leads_away(unsigning: Browser, claims, name: str) -> None:
    for value in ODD:
        response = send(unsigning, unsigned({**claims(), name: value}))
        assert response.status_code in (200, 303, 400), (name, value)
        if response.location:
            own = urlsplit(response.location).netloc in ("", "localhost")
            assert own or response.location.startswith((f"{REDIRECT_URI}?", f"{REDIRECT_URI}#")), response.location


HUGE_NUMBER = urlsafe_b64encode(b'{"exp": ' + b"9" * 5000 + b"}").decode()
DEEP = urlsafe_b64encode(b'{"claims": ' + b"[" * 900 + b"]" * 900 + b"}").decode()


@pytest.mark.parametrize(
    "request_object",
    [
        ".", "..", "...", "a", "é.é.é", "\x00", "eyJhbGciOiJub25lIn0", "eyJhbGciOiJub25lIn0.e30", "eyJhbGciOiJub25lIn0..", "x" * 100_000,
        f"{encoded([])}.{encoded({})}.", f"{encoded({'alg': 'ES256', 'kid': {}})}.{encoded({})}.AA", encoded({"alg": "ES256"}) + ".e30.AA",
        encoded({"alg": "ES256", "crit": ["x"], "x": 1}) + ".e30.AA", encoded({"alg": "none", "typ": []}) + ".e30.", "[" * 50_000 + ".e30.",
        urlsafe_b64encode(b"[" * 50_000).decode() + ".e30.", f"{encoded({'alg': 'RSA-OAEP', 'enc': 'A128GCM'})}.a.b.c.d",
        f"{encoded({'alg': 'none'})}.{HUGE_NUMBER}.", f"{encoded({'alg': 'none'})}.{DEEP}.",
    ],
    ids=range(20),
)  # fmt: skip
def test_no_text_in_place_of_an_object_is_a_failure_of_ours(unsigning: Browser, request_object: str) -> None:
    assert send(unsigning, request_object).status_code in (303, 400)
    assert send(unsigning, request_object, **asking()).status_code in (303, 400)
