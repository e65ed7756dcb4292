"""RP-Initiated Logout 1.0."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.audit.tables import AuditEvent
from idp.authn import sessions
from idp.authn.sessions import Session
from idp.directory.accounts import Account
from idp.oidc.keys import rotation
from idp.oidc.keys.ring import ring_of
from idp.unit_of_work import SYSTEM, Units
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, csrf_token
from tests.http.oidc.logout.conftest import GOODBYE

IdToken = Callable[..., str]


def end_session(visitor: Browser, **parameters) -> TestResponse:
    return visitor.get("/end-session?" + urlencode(parameters, doseq=True))


def is_live(units: Units, session: Session) -> bool:
    with units.read() as work:
        return sessions.find_by_id(work, session.id) is not None


def asks_for_confirmation(response: TestResponse) -> bool:
    return response.status_code == 200 and "Möchten Sie sich abmelden?" in response.text


def test_2_a_hint_of_this_browsers_session_logs_out_at_once_and_returns_with_state(
    visitor: Browser, session: Session, account: Account, id_token: IdToken, units
) -> None:
    response = end_session(visitor, id_token_hint=id_token(account, session), post_logout_redirect_uri=GOODBYE, state="a&b")
    assert (response.status_code, response.location) == (303, f"{GOODBYE}?state=a%26b")
    assert not is_live(units, session)


def test_the_sessions_cookie_goes_and_the_browsers_name_stays(
    visitor: Browser, session: Session, account: Account, id_token: IdToken
) -> None:
    end_session(visitor, id_token_hint=id_token(account, session))
    assert visitor.client.get_cookie("idp_session") is None
    assert visitor.client.get_cookie("idp_browser") is not None


def test_without_an_address_to_return_to_a_page_says_that_it_is_done(
    visitor: Browser, session: Session, account: Account, id_token: IdToken
) -> None:
    assert "Sie sind abgemeldet" in end_session(visitor, id_token_hint=id_token(account, session)).text


def test_2_an_expired_hint_counts(visitor: Browser, session: Session, account: Account, id_token: IdToken, units, clock) -> None:
    hint = id_token(account, session)
    clock.advance(minutes=20)
    assert end_session(visitor, id_token_hint=hint, post_logout_redirect_uri=GOODBYE).location == GOODBYE
    assert not is_live(units, session)


def test_2_a_hint_signed_with_a_key_that_has_retired_counts(
    visitor: Browser, session: Session, account: Account, id_token: IdToken, units
) -> None:
    hint = id_token(account, session)
    rotation.rotate(units, SYSTEM, now=True)
    ring_of(units).forget()
    assert end_session(visitor, id_token_hint=hint, post_logout_redirect_uri=GOODBYE).location == GOODBYE


def test_2_a_hint_without_sid_counts_for_the_sessions_own_person(
    visitor: Browser, session: Session, account: Account, id_token: IdToken, units
) -> None:
    end_session(visitor, id_token_hint=id_token(account, None))
    assert not is_live(units, session)


@pytest.mark.parametrize("changes", [{"sid": "of another session"}, {"iss": "https://other.example"}, {"typ": "at+jwt"}], ids=str)
def test_2_a_hint_of_another_session_or_none_of_ours_asks_first(
    visitor: Browser, session: Session, account: Account, id_token: IdToken, units, changes: dict
) -> None:
    assert asks_for_confirmation(end_session(visitor, id_token_hint=id_token(account, session, **changes)))
    assert is_live(units, session)


def test_2_a_hint_that_somebody_changed_asks_first_and_returns_nowhere(
    visitor: Browser, session: Session, account: Account, id_token: IdToken
) -> None:
    header, payload, _ = id_token(account, session).split(".")
    forged = f"{header}.{payload}.{'A' * 342}"
    assert asks_for_confirmation(end_session(visitor, id_token_hint=forged))
    assert end_session(visitor, id_token_hint=forged, post_logout_redirect_uri=GOODBYE).status_code == 400


def test_6_without_a_hint_the_person_is_asked(visitor: Browser, session: Session, account: Account, units) -> None:
    page = end_session(visitor)
    assert asks_for_confirmation(page)
    assert account.username in page.text
    assert is_live(units, session)


def confirmed(visitor: Browser, page: TestResponse, **carried: str) -> TestResponse:
    return visitor.post("/end-session/confirm", {"csrf_token": csrf_token(page)} | carried)


def test_a_yes_logs_out(visitor: Browser, session: Session, units) -> None:
    response = confirmed(visitor, end_session(visitor))
    assert "Sie sind abgemeldet" in response.text
    assert not is_live(units, session)


def test_3_a_yes_returns_to_the_registered_address_of_the_named_client(visitor: Browser, session: Session) -> None:
    asked = {"client_id": "app", "post_logout_redirect_uri": GOODBYE, "state": "s"}
    page = end_session(visitor, **asked)
    assert f'name="post_logout_redirect_uri" value="{GOODBYE}"' in page.text
    assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]
    assert confirmed(visitor, page, **asked).location == f"{GOODBYE}?state=s"


def test_a_yes_without_the_forms_token_changes_nothing(visitor: Browser, session: Session, units) -> None:
    assert visitor.post("/end-session/confirm").status_code == 400
    assert is_live(units, session)


@pytest.mark.parametrize(
    "uri", ["https://evil.example/", f"{GOODBYE}/", f"{GOODBYE}?x=1", "https://app.example/callback", "//evil.example"]
)
def test_3_only_a_registered_address_is_returned_to(
    visitor: Browser, session: Session, account: Account, id_token: IdToken, uri: str
) -> None:
    for proof in ({"id_token_hint": id_token(account, session)}, {"client_id": "app"}, {}):
        response = end_session(visitor, post_logout_redirect_uri=uri, **proof)
        assert (response.status_code, response.location) == (400, None)


def test_a_wrong_request_still_leads_to_the_sign_out(visitor: Browser, session: Session) -> None:
    page = end_session(visitor, client_id="app", post_logout_redirect_uri="https://evil.example/")
    assert 'href="/end-session"' in page.text


def test_2_client_id_must_fit_the_hint(visitor: Browser, session: Session, account: Account, id_token: IdToken, unit) -> None:
    with unit() as work:
        browsing.registered(work, "other")
    assert end_session(visitor, id_token_hint=id_token(account, session), client_id="other").status_code == 400


@pytest.mark.parametrize("parameters", [{"state": ["a", "b"]}, {"client_id": "a\x00"}, {"client_id": "nobody"}], ids=str)
def test_a_request_of_wrong_form_is_refused_on_a_page(visitor: Browser, session: Session, parameters: dict) -> None:
    assert end_session(visitor, **parameters).status_code == 400


def test_nobody_signed_in_is_told_so(visitor: Browser) -> None:
    assert "Sie sind abgemeldet" in end_session(visitor).text


def test_nobody_signed_in_with_a_good_hint_returns_at_once(visitor: Browser, account: Account, id_token: IdToken) -> None:
    assert end_session(visitor, id_token_hint=id_token(account, None), post_logout_redirect_uri=GOODBYE).location == GOODBYE


def test_nobody_signed_in_without_a_hint_is_offered_the_way_back(visitor: Browser) -> None:
    page = end_session(visitor, client_id="app", post_logout_redirect_uri=GOODBYE)
    assert page.status_code == 200
    assert f'href="{GOODBYE}"' in page.text


def test_2_a_post_from_another_site_goes_on_where_the_cookies_are(
    visitor: Browser, session: Session, account: Account, id_token: IdToken, units
) -> None:
    asked = {"id_token_hint": id_token(account, session), "post_logout_redirect_uri": GOODBYE, "state": "s", "other": "x"}
    response = visitor.post("/end-session", asked, headers={"Sec-Fetch-Site": "cross-site"})
    assert (response.status_code, urlsplit(response.location).path) == (303, "/end-session")
    assert is_live(units, session)
    assert visitor.get(response.location.removeprefix("http://localhost")).location == f"{GOODBYE}?state=s"


def test_2_ui_locales_choose_the_language_of_the_question(visitor: Browser, session: Session) -> None:
    assert "Do you want to sign out?" in end_session(visitor, ui_locales="en").text


def test_a_logout_is_noted_in_the_audit_log(visitor: Browser, session: Session, account: Account, id_token: IdToken, units) -> None:
    end_session(visitor, id_token_hint=id_token(account, session))
    with units.read() as work:
        query = select(AuditEvent.account_id, AuditEvent.client_id, AuditEvent.actor_id).where(AuditEvent.event == "logout.requested")
        assert work.db.execute(query).all() == [(account.id, "app", account.id)]
