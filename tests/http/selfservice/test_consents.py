"""»Mein Konto«: which apps of others have access, taking that back, and where one is signed in."""

import re
from collections.abc import Callable
from html import unescape

import flask
import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.authn import sessions
from idp.authn.areas import Area
from idp.authn.levels import ACR_PASSWORD
from idp.directory.accounts import Account, Role
from idp.oidc.authorization import consent
from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, answered, csrf_token
from tests.http.oidc.relying import RelyingParty
from tests.visitor import Visitor, pins_of, signed_in_browser

APPS = "/account/"
PLACES = "/account/sessions"
REVOKE = "/account/apps/app/revoke"


@pytest.fixture
def phone_admin(unit, admin: Account, units: Units) -> Account:
    return browsing.with_password(units, browsing.phone_admin)


@pytest.fixture
def third_party(unit) -> RelyingParty:
    with unit() as work:
        browsing.registered(work, first_party=False, client_name="Kalender & Co", client_uri="https://app.example/")
    return None


@pytest.fixture
def browser(app: flask.Flask, phone_admin: Account, third_party) -> Browser:
    made = Browser(app)
    made.with_session(phone_admin)
    return made


@pytest.fixture
def relying(app: flask.Flask, browser: Browser) -> RelyingParty:
    return RelyingParty(app)


@pytest.fixture
def agreed(browser: Browser) -> Callable[..., str]:
    """Let the person agree on the consent page; gives the code."""

    def agree(**asked: str) -> str:
        step = browser.authorize(**({"scope": "openid email offline_access", "prompt": "consent"} | asked))
        page = browser.get(step.location) if step.status_code == 303 else step
        fields = {
            "csrf_token": csrf_token(page),
            "decision": "allow",
            "account": page.text.split('name="account" value="')[1].split('"')[0],
        }
        action = unescape(page.text.split('<form method="post" action="')[1].split('"')[0])
        done = browser.post(action, fields)
        while "code=" not in done.location:
            done = browser.get(done.location)
        return answered(done)["code"]

    return agree


def revoke(browser: Browser, address: str = REVOKE):
    page = browser.get(address)
    return browser.post(address, {"csrf_token": csrf_token(page)})


def test_an_app_is_listed_with_its_scopes_in_words_since_when_and_offline(browser: Browser, agreed) -> None:
    agreed()
    page = browser.get(APPS, headers={"Accept-Language": "de"}).text
    for words in (
        "Kalender &amp; Co", "Erlaubt am 02.03.2026", "Auch wenn Sie abgemeldet sind", "Ihre E-Mail-Adresse sehen", "https://app.example/",
    ):  # fmt: skip
        assert words in page, words
    assert "email" not in page.replace("data-email", "")


def test_without_offline_access_the_list_does_not_say_so(browser: Browser, agreed) -> None:
    agreed(scope="openid email")
    assert "Auch wenn Sie abgemeldet sind" not in browser.get(APPS).text


def test_nobody_has_access_without_a_yes_and_our_own_apps_are_not_listed(browser: Browser, unit) -> None:
    with unit() as work:
        own = browsing.registered(work, "own").client
        (account,) = [row.account_id for row in work.db.execute(select(sessions.store.tables.Session.account_id))]
        consent.remember(work, own, account, ("openid",))
    assert "Keine App hat Zugriff" in browser.get(APPS).text


def test_opening_the_question_changes_nothing(browser: Browser, agreed) -> None:
    agreed()
    assert "Kalender &amp; Co den Zugriff nehmen?" in browser.get(REVOKE).text
    assert "Kalender" in browser.get(APPS).text


def test_revoking_ends_offline_and_session_tokens_at_once(browser: Browser, relying: RelyingParty, agreed) -> None:
    tokens = relying.redeem(agreed()).json
    assert relying.is_active(tokens["access_token"])
    assert revoke(browser).location == APPS
    assert "Keine App hat Zugriff" in browser.get(APPS).text
    assert not relying.is_active(tokens["access_token"])
    assert relying.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_after_it_the_person_is_asked_again(browser: Browser, agreed) -> None:
    agreed(scope="openid email")
    assert "code=" in browser.authorize(scope="openid email").location
    revoke(browser)
    assert "Kalender" in browser.authorize(scope="openid email").text or "/authorize/" in browser.authorize(scope="openid email").location


def test_a_code_that_waits_while_the_consent_is_revoked_is_worth_nothing(browser: Browser, relying: RelyingParty, agreed) -> None:
    code = agreed()
    revoke(browser)
    assert relying.redeem(code).json["error"] == "invalid_grant"


def test_it_is_audited_with_the_person_as_actor(browser: Browser, agreed, units: Units, phone_admin: Account) -> None:
    agreed()
    revoke(browser)
    revoke_again = browser.get(REVOKE)
    assert revoke_again.location == APPS
    with units.read() as work:
        query = select(AuditEvent.actor_kind, AuditEvent.actor_id, AuditEvent.account_id, AuditEvent.client_id)
        noted = work.db.execute(query.where(AuditEvent.event == "consent.revoked")).all()
    assert noted == [("person", phone_admin.id, phone_admin.id, "app")]


def test_another_persons_consent_is_left_alone(app: flask.Flask, browser: Browser, relying: RelyingParty, agreed, unit, admin) -> None:
    tokens = relying.redeem(agreed()).json
    other = signed_in_browser(app, admin)
    other.open(APPS)
    assert "Kalender" not in other.page.text
    assert other.post(REVOKE, csrf_token=other.form("csrf_token").fields["csrf_token"]).location == APPS
    assert relying.is_active(tokens["access_token"])


def test_without_token_nothing_is_revoked(browser: Browser, relying: RelyingParty, agreed) -> None:
    tokens = relying.redeem(agreed()).json
    assert browser.post(REVOKE).status_code == 400
    assert relying.is_active(tokens["access_token"])


@pytest.mark.parametrize("client_id", ["nobody", "%00", "x" * 3000, "%ED%A0%80", "<script>"])
def test_an_unknown_app_leads_back_to_the_list(browser: Browser, client_id: str) -> None:
    assert browser.get(f"/account/apps/{client_id}/revoke").status_code in (303, 404)


def test_a_disabled_app_is_not_listed(browser: Browser, agreed, unit) -> None:
    agreed()
    with unit() as work:
        clients.enable(work, "app", enabled=False)
    assert "Keine App hat Zugriff" in browser.get(APPS).text


@pytest.mark.parametrize("page", [APPS, PLACES, REVOKE])
def test_who_is_not_signed_in_signs_in_and_comes_back(app: flask.Flask, phone_admin: Account, third_party, page: str) -> None:
    visitor = Visitor(app)
    visitor.open(page)
    assert visitor.heading == "Anmeldung erforderlich"
    visitor.sign_in(phone_admin.username, browsing.PASSWORD)
    assert visitor.address in (page, APPS)


def test_an_administrator_needs_the_pin_here_too(app: flask.Flask, admin: Account, third_party) -> None:
    visitor = signed_in_browser(app, admin, acr=ACR_PASSWORD)
    visitor.open(APPS)
    visitor.send("pin/send")
    visitor.send("pin", pin=pins_of(app, builders.MOBILE)[-1])
    assert visitor.heading == "Apps mit Zugriff"
    assert "Muster GmbH" in visitor.page.text


def test_the_menu_of_the_console_leads_here(app: flask.Flask, admin: Account) -> None:
    visitor = signed_in_browser(app, admin)
    visitor.open("/console/")
    assert f'href="{APPS}"' in visitor.page.text


@pytest.mark.parametrize("role", [Role.OPERATOR])
def test_a_staff_session_opens_nothing_here(app: flask.Flask, unit, role: Role) -> None:
    with unit() as work:
        operator = builders.staff_account(work, role)
        _, token = sessions.start(
            work, operator, acr="urn:idp:acr:mfa", amr=("pwd", "sms", "mfa"), browser="b" * 64, signin_id=None, device_label="",
            replaces=None, area=Area.STAFF,
        )  # fmt: skip
    visitor = Visitor(app)
    visitor.client.set_cookie("idp_session", token)
    visitor.client.set_cookie("idp_staff", token)
    visitor.open(APPS)
    assert visitor.heading == "Anmeldung erforderlich"


# --- where one is signed in


def test_own_sessions_are_listed_and_the_others_ended(app: flask.Flask, admin: Account, units: Units) -> None:
    visitor = signed_in_browser(app, admin)
    signed_in_browser(app, admin)
    signed_in_browser(app, admin)
    visitor.open(PLACES)
    assert visitor.page.text.count("(diese Sitzung)") == 1
    visitor.open(PLACES + "/sign-out")
    assert "An allen anderen Stellen werden Sie sofort aus allen Anwendungen abgemeldet." in visitor.page.text
    visitor.send("sign-out")
    assert "Sie sind dort abgemeldet." in visitor.page.text
    with units.read() as work:
        assert len(sessions.live_of(work, admin.id)) == 1
    assert visitor.open(PLACES).status_code == 200
    assert visitor.heading == "Wo Sie angemeldet sind"


def test_a_question_stands_under_the_entry_that_led_to_it(app: flask.Flask, admin: Account) -> None:
    visitor = signed_in_browser(app, admin)
    for path in (PLACES, PLACES + "/sign-out"):
        assert re.findall(r'aria-current="page">([^<]+)</a>', visitor.open(path).text) == ["Wo Sie angemeldet sind"]


def test_one_session_is_ended_and_only_ones_own(app: flask.Flask, admin: Account, phone_admin: Account, units: Units) -> None:
    visitor = signed_in_browser(app, admin)
    signed_in_browser(app, admin)
    signed_in_browser(app, phone_admin)
    with units.read() as work:
        live = [session.id for session in sessions.live_of(work, admin.id)]
        (foreign,) = [session.id for session in sessions.live_of(work, phone_admin.id)]
    for session_id in (*live, foreign):
        visitor.open(f"{PLACES}/sign-out?session={session_id}")
        visitor.page = visitor.post(f"{PLACES}/sign-out?session={session_id}", **visitor.form("csrf_token").fields)
    with units.read() as work:
        assert len(sessions.live_of(work, admin.id)) == 1
        assert len(sessions.live_of(work, phone_admin.id)) == 1
