"""The cloud phone UI: opened by Core §4 for exactly one contract, pushed (RFC 9126) and granted in detail (RFC 9396)."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cloudphone.app
import cloudphone.settings
import pytest

from tests.clients.conftest import CLOUDPHONE, PORTAL, Browser, Clock
from tests.clients.provider_double import ProviderDouble

FIRST, SECOND = "CP-4711", "CP-4712"


def detail(contract: str) -> dict[str, str]:
    return {"type": "cloud_phone", "contract": contract}


def initiate(browser: Browser, contract: str = FIRST, **changes: str) -> Any:
    target = f"{CLOUDPHONE}/contracts/{contract}"
    return browser.get("/login/initiate", query_string={"iss": browser.provider.issuer, "target_link_uri": target, **changes})


def open_contract(browser: Browser, contract: str = FIRST, error: str | None = None) -> Any:
    return browser.get(browser.provider.sign_in(initiate(browser, contract).location, error))


def shows(browser: Browser, contract: str) -> bool:
    answer = browser.get(f"/contracts/{contract}")
    return answer.status_code == 200 and f'<dd id="contract">{contract}</dd>' in answer.text


def tell(browser: Browser, token: str) -> Any:
    return browser.client.post("/backchannel-logout", data={"logout_token": token}, base_url=CLOUDPHONE)


def test_rfc9126_4_the_request_is_pushed_and_the_browser_carries_only_its_reference(
    cloudphone_browser: Browser, provider: ProviderDouble
) -> None:
    answer = initiate(cloudphone_browser)
    carried = parse_qs(urlsplit(answer.location).query)
    assert answer.location.startswith(f"{provider.issuer}/authorize?")
    assert set(carried) == {"client_id", "request_uri"}
    pushed = provider.pushed[carried["request_uri"][0]]
    assert json.loads(pushed["authorization_details"]) == [detail(FIRST)]
    assert pushed["redirect_uri"] == f"{CLOUDPHONE}/oidc/callback"
    assert pushed["code_challenge_method"] == "S256"
    assert pushed["scope"].split()[0] == "openid"
    assert pushed["state"]
    assert pushed["nonce"]


def test_a_login_hint_is_handed_on(cloudphone_browser: Browser, provider: ProviderDouble) -> None:
    initiate(cloudphone_browser, login_hint="customer2300229")
    assert next(iter(provider.pushed.values()))["login_hint"] == "customer2300229"


def test_core_4_by_post_the_sign_in_begins_with_a_get_that_brings_the_cookie(cloudphone_browser: Browser, provider: ProviderDouble) -> None:
    values = {"iss": provider.issuer, "target_link_uri": f"{CLOUDPHONE}/contracts/{FIRST}"}
    answer = cloudphone_browser.post("/login/initiate", data=values)
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    assert cloudphone_browser.get(answer.location).location.startswith(f"{provider.issuer}/authorize?")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"iss": ""},
        {"target_link_uri": f"https://evil.example/contracts/{FIRST}"},
        {"target_link_uri": f"{CLOUDPHONE}.evil.example/contracts/{FIRST}"},
        {"target_link_uri": f"{PORTAL}/contracts/{FIRST}"},
        {"target_link_uri": f"/contracts/{FIRST}"},
    ],
    ids=str,
)
def test_core_4_a_foreign_issuer_or_target_is_refused(
    cloudphone_browser: Browser, provider: ProviderDouble, changes: dict[str, str]
) -> None:
    answer = initiate(cloudphone_browser, **changes)
    assert answer.status_code == 400
    assert "Dieser Link führt nicht in diese Anwendung." in answer.text
    assert "/par" not in provider.calls


@pytest.mark.parametrize("path", ["/", "/documentation", "/contracts/", "/contracts/a/b", f"/contracts/{'9' * 65}", "/contracts/%0A"])
def test_a_target_without_contract_leads_to_the_choice(cloudphone_browser: Browser, provider: ProviderDouble, path: str) -> None:
    assert initiate(cloudphone_browser, target_link_uri=f"{CLOUDPHONE}{path}").location == "/"


def test_the_opened_page_shows_user_role_and_contract(cloudphone_browser: Browser) -> None:
    assert open_contract(cloudphone_browser).location == f"/contracts/{FIRST}"
    page = unescape(cloudphone_browser.get(f"/contracts/{FIRST}").text)
    for words in ("Max Muster", "customer2300229", "Administrator Kundenportal", FIRST, "Zentrale", "Dokumentation", "Abmelden"):
        assert words in page


def test_without_contract_the_page_says_to_choose_one_in_the_portal(cloudphone_browser: Browser) -> None:
    page = cloudphone_browser.get("/").text
    assert "Bitte wählen Sie einen Vertrag" in page
    assert f'href="{PORTAL}"' in page


def test_a_bookmarked_contract_begins_the_sign_in_for_it(cloudphone_browser: Browser) -> None:
    assert cloudphone_browser.sign_in(f"/contracts/{SECOND}").location == f"/contracts/{SECOND}"


def test_several_contracts_may_be_open_in_one_browser(cloudphone_browser: Browser) -> None:
    open_contract(cloudphone_browser, FIRST)
    open_contract(cloudphone_browser, SECOND)
    assert shows(cloudphone_browser, FIRST)
    assert shows(cloudphone_browser, SECOND)
    assert cloudphone_browser.get("/").text.count("/contracts/CP-47") == 2


def test_two_tabs_may_open_contracts_at_once(cloudphone_browser: Browser, provider: ProviderDouble) -> None:
    first, second = initiate(cloudphone_browser, FIRST).location, initiate(cloudphone_browser, SECOND).location
    cloudphone_browser.get(provider.sign_in(second))
    cloudphone_browser.get(provider.sign_in(first))
    assert shows(cloudphone_browser, FIRST)
    assert shows(cloudphone_browser, SECOND)


@pytest.mark.parametrize("other", [{"sub": "sub-tanja", "name": "Tanja Testerin"}, {}], ids=["another person", "another session"])
def test_nobody_inherits_the_grants_of_another_session(
    cloudphone_browser: Browser, provider: ProviderDouble, other: dict[str, str]
) -> None:
    open_contract(cloudphone_browser, FIRST)
    provider.claims |= other
    provider.sid = "sid-2"
    open_contract(cloudphone_browser, SECOND)
    assert shows(cloudphone_browser, SECOND)
    assert not shows(cloudphone_browser, FIRST)


@pytest.mark.parametrize("error", ["access_denied", "invalid_authorization_details"])
def test_a_contract_that_the_provider_denies_is_explained(cloudphone_browser: Browser, error: str) -> None:
    answer = open_contract(cloudphone_browser, FIRST, error)
    assert answer.status_code == 403
    assert "Diese Telefonanlage können Sie nicht öffnen" in answer.text
    assert FIRST in answer.text
    assert f'href="{PORTAL}"' in answer.text


def test_a_contract_denied_at_the_push_is_explained(cloudphone_browser: Browser, provider: ProviderDouble) -> None:
    provider.push_error = "invalid_authorization_details"
    answer = initiate(cloudphone_browser)
    assert answer.status_code == 403
    assert "Diese Telefonanlage können Sie nicht öffnen" in answer.text


def test_a_denial_takes_the_earlier_grant_away(cloudphone_browser: Browser) -> None:
    open_contract(cloudphone_browser, FIRST)
    open_contract(cloudphone_browser, FIRST, "access_denied")
    assert not shows(cloudphone_browser, FIRST)


@pytest.mark.parametrize(
    "granted",
    [
        None,
        [],
        [detail(SECOND)],
        [detail(FIRST), detail(SECOND)],
        [{"type": "another", "contract": FIRST}],
        "CP-4711",
        [FIRST],
    ],
    ids=str,
)
def test_rfc9396_7_only_exactly_the_asked_contract_is_accepted(cloudphone_browser: Browser, provider: ProviderDouble, granted: Any) -> None:
    provider.grants_details = lambda asked: granted
    assert open_contract(cloudphone_browser).status_code == 403
    provider.grants_details = lambda asked: asked
    assert cloudphone_browser.get("/").text.count("/contracts/CP-47") == 0


@pytest.mark.parametrize("details", [None, [detail(SECOND)], [detail(FIRST), detail(SECOND)]], ids=str)
def test_rfc9396_9_1_an_access_token_for_something_else_is_refused(
    cloudphone_browser: Browser, provider: ProviderDouble, details: Any
) -> None:
    provider.access_claims = {"authorization_details": details}
    assert open_contract(cloudphone_browser).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://other.example"},
        {"aud": "https://other.example"},
        {"aud": None},
        {"sub": "somebody-else"},
        {"client_id": "portal"},
        {"exp": -60},
        {"exp": None},
        {"iat": None},
    ],
    ids=str,
)
def test_rfc9068_4_a_wrong_access_token_is_refused(cloudphone_browser: Browser, provider: ProviderDouble, wrong: dict[str, Any]) -> None:
    provider.access_claims = wrong
    assert open_contract(cloudphone_browser).status_code == 400


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"kid": "unknown"}], ids=str)
def test_rfc9068_4_a_wrong_header_is_refused(cloudphone_browser: Browser, provider: ProviderDouble, header: dict[str, str]) -> None:
    provider.access_header = header
    assert open_contract(cloudphone_browser).status_code == 400


def test_an_opaque_access_token_is_refused(cloudphone_browser: Browser, provider: ProviderDouble) -> None:
    provider.token = {"access_token": "opaque"}
    assert open_contract(cloudphone_browser).status_code == 400


@pytest.mark.parametrize("wrong", [{"nonce": "another"}, {"aud": "portal", "azp": "cloudphone"}, {"iss": "https://other.example"}], ids=str)
def test_core_3_1_3_7_a_wrong_id_token_is_refused(cloudphone_browser: Browser, provider: ProviderDouble, wrong: dict[str, str]) -> None:
    provider.id_claims = wrong
    assert open_contract(cloudphone_browser).status_code == 400


def test_rfc9207_2_4_an_answer_of_another_issuer_is_refused(cloudphone_browser: Browser, provider: ProviderDouble) -> None:
    provider.answer = {"iss": "https://other.example"}
    assert open_contract(cloudphone_browser).status_code == 400
    assert "/token" not in provider.calls


def test_an_answer_with_an_unknown_state_is_refused(cloudphone_browser: Browser, provider: ProviderDouble) -> None:
    provider.answer = {"state": "forged"}
    answer = open_contract(cloudphone_browser)
    assert answer.status_code == 400
    assert "ist abgelaufen" in answer.text


def test_a_grant_is_refreshed_and_checked_again(cloudphone_browser: Browser, provider: ProviderDouble, clock: Clock) -> None:
    open_contract(cloudphone_browser)
    clock.forward(250)
    assert shows(cloudphone_browser, FIRST)
    assert provider.calls.count("/token") == 2
    provider.access_claims = {"authorization_details": [detail(SECOND)]}
    clock.forward(250)
    assert not shows(cloudphone_browser, FIRST)


def test_a_refresh_answer_without_the_grant_is_none(cloudphone_browser: Browser, provider: ProviderDouble, clock: Clock) -> None:
    open_contract(cloudphone_browser)
    provider.token = {"authorization_details": None}
    clock.forward(250)
    assert not shows(cloudphone_browser, FIRST)


def test_a_withdrawn_contract_is_asked_for_again_and_then_explained(
    cloudphone_browser: Browser, provider: ProviderDouble, clock: Clock
) -> None:
    open_contract(cloudphone_browser)
    provider.refresh_error = "invalid_grant"
    clock.forward(250)
    to_provider = cloudphone_browser.get(f"/contracts/{FIRST}").location
    assert FIRST not in cloudphone_browser.get("/").text
    assert cloudphone_browser.get(provider.sign_in(to_provider, "access_denied")).status_code == 403


def test_a_provider_away_does_not_disturb_while_the_token_lives(
    cloudphone_browser: Browser, provider: ProviderDouble, clock: Clock
) -> None:
    open_contract(cloudphone_browser)
    provider.down = True
    clock.forward(250)
    assert shows(cloudphone_browser, FIRST)
    clock.forward(60)
    assert cloudphone_browser.get(f"/contracts/{FIRST}").status_code == 503
    provider.down = False
    assert shows(cloudphone_browser, FIRST)


def test_without_the_provider_the_application_is_ready_and_asks_for_patience(cloudphone_browser: Browser, provider: ProviderDouble) -> None:
    provider.down = True
    assert cloudphone_browser.get("/health/ready").status_code == 200
    answer = initiate(cloudphone_browser)
    assert answer.status_code == 503
    assert "/login/initiate?" in answer.text


@pytest.mark.parametrize("named", [{}, {"sub": None}, {"sid": None}], ids=["sid and sub", "sid", "sub"])
def test_a_logout_token_ends_the_session_and_all_its_grants(
    cloudphone_browser: Browser, provider: ProviderDouble, named: dict[str, Any]
) -> None:
    open_contract(cloudphone_browser, FIRST)
    open_contract(cloudphone_browser, SECOND)
    assert tell(cloudphone_browser, provider.logout_token("cloudphone", **named)).status_code == 200
    assert not shows(cloudphone_browser, FIRST)
    assert not shows(cloudphone_browser, SECOND)


@pytest.mark.parametrize(
    "wrong",
    [{"aud": "portal"}, {"iss": "https://other.example"}, {"typ": "JWT"}, {"nonce": "n"}, {"events": {}}, {"kid": "stranger"}],
    ids=str,
)
def test_backchannel_2_6_a_wrong_logout_token_is_refused(
    cloudphone_browser: Browser, provider: ProviderDouble, wrong: dict[str, Any]
) -> None:
    open_contract(cloudphone_browser)
    assert tell(cloudphone_browser, provider.logout_token("cloudphone", **wrong)).status_code == 400
    assert shows(cloudphone_browser, FIRST)


def test_a_logout_token_works_once(cloudphone_browser: Browser, provider: ProviderDouble) -> None:
    token = provider.logout_token("cloudphone")
    assert [tell(cloudphone_browser, token).status_code for _ in range(2)] == [200, 400]


def test_logout_ends_the_session_here_and_at_the_provider(cloudphone_browser: Browser, provider: ProviderDouble) -> None:
    open_contract(cloudphone_browser)
    answer = cloudphone_browser.sign_out()
    sent = parse_qs(urlsplit(answer.location).query)
    assert answer.location.startswith(f"{provider.issuer}/logout?")
    assert sent["id_token_hint"]
    assert not shows(cloudphone_browser, FIRST)
    page = cloudphone_browser.get("/signed-out", query_string={"state": sent["state"][0]}).text
    assert "in allen Anwendungen beendet" in page


def test_no_token_outlives_its_session(cloudphone_browser: Browser, cloudphone_environment: dict[str, str]) -> None:
    open_contract(cloudphone_browser)
    cloudphone_browser.sign_out()
    with closing(sqlite3.connect(Path(cloudphone_environment["CLOUDPHONE_DATA_DIR"], "cloudphone.sqlite3"))) as db:
        assert db.execute("SELECT count(*) FROM grants").fetchone() == (0,)


def test_a_logout_form_of_another_site_ends_nothing(cloudphone_browser: Browser) -> None:
    open_contract(cloudphone_browser)
    assert cloudphone_browser.sign_out("forged").status_code == 400
    assert shows(cloudphone_browser, FIRST)


@pytest.mark.parametrize("seconds", [30 * 60, 10 * 3600])
def test_a_session_left_alone_ends(cloudphone_browser: Browser, clock: Clock, seconds: int) -> None:
    open_contract(cloudphone_browser)
    clock.forward(seconds)
    assert not shows(cloudphone_browser, FIRST)


@pytest.mark.parametrize("page", ["/", "/documentation", f"/contracts/{FIRST}", "/nothing-here"])
def test_every_page_is_there_in_both_languages_without_inline_style_or_script(cloudphone_browser: Browser, page: str) -> None:
    open_contract(cloudphone_browser)
    for language in ("de", "en"):
        cloudphone_browser.get(f"/language/{language}")
        answer = cloudphone_browser.get(page)
        assert f'<html lang="{language}">' in answer.text
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example"])
def test_the_language_switch_leads_nowhere_else(cloudphone_browser: Browser, back: str) -> None:
    assert cloudphone_browser.get("/language/en", query_string={"back": back}).location == "/"


def test_the_cookies_of_the_two_applications_have_different_names(cloudphone_browser: Browser) -> None:
    assert initiate(cloudphone_browser).headers["Set-Cookie"].startswith("cloudphone_session=")


def test_on_https_the_cookie_is_bound_to_the_host(cloudphone_environment: dict[str, str]) -> None:
    cloudphone_environment["CLOUDPHONE_BASE_URL"] = "https://phone.example.com"
    app = cloudphone.app.create_app(cloudphone.settings.from_environment(cloudphone_environment))
    cookie = app.test_client().get("/language/en", base_url="https://phone.example.com").headers["Set-Cookie"]
    assert cookie.startswith("__Host-cloudphone_session=")
    assert "Secure" in cookie


def test_on_another_name_a_path_with_a_line_break_is_led_on_as_it_was_asked_for(cloudphone_browser: Browser) -> None:
    answer = cloudphone_browser.client.get("/a%0Ab?c=d", base_url="http://127.0.0.1:8002")
    assert answer.location == f"{CLOUDPHONE}/a%0Ab?c=d"
