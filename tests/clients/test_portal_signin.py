"""The portal's sign-in: what it sends, what it accepts, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from portal.provider import RUNNING_ATTEMPTS

from tests.clients.conftest import PORTAL, Browser, Clock
from tests.clients.provider_double import ProviderDouble


def query(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_a_protected_page_leads_to_the_provider_with_pkce_state_and_nonce(portal_browser: Browser, provider: ProviderDouble) -> None:
    answer = portal_browser.get("/")
    sent = query(answer.location)
    assert answer.location.startswith(f"{provider.issuer}/authorize?")
    assert sent["response_type"] == "code"
    assert sent["client_id"] == "portal"
    assert sent["redirect_uri"] == f"{PORTAL}/oidc/callback"
    assert sent["scope"].split() == ["openid", "profile", "email", "phone", "roles", "contracts"]
    assert sent["code_challenge_method"] == "S256"
    assert len(sent["code_challenge"]) == 43
    assert len(sent["state"]) >= 22
    assert len(sent["nonce"]) >= 20


def test_a_sign_in_ends_at_the_page_that_was_wanted(portal_browser: Browser) -> None:
    answer = portal_browser.sign_in("/invoices?year=2026")
    assert answer.location == "/invoices?year=2026"
    assert "Rechnung November 2026" in portal_browser.get("/invoices").text


def test_two_tabs_may_sign_in_at_once(portal_browser: Browser, provider: ProviderDouble) -> None:
    first, second = portal_browser.get("/orders").location, portal_browser.get("/tickets").location
    assert portal_browser.get(provider.sign_in(second)).location == "/tickets"
    assert portal_browser.get(provider.sign_in(first)).location == "/orders"


def test_many_abandoned_sign_ins_do_not_fill_the_cookie(portal_browser: Browser) -> None:
    for _ in range(40):
        portal_browser.get("/")
    with portal_browser.client.session_transaction(base_url=PORTAL) as session:
        assert len([key for key in session if key.startswith("_state_")]) == RUNNING_ATTEMPTS
    assert portal_browser.sign_in().status_code == 302


def test_an_answer_with_an_unknown_state_is_refused(portal_browser: Browser, provider: ProviderDouble) -> None:
    provider.answer = {"state": "forged"}
    answer = portal_browser.sign_in()
    assert answer.status_code == 400
    assert "Erneut anmelden" in answer.text


def test_the_answer_to_another_browsers_sign_in_is_refused(
    portal_app: Flask, portal_browser: Browser, provider: ProviderDouble, new_browser: Callable[..., Browser]
) -> None:
    answer = provider.sign_in(portal_browser.get("/").location)
    assert new_browser(portal_app, portal_browser).get(answer).status_code == 400


def test_an_answer_cannot_be_used_twice(portal_browser: Browser, provider: ProviderDouble) -> None:
    answer = provider.sign_in(portal_browser.get("/").location)
    portal_browser.get(answer)
    portal_browser.sign_out()
    assert portal_browser.get(answer).status_code == 400
    assert provider.calls.count("/token") == 1


def test_going_back_to_the_answer_while_signed_in_leads_to_the_overview(portal_browser: Browser, provider: ProviderDouble) -> None:
    answer = provider.sign_in(portal_browser.get("/").location)
    portal_browser.get(answer)
    assert portal_browser.get(answer).location == "/"


@pytest.mark.parametrize("error", [None, "access_denied"])
@pytest.mark.parametrize("issuer", ["https://other.example", ""])
def test_rfc9207_2_4_an_answer_of_another_issuer_is_refused_before_the_code_is_sent(
    portal_browser: Browser, provider: ProviderDouble, issuer: str, error: str | None
) -> None:
    provider.answer = {"iss": issuer}
    assert portal_browser.sign_in(error=error).status_code == 400
    assert "/token" not in provider.calls


def test_discovery_4_3_a_document_that_names_another_issuer_is_refused(portal_browser: Browser, provider: ProviderDouble) -> None:
    provider.metadata = {"issuer": "https://other.example"}
    assert portal_browser.get("/").status_code == 503


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://other.example"},
        {"aud": "another-client", "azp": "portal"},
        {"exp": -60},
        {"iat": 600},
        {"sub": None},
        {"azp": "another-client"},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=str,
)
def test_core_3_1_3_7_a_wrong_id_token_is_refused(portal_browser: Browser, provider: ProviderDouble, wrong: dict[str, Any]) -> None:
    provider.id_claims = wrong
    assert portal_browser.sign_in().status_code == 400
    assert portal_browser.get("/").location.startswith(provider.issuer)


def test_an_id_token_signed_by_a_stranger_is_refused(portal_browser: Browser, provider: ProviderDouble) -> None:
    provider.signing_kid = "stranger"
    assert portal_browser.sign_in().status_code == 400


def test_an_id_token_signed_with_another_algorithm_than_registered_is_refused(portal_browser: Browser, provider: ProviderDouble) -> None:
    provider.metadata = {"id_token_signing_alg_values_supported": ["RS256", "ES256"]}
    provider.signing_kid, provider.published = "es256", ["k1", "es256"]
    assert portal_browser.sign_in().status_code == 400


def test_an_answer_without_id_token_is_refused(portal_browser: Browser, provider: ProviderDouble) -> None:
    provider.token = {"id_token": None}
    assert portal_browser.sign_in().status_code == 400


def test_core_5_3_2_userinfo_of_another_subject_is_refused(portal_browser: Browser, provider: ProviderDouble) -> None:
    provider.id_claims = {"sub": "somebody-else"}
    assert portal_browser.sign_in().status_code == 400


def test_a_new_signing_key_of_the_provider_is_fetched_when_it_is_met(
    portal_browser: Browser, provider: ProviderDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.provider.KEYS_REST", 0)
    portal_browser.sign_in()
    provider.published, provider.signing_kid = ["k1", "k2"], "k2"
    assert portal_browser.sign_in("/login").location == "/"


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        ("access_denied", 403, "abgebrochen oder nicht erlaubt"),
        ("login_required", 400, "ist abgelaufen"),
        ("server_error", 400, "konnte nicht abgeschlossen werden"),
    ],
)
def test_an_error_of_the_provider_becomes_a_page_with_a_way_on(portal_browser: Browser, error: str, status: int, words: str) -> None:
    answer = portal_browser.sign_in(error=error)
    assert answer.status_code == status
    assert words in answer.text
    assert 'href="/login"' in answer.text


def test_an_error_of_the_provider_ends_the_attempt(portal_browser: Browser, provider: ProviderDouble) -> None:
    to_provider = portal_browser.get("/").location
    portal_browser.get(provider.sign_in(to_provider, "access_denied"))
    portal_browser.get(provider.sign_in(to_provider))
    assert "/token" not in provider.calls


def test_a_refused_code_becomes_a_page_with_a_way_on(portal_browser: Browser, provider: ProviderDouble) -> None:
    provider.answer = {"code": "used-before"}
    answer = portal_browser.sign_in()
    assert answer.status_code == 400
    assert "Erneut anmelden" in answer.text


def test_without_the_provider_the_portal_is_ready_and_the_sign_in_asks_for_patience(
    portal_browser: Browser, provider: ProviderDouble
) -> None:
    provider.down = True
    assert portal_browser.get("/health/ready").status_code == 200
    answer = portal_browser.get("/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "Erneut versuchen" in answer.text
    provider.down = False
    assert portal_browser.get("/").status_code == 302


def test_a_provider_that_goes_away_during_the_sign_in_asks_for_patience(portal_browser: Browser, provider: ProviderDouble) -> None:
    answer = provider.sign_in(portal_browser.get("/").location)
    provider.down = True
    assert portal_browser.get(answer).status_code == 503


def test_a_session_is_a_new_one_at_each_sign_in(portal_browser: Browser) -> None:
    ids = []
    for _ in range(2):
        portal_browser.sign_in("/login")
        with portal_browser.client.session_transaction(base_url=PORTAL) as session:
            ids.append(session["id"])
    assert ids[0] != ids[1]
    with portal_browser.client.session_transaction(base_url=PORTAL) as session:
        session["id"] = ids[0]
    assert portal_browser.get("/documentation").status_code == 302


@pytest.mark.parametrize("seconds", [30 * 60, 10 * 3600])
def test_a_session_left_alone_ends(portal_browser: Browser, provider: ProviderDouble, clock: Clock, seconds: int) -> None:
    portal_browser.sign_in()
    clock.forward(seconds)
    assert portal_browser.get("/").location.startswith(f"{provider.issuer}/authorize")


def test_a_session_ends_after_ten_hours_of_work(portal_browser: Browser, provider: ProviderDouble, clock: Clock) -> None:
    portal_browser.sign_in()
    for _ in range(30):
        clock.forward(20 * 60 - 1)
        answer = portal_browser.get("/documentation")
    assert answer.status_code == 200
    clock.forward(60)
    assert portal_browser.get("/documentation").status_code == 302


@pytest.mark.parametrize("method", ["get", "post"])
def test_core_4_another_site_may_begin_the_sign_in_of_our_provider(portal_browser: Browser, provider: ProviderDouble, method: str) -> None:
    values = {"iss": provider.issuer, "target_link_uri": f"{PORTAL}/orders"}
    where = {"query_string": values} if method == "get" else {"data": values}
    answer = getattr(portal_browser, method)("/login/initiate", **where)
    if method == "post":
        assert "Set-Cookie" not in answer.headers
        answer = portal_browser.get(answer.location)
    assert answer.location == "/orders"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        f"{PORTAL}.evil.example/",
        f"{PORTAL}//evil.example",
        f"{PORTAL}/\\evil.example",
        f"{PORTAL}/\t/evil.example",
        f"{PORTAL}/\n/evil.example",
        "/orders",
        PORTAL,
    ],
)
def test_core_4_a_target_elsewhere_is_refused(portal_browser: Browser, provider: ProviderDouble, target: str) -> None:
    answer = portal_browser.get("/login/initiate", query_string={"iss": provider.issuer, "target_link_uri": target})
    assert answer.status_code == 400


def test_core_4_a_foreign_issuer_is_refused(portal_browser: Browser) -> None:
    assert portal_browser.get("/login/initiate", query_string={"iss": "https://other.example"}).status_code == 400
