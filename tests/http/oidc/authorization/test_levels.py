"""Authentication levels: what is wished, what is demanded, what the account must."""

import json

import pytest

from idp.authn.levels import ACR_MFA, ACR_PASSWORD
from idp.directory.accounts import Account
from idp.oidc.authorization.tables import Code
from tests import builders
from tests.http.oidc import browsing
from tests.http.oidc.authorization.test_signing_in import leads_to_signin
from tests.http.oidc.browsing import Browser, answered

ESSENTIAL_MFA = json.dumps({"id_token": {"acr": {"essential": True, "values": [ACR_MFA]}}})
WISHED_MFA = json.dumps({"id_token": {"acr": {"values": ["phr", ACR_MFA]}}})
ESSENTIAL_PASSWORD = json.dumps({"id_token": {"acr": {"essential": True, "value": ACR_PASSWORD}}})
ESSENTIAL_PASSKEY = json.dumps({"id_token": {"acr": {"essential": True, "value": "phr"}}})


@pytest.fixture
def with_mobile(units) -> Account:
    """A phone administrator whose mobile number is verified."""
    return browsing.with_password(units, lambda work: builders.active_account(work, mobile="+4915155512399"))


def told_acr(units) -> str:
    """The level that stands in the grant of the only code."""
    with units.read() as work:
        return work.db.execute(Code.__table__.select()).mappings().one()["grant"]["acr"]


def test_a_session_below_what_the_account_must_reach_is_asked_for_more(visitor: Browser, administrator: Account) -> None:
    visitor.with_session(administrator, acr=ACR_PASSWORD)
    response = visitor.authorize()
    assert leads_to_signin(response)
    assert 'name="password"' not in visitor.get(response.location).text
    done = visitor.sign_in(response, administrator)
    assert "code" in answered(visitor.get(done.location))


def test_core_3_1_2_1_a_wished_level_that_can_be_reached_is_asked_for(visitor: Browser, with_mobile: Account, units) -> None:
    visitor.with_session(with_mobile)
    done = visitor.sign_in(visitor.authorize(acr_values=f"phr {ACR_MFA}"), with_mobile)
    assert "code" in answered(visitor.get(done.location))
    assert told_acr(units) == ACR_MFA


def test_core_5_5_1_1_a_level_asked_for_as_a_claim_that_is_not_essential_is_a_wish(visitor: Browser, with_mobile: Account, units) -> None:
    visitor.with_session(with_mobile)
    done = visitor.sign_in(visitor.authorize(claims=WISHED_MFA), with_mobile)
    assert "code" in answered(visitor.get(done.location))
    assert told_acr(units) == ACR_MFA


def test_core_5_5_1_1_a_wish_by_claim_out_of_reach_is_answered_with_what_was_reached(signed_in: Browser, units) -> None:
    assert "code" in answered(signed_in.authorize(claims=WISHED_MFA))
    assert told_acr(units) == ACR_PASSWORD


def test_a_wished_level_is_reached_in_one_sign_in(visitor: Browser, with_mobile: Account, units) -> None:
    done = visitor.sign_in(visitor.authorize(acr_values=ACR_MFA), with_mobile)
    assert "code" in answered(visitor.get(done.location))
    assert told_acr(units) == ACR_MFA


def test_core_3_1_2_1_a_wished_level_out_of_reach_is_answered_with_what_was_reached(signed_in: Browser, units) -> None:
    assert "code" in answered(signed_in.authorize(acr_values=ACR_MFA))
    assert told_acr(units) == ACR_PASSWORD


def test_a_wish_with_prompt_none_is_answered_with_what_there_is(visitor: Browser, with_mobile: Account, units) -> None:
    visitor.with_session(with_mobile)
    assert "code" in answered(visitor.authorize(acr_values=ACR_MFA, prompt="none"))
    assert told_acr(units) == ACR_PASSWORD


def test_core_5_5_1_1_a_demanded_level_is_reached_first(visitor: Browser, with_mobile: Account, units) -> None:
    visitor.with_session(with_mobile)
    done = visitor.sign_in(visitor.authorize(claims=ESSENTIAL_MFA), with_mobile)
    assert "code" in answered(visitor.get(done.location))
    assert told_acr(units) == ACR_MFA


@pytest.mark.parametrize("demanded", [ESSENTIAL_MFA, ESSENTIAL_PASSKEY])
def test_core_5_5_1_1_a_demanded_level_out_of_reach_is_unmet(signed_in: Browser, demanded: str) -> None:
    assert answered(signed_in.authorize(claims=demanded))["error"] == "unmet_authentication_requirements"


def test_a_demanded_level_out_of_reach_is_told_after_the_sign_in(visitor: Browser, account: Account) -> None:
    done = visitor.sign_in(visitor.authorize(claims=ESSENTIAL_MFA), account)
    assert answered(visitor.get(done.location))["error"] == "unmet_authentication_requirements"


def test_core_5_5_1_1_a_demanded_level_that_is_exceeded_is_told_as_demanded(visitor: Browser, administrator: Account, units) -> None:
    visitor.with_session(administrator, acr=ACR_MFA)
    assert "code" in answered(visitor.authorize(claims=ESSENTIAL_PASSWORD))
    assert told_acr(units) == ACR_PASSWORD


def test_a_demanded_level_not_yet_reached_with_prompt_none_is_login_required(visitor: Browser, with_mobile: Account) -> None:
    visitor.with_session(with_mobile)
    assert answered(visitor.authorize(claims=ESSENTIAL_MFA, prompt="none"))["error"] == "login_required"


def test_the_customers_policy_counts_from_the_next_authorization_on(visitor: Browser, with_mobile: Account, unit) -> None:
    from idp.directory.tables import Customer  # noqa: PLC0415 - the policy has no page yet

    visitor.with_session(with_mobile)
    assert "code" in answered(visitor.authorize())
    with unit() as work:
        work.db.execute(Customer.__table__.update().values(pin_for_all=True))
    assert leads_to_signin(visitor.authorize())
