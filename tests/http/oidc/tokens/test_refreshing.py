"""Refresh tokens rotate, forgive a lost answer, and end with what they belong to."""

import json
from dataclasses import replace

import pytest

from idp.audit.tables import AuditEvent
from idp.authn import sessions
from idp.authn.events import EndReason, PasswordReset
from idp.directory import accounts, provisioning
from idp.directory.accounts import Account, AccountChange, Role
from idp.unit_of_work import SYSTEM, Units
from tests import builders
from tests.builders import PHONE_1, PHONE_2
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty, claims_of

ONE_PHONE = json.dumps([{"type": "cloud_phone", "contract": PHONE_1}])
TWO_PHONES = json.dumps([{"type": "cloud_phone", "contract": PHONE_1}, {"type": "cloud_phone", "contract": PHONE_2}])


@pytest.fixture
def tokens(party: RelyingParty, signed_in: Browser) -> dict:
    """Tokens of the session."""
    return party.tokens(signed_in, scope="openid profile roles")


@pytest.fixture
def offline_tokens(party: RelyingParty, signed_in: Browser) -> dict:
    """Tokens that outlive the session."""
    return party.tokens(signed_in, scope="openid offline_access", prompt="consent")


def is_refused(response) -> bool:
    return (response.status_code, response.json["error"]) == (400, "invalid_grant")


def test_rfc6749_6_a_refresh_gives_a_new_refresh_token_and_fresh_tokens(party: RelyingParty, tokens: dict, account: Account) -> None:
    fresh = party.refresh(tokens["refresh_token"]).json
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert claims_of(fresh["access_token"])["jti"] != claims_of(tokens["access_token"])["jti"]
    assert fresh["scope"] == "openid profile roles"
    assert party.is_active(tokens["access_token"]), "the access token before it lives on"


def test_core_12_2_a_refreshed_id_token_keeps_subject_and_sign_in_and_has_no_nonce(party: RelyingParty, tokens: dict, clock) -> None:
    first = claims_of(tokens["id_token"])
    clock.advance(minutes=4)
    fresh = claims_of(party.refresh(tokens["refresh_token"]).json["id_token"])
    same = ("iss", "sub", "aud", "auth_time", "sid", "acr")
    assert [fresh[name] for name in same] == [first[name] for name in same]
    assert fresh["iat"] == first["iat"] + 240
    assert "nonce" not in fresh


def test_within_the_grace_the_token_before_answers_with_the_same_successor(party: RelyingParty, tokens: dict, clock) -> None:
    first = party.refresh(tokens["refresh_token"]).json
    clock.advance(seconds=59)
    again = party.refresh(tokens["refresh_token"]).json
    assert again["refresh_token"] == first["refresh_token"]
    assert again["access_token"] != first["access_token"]


def test_rfc9700_4_14_2_after_the_grace_an_old_token_ends_the_family(party: RelyingParty, tokens: dict, clock, units: Units) -> None:
    fresh = party.refresh(tokens["refresh_token"]).json
    clock.advance(seconds=60)
    assert is_refused(party.refresh(tokens["refresh_token"]))
    assert is_refused(party.refresh(fresh["refresh_token"]))
    assert not party.is_active(fresh["access_token"])
    with units.read() as work:
        query = AuditEvent.__table__.select().where(AuditEvent.event == "token.refresh_reused")
        assert work.db.execute(query).one().client_id == "app"


def test_rfc9700_4_14_2_once_the_successor_is_used_the_grace_is_over(party: RelyingParty, tokens: dict) -> None:
    second = party.refresh(tokens["refresh_token"]).json
    third = party.refresh(second["refresh_token"]).json
    assert is_refused(party.refresh(tokens["refresh_token"]))
    assert is_refused(party.refresh(third["refresh_token"]))


def test_rfc6749_10_4_another_client_cannot_use_a_refresh_token_and_spends_nothing(
    party: RelyingParty, other_party: RelyingParty, tokens: dict
) -> None:
    assert is_refused(other_party.refresh(tokens["refresh_token"]))
    assert party.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.1.x", "a" * 400, "a.0.AAAA"])
def test_rfc6749_5_2_an_invented_refresh_token_is_refused(party: RelyingParty, token: str) -> None:
    response = party.refresh(token)
    assert response.status_code == 400
    assert response.json["error"] == ("invalid_grant" if token else "invalid_request")


def test_a_forged_generation_is_refused(party: RelyingParty, tokens: dict) -> None:
    family, _, mac = tokens["refresh_token"].split(".")
    assert is_refused(party.refresh(f"{family}.1.{mac}"))


def test_rfc6749_6_a_refresh_may_narrow_the_scope_for_one_access_token(party: RelyingParty, tokens: dict) -> None:
    narrowed = party.refresh(tokens["refresh_token"], scope="openid").json
    assert (narrowed["scope"], claims_of(narrowed["access_token"])["scope"]) == ("openid", "openid")
    assert party.refresh(narrowed["refresh_token"]).json["scope"] == "openid profile roles"


def test_rfc6749_6_a_refresh_may_not_widen_the_scope_and_spends_nothing(party: RelyingParty, tokens: dict) -> None:
    refused = party.refresh(tokens["refresh_token"], scope="openid email")
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_scope")
    assert "refresh_token" in party.refresh(tokens["refresh_token"]).json


def test_rfc9396_6_a_refresh_may_narrow_the_details_never_widen_them(party: RelyingParty, signed_in: Browser) -> None:
    tokens = party.tokens(signed_in, authorization_details=ONE_PHONE)
    refused = party.refresh(tokens["refresh_token"], authorization_details=TWO_PHONES)
    assert refused.json["error"] == "invalid_authorization_details"
    both = party.tokens(signed_in, authorization_details=TWO_PHONES)
    narrowed = party.refresh(both["refresh_token"], authorization_details=ONE_PHONE).json
    assert narrowed["authorization_details"] == json.loads(ONE_PHONE)


def test_a_refresh_token_ends_with_its_session(party: RelyingParty, tokens: dict, units: Units, account: Account) -> None:
    with units.write(SYSTEM) as work:
        sessions.end_all_of(work, [account.id], EndReason.LOGOUT)
    assert is_refused(party.refresh(tokens["refresh_token"]))
    assert not party.is_active(tokens["access_token"])


def test_a_refresh_token_ends_when_its_session_times_out(party: RelyingParty, tokens: dict, clock) -> None:
    clock.advance(minutes=31)
    assert is_refused(party.refresh(tokens["refresh_token"]))


def test_refreshing_keeps_the_session_alive(party: RelyingParty, tokens: dict, clock) -> None:
    token = tokens["refresh_token"]
    for _ in range(4):
        clock.advance(minutes=20)
        token = party.refresh(token).json["refresh_token"]
    assert party.refresh(token).status_code == 200


def test_core_11_an_offline_token_outlives_logout(party: RelyingParty, offline_tokens: dict, units: Units, account: Account) -> None:
    with units.write(SYSTEM) as work:
        sessions.end_all_of(work, [account.id], EndReason.LOGOUT)
    fresh = party.refresh(offline_tokens["refresh_token"])
    assert fresh.status_code == 200
    assert party.is_active(fresh.json["access_token"])
    assert party.userinfo(fresh.json["access_token"]).json == {"sub": account.sub}


def test_an_offline_token_ends_after_thirty_days_without_use(party: RelyingParty, offline_tokens: dict, clock) -> None:
    clock.advance(days=29)
    used = party.refresh(offline_tokens["refresh_token"]).json["refresh_token"]
    clock.advance(days=29)
    used = party.refresh(used).json["refresh_token"]
    clock.advance(days=31)
    assert is_refused(party.refresh(used))


def test_an_offline_token_ends_after_ninety_days_whatever_happens(party: RelyingParty, offline_tokens: dict, clock) -> None:
    token = offline_tokens["refresh_token"]
    for _ in range(4):
        clock.advance(days=22)
        token = party.refresh(token).json["refresh_token"]
    clock.advance(days=3)
    assert is_refused(party.refresh(token))


def test_deactivation_ends_offline_tokens_too(party: RelyingParty, offline_tokens: dict, units: Units, account: Account) -> None:
    with units.write(SYSTEM) as work:
        accounts.deactivate(work, account.customer_id, account.id)
    assert is_refused(party.refresh(offline_tokens["refresh_token"]))
    assert not party.is_active(offline_tokens["access_token"])


def test_locking_ends_offline_tokens_too(party: RelyingParty, offline_tokens: dict, units: Units, account: Account) -> None:
    with units.write(SYSTEM) as work:
        accounts.lock(work, account.id)
    assert is_refused(party.refresh(offline_tokens["refresh_token"]))


def test_a_password_reset_ends_offline_tokens_too(party: RelyingParty, offline_tokens: dict, units: Units, account: Account) -> None:
    with units.write(SYSTEM) as work:
        work.emit(PasswordReset(account.id))
    assert is_refused(party.refresh(offline_tokens["refresh_token"]))


def test_another_role_ends_all_tokens(party: RelyingParty, tokens: dict, units: Units, account: Account) -> None:
    with units.write(SYSTEM) as work:
        kept = {name: getattr(account, name) for name in ("given_name", "family_name", "email")}
        change = AccountChange(role=Role.ADMINISTRATOR_KUNDENPORTAL, mobile=builders.MOBILE, **kept)
        accounts.edit(work, account.customer_id, account.id, change)
    assert is_refused(party.refresh(tokens["refresh_token"]))


def test_the_end_of_a_contract_ends_what_was_granted_for_it_and_nothing_else(
    party: RelyingParty, signed_in: Browser, tokens: dict, units: Units
) -> None:
    for_phone = party.tokens(signed_in, authorization_details=ONE_PHONE)
    document = builders.document()
    with units.write(SYSTEM) as work:
        provisioning.provision(work, builders.NUMBER, replace(document, contracts=document.contracts[1:]))
    assert not party.is_active(for_phone["access_token"])
    assert is_refused(party.refresh(for_phone["refresh_token"]))
    assert party.refresh(tokens["refresh_token"]).status_code == 200


def test_narrowed_grants_end_what_was_granted_for_a_contract_and_nothing_else(
    party: RelyingParty, signed_in: Browser, tokens: dict, units: Units, account: Account
) -> None:
    kept = party.tokens(signed_in, authorization_details=json.dumps([{"type": "cloud_phone", "contract": PHONE_2}]))
    lost = party.tokens(signed_in, authorization_details=ONE_PHONE)
    with units.write(SYSTEM) as work:
        accounts.set_grants(work, account, (PHONE_2,))
    assert is_refused(party.refresh(lost["refresh_token"]))
    assert party.refresh(kept["refresh_token"]).status_code == 200
    assert party.refresh(tokens["refresh_token"]).status_code == 200
