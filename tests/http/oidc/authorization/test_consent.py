"""Consent: asked for another's app, remembered, never for our own."""

import json
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.audit.tables import AuditEvent
from idp.directory.accounts import Account
from idp.oidc.authorization.tables import Code
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, answered, csrf_token

THIRD = {"client_id": "third"}


@pytest.fixture(autouse=True)
def third_party(visitor: Browser, unit) -> None:
    """An app of somebody else."""
    with unit() as work:
        browsing.registered(
            work, "third", first_party=False, client_name="Fremde <App>", authorization_details_types=["cloud_phone"],
            policy_uri="https://app.example/privacy",
        )  # fmt: skip


def consent_page(browser: Browser, **changes) -> TestResponse:
    """The page on which the person is asked."""
    page = browser.get(urlsplit(browser.authorize(**(THIRD | changes)).location).path)
    assert 'name="decision"' in page.text, page.text
    return page


def decide(browser: Browser, page: TestResponse, account: Account, decision: str = "allow") -> TestResponse:
    """Press one of the buttons."""
    form = {"csrf_token": csrf_token(page), "account": account.id, "decision": decision}
    return browser.post(f"{page.request.path}/consent", form)


def granted_scopes(units) -> list[str]:
    with units.read() as work:
        return work.db.execute(select(Code.grant).order_by(Code.created_at.desc())).scalars().first()["scopes"]


def test_core_3_1_2_4_our_own_app_needs_no_consent(signed_in: Browser) -> None:
    assert "code" in answered(signed_in.authorize(scope="openid profile", prompt="consent"))


def test_core_3_1_2_4_anothers_app_is_asked_for_in_words(signed_in: Browser) -> None:
    page = consent_page(signed_in, scope="openid profile email")
    assert "Fremde &lt;App&gt;" in page.text
    assert "Ihre E-Mail-Adresse sehen" in page.text
    assert "Ihre Telefonnummer sehen" not in page.text
    assert "form-action 'self' https://app.example;" in page.headers["Content-Security-Policy"]


def test_the_page_names_no_host_that_the_browser_does_not_go_to(signed_in: Browser, unit) -> None:
    uri = "com.other.app://app.example/callback"
    with unit() as work:
        browsing.registered(work, "native", first_party=False, application_type="native", redirect_uris=[uri])
    page = consent_page(signed_in, client_id="native", redirect_uri=uri)
    assert "weiter zu com.other.app." in page.text
    assert "app.example" not in page.text


def test_a_yes_leads_on_to_the_app(signed_in: Browser, account: Account) -> None:
    allowed = decide(signed_in, consent_page(signed_in), account)
    assert "code" in answered(signed_in.get(allowed.location))


def test_rfc6749_4_1_2_1_a_no_is_access_denied(signed_in: Browser, account: Account) -> None:
    page = consent_page(signed_in)
    assert answered(decide(signed_in, page, account, "deny"))["error"] == "access_denied"
    assert signed_in.get(page.request.path).status_code == 400


def test_a_yes_is_remembered(signed_in: Browser, account: Account) -> None:
    signed_in.get(decide(signed_in, consent_page(signed_in, scope="openid email"), account).location)
    assert "code" in answered(signed_in.authorize(**THIRD, scope="openid"))


def test_a_yes_counts_for_what_was_asked_only(signed_in: Browser, account: Account) -> None:
    signed_in.get(decide(signed_in, consent_page(signed_in, scope="openid email"), account).location)
    consent_page(signed_in, scope="openid phone")


def test_a_later_yes_adds_to_an_earlier_one(signed_in: Browser, account: Account) -> None:
    for scope in ("openid email", "openid phone"):
        signed_in.get(decide(signed_in, consent_page(signed_in, scope=scope), account).location)
    assert "code" in answered(signed_in.authorize(**THIRD, scope="openid email phone"))


def test_core_3_1_2_1_prompt_consent_asks_again(signed_in: Browser, account: Account) -> None:
    signed_in.get(decide(signed_in, consent_page(signed_in), account).location)
    consent_page(signed_in, prompt="consent")


def test_core_3_1_2_6_prompt_none_without_consent_is_consent_required(signed_in: Browser) -> None:
    assert answered(signed_in.authorize(**THIRD, prompt="none"))["error"] == "consent_required"


@pytest.mark.parametrize(
    "asked",
    [
        {"login_hint": "somebody.else"},
        {"max_age": 0},
        {"claims": '{"id_token": {"acr": {"essential": true, "value": "phr"}}}'},
        {"authorization_details": '[{"type": "cloud_phone", "contract": "not-theirs"}]'},
    ],
    ids=str,
)
def test_core_3_1_2_6_an_app_without_consent_learns_nothing_else_of_who_is_signed_in(signed_in: Browser, asked: dict) -> None:
    assert answered(signed_in.authorize(**THIRD, prompt="none", **asked))["error"] == "consent_required"


def test_core_11_offline_access_without_prompt_consent_is_left_out_for_anothers_app(signed_in: Browser, account: Account, units) -> None:
    signed_in.get(decide(signed_in, consent_page(signed_in, scope="openid offline_access"), account).location)
    assert granted_scopes(units) == ["openid"]


def test_core_11_offline_access_with_prompt_consent_is_granted(signed_in: Browser, account: Account, units) -> None:
    page = consent_page(signed_in, scope="openid offline_access", prompt="consent")
    assert "wenn Sie sich abgemeldet haben" in page.text
    signed_in.get(decide(signed_in, page, account).location)
    assert granted_scopes(units) == ["openid", "offline_access"]


def test_core_11_offline_access_alone_does_not_get_past_consent(signed_in: Browser) -> None:
    assert answered(signed_in.authorize(**THIRD, scope="offline_access", prompt="none"))["error"] == "invalid_scope"
    assert answered(signed_in.authorize(**THIRD, scope="offline_access"))["error"] == "invalid_scope"


def test_core_5_5_claims_that_are_asked_for_one_by_one_are_agreed_to_as_well(signed_in: Browser, account: Account, units) -> None:
    claims = json.dumps({"userinfo": {"email": None}, "id_token": {"phone_number": {"essential": True}}})
    page = consent_page(signed_in, scope="openid", claims=claims)
    assert "Ihre E-Mail-Adresse sehen" in page.text
    assert "Ihre Telefonnummer sehen" in page.text
    signed_in.get(decide(signed_in, page, account).location)
    assert granted_scopes(units) == ["openid"]
    assert "code" in answered(signed_in.authorize(**THIRD, scope="openid", claims=claims, prompt="none"))


def test_core_5_5_a_yes_to_scopes_is_none_to_further_claims(signed_in: Browser, account: Account) -> None:
    signed_in.get(decide(signed_in, consent_page(signed_in, scope="openid"), account).location)
    asked = {"scope": "openid", "prompt": "none", "claims": json.dumps({"userinfo": {"contracts": None}})}
    assert answered(signed_in.authorize(**THIRD, **asked))["error"] == "consent_required"


def test_core_11_our_own_app_gets_offline_access_without_asking(signed_in: Browser, units) -> None:
    assert "code" in answered(signed_in.authorize(scope="openid offline_access"))
    assert granted_scopes(units) == ["openid", "offline_access"]


def test_rfc9396_contracts_are_named_and_asked_for_each_time(signed_in: Browser, account: Account) -> None:
    details = '[{"type": "cloud_phone", "contract": "%s"}]' % builders.PHONE_1  # noqa: UP031 - braces
    page = consent_page(signed_in, authorization_details=details)
    assert "Telefonanlage Zentrale" in page.text
    signed_in.get(decide(signed_in, page, account).location)
    consent_page(signed_in, authorization_details=details)


def test_a_yes_of_another_account_than_the_shown_one_does_not_count(signed_in: Browser, administrator: Account) -> None:
    page = consent_page(signed_in)
    asked_again = decide(signed_in, page, administrator)
    assert 'name="decision"' in signed_in.get(asked_again.location).text


def test_a_yes_from_another_browser_does_not_count(signed_in: Browser, other_visitor: Browser, account: Account) -> None:
    page = consent_page(signed_in)
    other_visitor.with_session(account)
    token = csrf_token(other_visitor.get("/end-session"))
    stolen = other_visitor.post(f"{page.request.path}/consent", {"csrf_token": token, "account": account.id, "decision": "allow"})
    assert stolen.status_code == 400


def test_a_yes_from_another_site_does_not_count(signed_in: Browser, account: Account) -> None:
    page = consent_page(signed_in)
    forged = signed_in.post(f"{page.request.path}/consent", {"account": account.id, "decision": "allow"})
    assert forged.status_code == 400
    assert 'name="decision"' in signed_in.get(page.request.path).text


def test_consent_is_noted_in_the_audit_log(signed_in: Browser, account: Account, units) -> None:
    decide(signed_in, consent_page(signed_in, scope="openid email"), account)
    with units.read() as work:
        query = select(AuditEvent.account_id, AuditEvent.client_id, AuditEvent.detail).where(AuditEvent.event == "consent.given")
        noted = work.db.execute(query).all()
    assert noted == [(account.id, "third", {"scopes": ["openid", "email"]})]
