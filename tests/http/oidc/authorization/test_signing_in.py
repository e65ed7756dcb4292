"""When a person has to sign in for a request, and that it is enough to do so once."""

import json
import re
from urllib.parse import urlsplit

import pytest

from idp.authn import sessions
from idp.authn.events import EndReason
from idp.directory import accounts
from idp.directory.accounts import Account
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, answered


def leads_to_signin(response) -> bool:
    return response.status_code == 303 and urlsplit(response.location).path.startswith("/signin/")


def demanding(account: Account) -> str:
    """The `claims` of a request that only this person may answer."""
    return json.dumps({"id_token": {"sub": {"value": account.sub}}})


def test_core_3_1_2_3_nobody_signed_in_leads_to_the_sign_in_and_back_with_a_code(visitor: Browser, account: Account) -> None:
    done = visitor.sign_in(visitor.authorize(), account)
    assert set(answered(visitor.get(done.location))) == {"code", "state", "iss"}


def test_the_administrator_confirms_by_pin_and_comes_back_with_a_code(visitor: Browser, administrator: Account) -> None:
    done = visitor.sign_in(visitor.authorize(), administrator)
    assert "code" in answered(visitor.get(done.location))


def test_the_sign_in_names_the_app_and_may_lead_to_it(visitor: Browser) -> None:
    page = visitor.get(visitor.authorize().location)
    assert "Sample App" in page.text
    assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]


def test_core_3_1_2_1_ui_locales_choose_the_language_of_the_sign_in(visitor: Browser) -> None:
    page = visitor.get(visitor.authorize(ui_locales="fr en de").location, headers={"Accept-Language": "de"})
    assert '<html lang="en">' in page.text


def test_core_3_1_2_6_prompt_none_without_session_is_login_required(visitor: Browser) -> None:
    assert answered(visitor.authorize(prompt="none"))["error"] == "login_required"


def test_core_3_1_2_1_prompt_none_with_a_session_is_answered(signed_in: Browser) -> None:
    assert "code" in answered(signed_in.authorize(prompt="none"))


@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
def test_core_3_1_2_1_prompt_asks_anew_and_is_satisfied_by_the_sign_in_made_for_it(
    signed_in: Browser, account: Account, prompt: str
) -> None:
    response = signed_in.authorize(prompt=prompt)
    assert leads_to_signin(response)
    done = signed_in.sign_in(response, account)
    assert "code" in answered(signed_in.get(done.location))


def test_prompt_login_is_not_satisfied_by_a_sign_in_made_for_another_request(signed_in: Browser, account: Account) -> None:
    first = signed_in.authorize(prompt="login")
    signed_in.sign_in(signed_in.authorize(prompt="login"), account)
    page = signed_in.get(urlsplit(first.location).path)
    assert 'name="password"' in page.text


def test_core_3_1_2_1_max_age_within_the_time_is_answered_at_once(signed_in: Browser, clock) -> None:
    clock.advance(minutes=5)
    assert "code" in answered(signed_in.authorize(max_age="300"))


def test_core_3_1_2_1_max_age_exceeded_asks_anew_and_the_new_sign_in_satisfies_it_whatever_the_clock_says(
    signed_in: Browser, account: Account, clock
) -> None:
    clock.advance(minutes=5, seconds=1)
    response = signed_in.authorize(max_age="300")
    assert leads_to_signin(response)
    done = signed_in.sign_in(response, account)
    clock.advance(minutes=10)
    assert "code" in answered(signed_in.get(done.location))


def test_core_3_1_2_1_max_age_0_is_like_prompt_login(signed_in: Browser, account: Account, clock) -> None:
    clock.advance(seconds=1)
    done = signed_in.sign_in(signed_in.authorize(max_age="0"), account)
    clock.advance(seconds=30)
    assert "code" in answered(signed_in.get(done.location))


def test_core_3_1_2_6_max_age_exceeded_with_prompt_none_is_login_required(signed_in: Browser, clock) -> None:
    clock.advance(seconds=11)
    assert answered(signed_in.authorize(max_age="10", prompt="none"))["error"] == "login_required"


def test_the_registered_default_max_age_counts_where_the_request_has_none(signed_in: Browser, unit, clock) -> None:
    with unit() as work:
        browsing.registered(work, "strict", default_max_age=60)
    clock.advance(seconds=61)
    assert leads_to_signin(signed_in.authorize(client_id="strict"))


def test_an_idle_session_counts_as_none(signed_in: Browser, clock) -> None:
    clock.advance(minutes=31)
    assert leads_to_signin(signed_in.authorize())


def test_an_authorization_keeps_the_session_alive(signed_in: Browser, clock) -> None:
    for _ in range(3):
        clock.advance(minutes=20)
        assert "code" in answered(signed_in.authorize())


def test_an_ended_session_counts_as_none(visitor: Browser, account: Account, unit) -> None:
    session = visitor.with_session(account)
    with unit() as work:
        sessions.end(work, [session.id], EndReason.SIGNED_OUT_BY_ADMIN)
    assert leads_to_signin(visitor.authorize())


def test_a_session_of_a_deactivated_account_is_worth_nothing(signed_in: Browser, account: Account, unit) -> None:
    with unit() as work:
        accounts.deactivate(work, account.customer_id, account.id)
    assert leads_to_signin(signed_in.authorize())


# --- hints


def test_core_3_1_2_1_login_hint_of_the_signed_in_person_is_ignored(signed_in: Browser, account: Account) -> None:
    assert "code" in answered(signed_in.authorize(login_hint=account.username.upper()))
    assert "code" in answered(signed_in.authorize(login_hint=account.email))


def test_login_hint_of_another_person_asks_and_fills_the_name_in(signed_in: Browser, administrator: Account) -> None:
    response = signed_in.authorize(login_hint=administrator.username)
    assert f'value="{administrator.username}"' in signed_in.get(response.location).text


def test_login_hint_is_only_a_hint_whoever_signs_in_is_answered(signed_in: Browser, account: Account) -> None:
    done = signed_in.sign_in(signed_in.authorize(login_hint="somebody.else"), account)
    assert "code" in answered(signed_in.get(done.location))


def test_login_hint_of_another_person_with_prompt_none_is_login_required(signed_in: Browser) -> None:
    assert answered(signed_in.authorize(login_hint="somebody.else", prompt="none"))["error"] == "login_required"


def test_core_5_5_1_a_demanded_sub_is_answered_for_that_person_only(signed_in: Browser, account: Account, administrator: Account) -> None:
    own = demanding(account)
    other = demanding(administrator)
    assert "code" in answered(signed_in.authorize(claims=own))
    assert leads_to_signin(signed_in.authorize(claims=other))
    assert answered(signed_in.authorize(claims=other, prompt="none"))["error"] == "login_required"


def test_core_3_1_2_2_another_person_than_the_demanded_one_signing_in_is_login_required(
    signed_in: Browser, account: Account, administrator: Account
) -> None:
    other = demanding(administrator)
    done = signed_in.sign_in(signed_in.authorize(claims=other), account)
    assert answered(signed_in.get(done.location))["error"] == "login_required"


# --- several apps and tabs


def test_core_3_1_2_1_a_sign_in_made_for_a_request_counts_for_it_though_another_tab_has_proven_the_session_anew_since(
    visitor: Browser, account: Account
) -> None:
    first = visitor.sign_in(visitor.authorize(prompt="login"), account)
    second = visitor.sign_in(visitor.authorize(prompt="login"), account)
    assert "code" in answered(visitor.get(first.location))
    assert "code" in answered(visitor.get(second.location))


def test_two_apps_in_two_tabs_sign_in_without_disturbing_each_other(visitor: Browser, account: Account, unit) -> None:
    with unit() as work:
        browsing.registered(work, "second", redirect_uris=["https://second.example/cb"])
    one = visitor.authorize(state="one")
    two = visitor.authorize(client_id="second", redirect_uri="https://second.example/cb", state="two")
    done = visitor.sign_in(two, account)
    assert answered(visitor.get(done.location), "https://second.example/cb")["state"] == "two"
    led_on = visitor.get(urlsplit(one.location).path)
    assert answered(visitor.get(led_on.location))["state"] == "one"


def test_prompt_create_leads_to_the_request_for_an_account(visitor: Browser) -> None:
    response = visitor.authorize(prompt="create")
    address = urlsplit(response.location)
    assert address.path == "/access-request"
    request_id = address.query.removeprefix("authorization=")
    assert answered(visitor.get(f"/authorize/{request_id}/cancel"))["error"] == "access_denied"


def test_the_request_for_an_account_leads_back_to_the_app_by_its_name(visitor: Browser) -> None:
    page = visitor.get(visitor.authorize(prompt="create").location.removeprefix("http://localhost"))
    assert "Zurück zu Sample App" in page.text
    assert re.search(r'href="/authorize/[^"/]+/cancel"', page.text)


def test_another_browser_cannot_cancel_a_request(visitor: Browser, other_visitor: Browser) -> None:
    request_id = urlsplit(visitor.authorize(prompt="create").location).query.removeprefix("authorization=")
    assert other_visitor.get(f"/authorize/{request_id}/cancel").status_code == 400


def test_single_sign_on_across_customers_apps_asks_nothing(signed_in: Browser, unit) -> None:
    with unit() as work:
        builders.known_customer(work)
        browsing.registered(work, "second", redirect_uris=["https://second.example/cb"])
    response = signed_in.authorize(client_id="second", redirect_uri="https://second.example/cb")
    assert "code" in answered(response, "https://second.example/cb")
