"""The portal's sessions: renewed while the person works, ended by logout here, at the provider or in another app."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import portal.app
import portal.settings
import pytest
from flask import Flask

from tests.clients.conftest import PORTAL, Browser, Clock
from tests.clients.provider_double import LOGOUT_EVENT, ProviderDouble


def signed_in(browser: Browser) -> bool:
    return browser.get("/documentation").status_code == 200


def test_the_access_token_is_refreshed_while_the_person_works(portal_browser: Browser, provider: ProviderDouble, clock: Clock) -> None:
    portal_browser.sign_in()
    portal_browser.get("/orders")
    assert provider.calls.count("/token") == 1
    for _ in range(3):
        clock.forward(250)
        assert portal_browser.get("/orders").status_code == 200
    assert provider.calls.count("/token") == 4


def test_a_refresh_brings_the_current_role(portal_browser: Browser, provider: ProviderDouble, clock: Clock) -> None:
    portal_browser.sign_in()
    assert portal_browser.get("/invoices").status_code == 200
    provider.claims["roles"] = ["administrator-telefonanlage"]
    clock.forward(250)
    assert portal_browser.get("/invoices").status_code == 403


def test_a_refused_refresh_means_signing_in_again_and_coming_back(portal_browser: Browser, provider: ProviderDouble, clock: Clock) -> None:
    portal_browser.sign_in()
    provider.refresh_error = "invalid_grant"
    clock.forward(250)
    answer = portal_browser.get("/orders")
    assert answer.location.startswith(f"{provider.issuer}/authorize")
    assert portal_browser.get(provider.sign_in(answer.location)).location == "/orders"


def test_a_provider_away_does_not_disturb_while_the_token_lives(portal_browser: Browser, provider: ProviderDouble, clock: Clock) -> None:
    portal_browser.sign_in()
    provider.down = True
    clock.forward(250)
    assert portal_browser.get("/orders").status_code == 200
    clock.forward(60)
    assert portal_browser.get("/orders").status_code == 503
    provider.down = False
    assert portal_browser.get("/orders").status_code == 200


def test_a_token_that_the_provider_no_longer_honours_means_signing_in_again(
    portal_browser: Browser, provider: ProviderDouble, clock: Clock
) -> None:
    portal_browser.sign_in()
    provider.contracts_status = 401
    clock.forward(60)
    assert portal_browser.get("/").location.startswith(f"{provider.issuer}/authorize")


def test_rfc9470_4_a_resource_that_asks_for_more_is_followed_by_a_request_for_it(
    portal_browser: Browser, provider: ProviderDouble, clock: Clock
) -> None:
    portal_browser.sign_in()
    provider.contracts_status = 401
    provider.contracts_challenge = (
        'Bearer realm="idp", error="insufficient_user_authentication", acr_values="urn:idp:acr:mfa", max_age="60", other="x"'
    )
    clock.forward(60)
    sent = parse_qs(urlsplit(portal_browser.get("/").location).query)
    assert (sent["acr_values"], sent["max_age"]) == (["urn:idp:acr:mfa"], ["60"])
    assert "other" not in sent


def test_a_token_refused_right_after_the_sign_in_does_not_go_round_in_circles(portal_browser: Browser, provider: ProviderDouble) -> None:
    provider.contracts_status = 401
    portal_browser.sign_in()
    assert portal_browser.get("/").status_code == 400


def test_logout_ends_the_session_here_and_at_the_provider(portal_browser: Browser, provider: ProviderDouble) -> None:
    portal_browser.sign_in()
    portal_browser.get("/")
    answer = portal_browser.sign_out()
    sent = parse_qs(urlsplit(answer.location).query)
    assert answer.status_code == 303
    assert answer.location.startswith(f"{provider.issuer}/logout?")
    assert sent["post_logout_redirect_uri"] == [f"{PORTAL}/signed-out"]
    assert sent["id_token_hint"][0].count(".") == 2
    assert not signed_in(portal_browser)
    page = portal_browser.get("/signed-out", query_string={"state": sent["state"][0]})
    assert "Sie sind abgemeldet" in page.text
    assert "in allen Anwendungen beendet" in page.text


def test_after_a_refresh_the_logout_still_brings_the_id_token(portal_browser: Browser, provider: ProviderDouble, clock: Clock) -> None:
    portal_browser.sign_in()
    provider.token = {"id_token": None}
    clock.forward(250)
    portal_browser.get("/")
    assert "id_token_hint=" in portal_browser.sign_out().location


@pytest.mark.parametrize("csrf_token", ["", "forged"])
def test_a_logout_form_of_another_site_ends_nothing(portal_browser: Browser, csrf_token: str) -> None:
    portal_browser.sign_in()
    portal_browser.get("/")
    assert portal_browser.sign_out(csrf_token).status_code == 400
    assert signed_in(portal_browser)


def test_logout_without_the_provider_says_that_it_ended_only_here(
    portal_environment: dict[str, str], portal_browser: Browser, provider: ProviderDouble, clock: Clock
) -> None:
    portal_browser.sign_in()
    portal_browser.get("/")
    provider.down = True
    fresh = portal.app.create_app(portal.settings.from_environment(portal_environment), clock)  # knows no metadata yet
    portal_browser.client.application = fresh
    answer = portal_browser.sign_out()
    assert answer.location == "/signed-out"
    assert "Nur Ihre Anmeldung in diesem Portal" in portal_browser.get("/signed-out").text
    provider.down = False
    assert not signed_in(portal_browser)


def test_signed_out_is_not_said_to_somebody_signed_in(portal_browser: Browser) -> None:
    portal_browser.sign_in()
    assert portal_browser.get("/signed-out").location == "/"


def tell(browser: Browser, token: str) -> Any:
    return browser.client.post("/backchannel-logout", data={"logout_token": token}, base_url="http://portal.internal:8001")


@pytest.mark.parametrize("named", [{}, {"sub": None}, {"sid": None}], ids=["sid and sub", "sid", "sub"])
def test_a_logout_token_ends_the_session(portal_browser: Browser, provider: ProviderDouble, named: dict[str, Any]) -> None:
    portal_browser.sign_in()
    answer = tell(portal_browser, provider.logout_token("portal", **named))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert portal_browser.get("/").location.startswith(f"{provider.issuer}/authorize")


@pytest.mark.parametrize("named", [{"sid": "sid-2"}, {"sub": "somebody-else"}, {"sub": "somebody-else", "sid": None}], ids=str)
def test_a_logout_token_ends_no_other_session(portal_browser: Browser, provider: ProviderDouble, named: dict[str, Any]) -> None:
    portal_browser.sign_in()
    assert tell(portal_browser, provider.logout_token("portal", **named)).status_code == 200
    assert signed_in(portal_browser)


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://other.example"},
        {"aud": "another-client"},
        {"aud": None},
        {"iat": None},
        {"iat": 600},
        {"exp": None},
        {"exp": -60},
        {"jti": None},
        {"events": None},
        {"events": {}},
        {"events": {"https://other.example": {}}},
        {"events": {LOGOUT_EVENT: "yes"}},
        {"events": [LOGOUT_EVENT]},
        {"nonce": "n"},
        {"sid": None, "sub": None},
        {"sid": 7},
        {"typ": "JWT"},
        {"typ": "at+jwt"},
        {"kid": "stranger"},
    ],
    ids=str,
)
def test_backchannel_2_6_a_wrong_logout_token_is_refused(portal_browser: Browser, provider: ProviderDouble, wrong: dict[str, Any]) -> None:
    portal_browser.sign_in()
    answer = tell(portal_browser, provider.logout_token("portal", **wrong))
    assert answer.status_code == 400
    assert answer.json["error"] == "invalid_request"
    assert answer.headers["Cache-Control"] == "no-store"
    assert signed_in(portal_browser)


@pytest.mark.parametrize("token", ["", "no-jwt", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_signed_token_is_refused(portal_browser: Browser, token: str) -> None:
    assert tell(portal_browser, token).status_code == 400


def test_an_id_token_is_no_logout_token(portal_browser: Browser, provider: ProviderDouble) -> None:
    portal_browser.sign_in()
    id_token = provider.tokens({}, "portal")["id_token"]
    assert tell(portal_browser, id_token).status_code == 400


def test_a_logout_token_works_once(portal_browser: Browser, provider: ProviderDouble) -> None:
    token = provider.logout_token("portal")
    assert [tell(portal_browser, token).status_code for _ in range(2)] == [200, 400]


def test_a_logout_token_whose_key_cannot_be_fetched_may_come_again(portal_browser: Browser, provider: ProviderDouble) -> None:
    token = provider.logout_token("portal")
    provider.down = True
    assert tell(portal_browser, token).status_code == 503
    provider.down = False
    assert tell(portal_browser, token).status_code == 200


def test_forged_key_ids_do_not_make_the_portal_fetch_keys_again_and_again(portal_browser: Browser, provider: ProviderDouble) -> None:
    for _ in range(5):
        tell(portal_browser, provider.logout_token("portal", kid="stranger"))
    assert provider.calls.count("/jwks") == 1


def test_a_logout_told_to_one_process_ends_the_session_in_all(
    portal_environment: dict[str, str],
    portal_browser: Browser,
    provider: ProviderDouble,
    clock: Clock,
    new_browser: Callable[[Flask, Browser], Browser],
) -> None:
    portal_browser.sign_in()
    other_process = portal.app.create_app(portal.settings.from_environment(portal_environment), clock)
    tell(new_browser(other_process, portal_browser), provider.logout_token("portal"))
    assert not signed_in(portal_browser)
