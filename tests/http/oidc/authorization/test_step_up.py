"""A resource asks for more than was proven, and the app follows by a new request (RFC 9470)."""

import json
import re
from urllib.parse import urlsplit

import flask
import pytest
from werkzeug.test import TestResponse

from idp.authn.levels import ACR_MFA, ACR_PASSWORD
from idp.directory.accounts import Account
from idp.directory.tables import Customer
from idp.identifiers import ClientId, TokenFamilyId
from idp.oidc.protocol import OAuthError
from idp.oidc.tokens import step_up
from idp.oidc.tokens.access_tokens import TokenFacts
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, answered
from tests.http.oidc.relying import RelyingParty, claims_of

SCOPE = "openid contracts"


@pytest.fixture
def with_mobile(units) -> Account:
    """A phone administrator whose mobile number is verified."""
    return browsing.with_password(units, lambda work: builders.active_account(work, mobile="+4915155512399"))


@pytest.fixture
def party(app: flask.Flask, visitor: Browser) -> RelyingParty:
    """The app's server."""
    return RelyingParty(app)


def contracts(party: RelyingParty, token: str) -> TestResponse:
    """Ask for the contracts that a token's account may use."""
    return party.client.get("/api/v1/me/contracts", headers={"Authorization": f"Bearer {token}"})


def demand_pin(unit) -> None:
    """Let the customer's policy demand a PIN of everybody."""
    with unit() as work:
        work.db.execute(Customer.__table__.update().values(pin_for_all=True))


def test_rfc9470_3_a_token_below_what_the_account_needs_now_is_refused(
    visitor: Browser, party: RelyingParty, with_mobile: Account, unit
) -> None:
    visitor.with_session(with_mobile)
    token = party.tokens(visitor, scope=SCOPE)["access_token"]
    assert contracts(party, token).status_code == 200
    demand_pin(unit)
    refused = contracts(party, token)
    assert (refused.status_code, refused.json["error"]) == (401, "insufficient_user_authentication")
    challenge = refused.headers["WWW-Authenticate"]
    assert challenge.startswith("Bearer ")
    assert 'error="insufficient_user_authentication"' in challenge
    assert f'acr_values="{ACR_MFA}"' in challenge


def test_rfc9470_4_a_new_request_with_the_named_level_steps_up(visitor: Browser, party: RelyingParty, with_mobile: Account, unit) -> None:
    visitor.with_session(with_mobile)
    token = party.tokens(visitor, scope=SCOPE)["access_token"]
    demand_pin(unit)
    wanted = re.search(r'acr_values="([^"]+)"', contracts(party, token).headers["WWW-Authenticate"])
    assert wanted
    begun = visitor.authorize(scope=SCOPE, acr_values=wanted[1])
    assert 'name="password"' not in visitor.get(urlsplit(begun.location).path).text  # only the PIN is missing
    done = visitor.sign_in(begun, with_mobile)
    token = party.redeem(answered(visitor.get(done.location))["code"]).json["access_token"]
    assert (claims_of(token)["acr"], contracts(party, token).status_code) == (ACR_MFA, 200)


def test_rfc9470_6_2_a_token_says_how_and_when_the_person_signed_in(visitor: Browser, party: RelyingParty, account: Account, clock) -> None:
    visitor.with_session(account)
    signed_in_at = int(clock().timestamp())
    clock.advance(minutes=3)
    token = party.tokens(visitor, scope=SCOPE)["access_token"]
    assert (claims_of(token)["acr"], claims_of(token)["auth_time"]) == (ACR_PASSWORD, signed_in_at)
    told = party.introspect(token)
    assert (told["acr"], told["auth_time"]) == (ACR_PASSWORD, signed_in_at)


def test_what_was_reached_counts_though_less_was_demanded(visitor: Browser, party: RelyingParty, administrator: Account) -> None:
    visitor.with_session(administrator, acr=ACR_MFA)
    demanded = json.dumps({"id_token": {"acr": {"essential": True, "value": ACR_PASSWORD}}})
    token = party.tokens(visitor, scope=SCOPE, claims=demanded)["access_token"]
    assert (claims_of(token)["acr"], contracts(party, token).status_code) == (ACR_PASSWORD, 200)


def facts(**changes) -> TokenFacts:
    """An offline token, by which nobody is signed in any more."""
    known = {
        "client_id": ClientId("app"),
        "account_id": None,
        "session_id": None,
        "scopes": (),
        "authorization_details": (),
        "audience": (),
        "acr": ACR_PASSWORD,
        "family_id": TokenFamilyId("f"),
        "claims": {},
        "claims_request": {},
        "account": None,
        "session": None,
    }
    return TokenFacts(**(known | changes))


@pytest.mark.parametrize(("age", "max_age", "enough"), [(0, 0, True), (10, 10, True), (11, 10, False), (3600, None, True)])
def test_rfc9470_3_a_resource_may_bound_the_age_of_the_sign_in(unit, clock, age: int, max_age: int | None, enough: bool) -> None:
    token = facts(claims={"auth_time": int(clock().timestamp()) - age})
    with unit() as work:
        if enough:
            step_up.require(work, token, max_age=max_age)
            return
        with pytest.raises(OAuthError) as refused:
            step_up.require(work, token, max_age=max_age)
    assert refused.value.status == 401
    assert f'max_age="{max_age}"' in refused.value.headers["WWW-Authenticate"]


def test_rfc9470_3_a_bound_token_is_challenged_by_its_own_scheme(unit) -> None:
    with unit() as work, pytest.raises(OAuthError) as refused:
        step_up.require(work, facts(claims={"cnf": {"jkt": "k"}}), acr=ACR_MFA)
    assert refused.value.headers["WWW-Authenticate"].startswith("DPoP realm=")
