"""`id_token_hint` at the authorization endpoint (Core §3.1.2.1)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from idp.directory.accounts import Account
from idp.oidc.keys import rotation
from idp.oidc.keys.jose import Algorithm, sign
from idp.oidc.keys.ring import ring_of
from idp.unit_of_work import SYSTEM
from tests.http.oidc import browsing
from tests.http.oidc.authorization.test_signing_in import leads_to_signin
from tests.http.oidc.browsing import ISSUER, Browser, answered


@pytest.fixture
def hint(units, clock) -> Callable[..., str]:
    """Make an ID token about somebody."""

    def make(account: Account, **changes: Any) -> str:
        now = int(clock().timestamp())
        typ = changes.pop("typ", "JWT")
        claims = {"iss": ISSUER, "sub": account.sub, "aud": "app", "iat": now, "exp": now + 300}
        return sign(claims | changes, ring_of(units).current().active(Algorithm.RS256), typ=typ)

    return make


def test_core_3_1_2_1_a_hint_at_the_signed_in_person_is_answered_at_once(signed_in: Browser, account: Account, hint) -> None:
    assert "code" in answered(signed_in.authorize(id_token_hint=hint(account), prompt="none"))


def test_a_hint_that_has_expired_or_whose_key_has_retired_counts(signed_in: Browser, account: Account, hint, units, clock) -> None:
    token = hint(account)
    rotation.rotate(units, SYSTEM, now=True)
    ring_of(units).forget()
    clock.advance(minutes=20)
    assert "code" in answered(signed_in.authorize(id_token_hint=token, prompt="none"))


def test_core_3_1_2_1_a_hint_at_another_person_with_prompt_none_is_login_required(signed_in: Browser, administrator: Account, hint) -> None:
    assert answered(signed_in.authorize(id_token_hint=hint(administrator), prompt="none"))["error"] == "login_required"


def test_a_hint_at_another_person_asks_that_person(signed_in: Browser, administrator: Account, hint) -> None:
    response = signed_in.authorize(id_token_hint=hint(administrator))
    assert leads_to_signin(response)
    assert f'value="{administrator.username}"' in signed_in.get(response.location).text


def test_the_hinted_person_signing_in_is_answered(signed_in: Browser, administrator: Account, hint) -> None:
    done = signed_in.sign_in(signed_in.authorize(id_token_hint=hint(administrator)), administrator)
    assert "code" in answered(signed_in.get(done.location))


@pytest.mark.parametrize(
    "changes", [{"aud": "other"}, {"iss": "https://other.example"}, {"typ": "at+jwt"}, {"sub": None}, {"aud": []}], ids=str
)
def test_a_token_that_is_no_id_token_for_the_client_is_invalid_request(signed_in: Browser, account: Account, hint, changes: dict) -> None:
    assert answered(signed_in.authorize(id_token_hint=hint(account, **changes)))["error"] == "invalid_request"


def test_a_hint_and_a_demanded_sub_that_differ_are_invalid_request(signed_in: Browser, account: Account, hint) -> None:
    claims = '{"id_token": {"sub": {"value": "somebody else"}}}'
    assert answered(signed_in.authorize(id_token_hint=hint(account), claims=claims))["error"] == "invalid_request"


def test_core_5_5_1_a_demanded_sub_tells_nobody_whose_it_is(visitor: Browser, account: Account) -> None:
    response = visitor.authorize(claims=json.dumps({"id_token": {"sub": {"value": account.sub}}}))
    assert leads_to_signin(response)
    assert account.username not in visitor.get(response.location).text


def test_a_hint_of_anothers_app_tells_it_no_user_name(visitor: Browser, account: Account, hint, unit) -> None:
    with unit() as work:
        browsing.registered(work, "third", first_party=False)
    response = visitor.authorize(client_id="third", id_token_hint=hint(account, aud="third"))
    assert account.username not in visitor.get(response.location).text
    done = visitor.sign_in(response, account)
    assert 'name="decision"' in visitor.get(done.location).text
