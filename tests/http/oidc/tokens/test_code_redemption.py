"""A code is exchanged for tokens, once."""

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest

from idp.audit.tables import AuditEvent
from idp.authn import sessions
from idp.authn.events import EndReason
from idp.directory import accounts, provisioning
from idp.directory.accounts import Account
from idp.unit_of_work import SYSTEM, Units
from tests import builders
from tests.builders import PHONE_1, PHONE_2
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty, claims_of, header_of

PHONES = json.dumps([{"type": "cloud_phone", "contract": PHONE_1}, {"type": "cloud_phone", "contract": PHONE_2}])


def test_rfc6749_5_1_the_answer_holds_tokens_that_nobody_may_keep(party: RelyingParty, signed_in: Browser) -> None:
    response = party.redeem(party.code(signed_in, scope="openid profile"))
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json["token_type"] == "Bearer"
    assert response.json["expires_in"] == 300
    assert response.json["scope"] == "openid profile"
    assert {"access_token", "refresh_token", "id_token"} <= set(response.json)


def test_core_2_the_id_token_tells_how_the_person_signed_in(party: RelyingParty, signed_in: Browser, account: Account, clock) -> None:
    claims = claims_of(party.tokens(signed_in, nonce="n-0S6")["id_token"])
    now = int(clock().timestamp())
    assert claims["iss"] == "http://localhost"
    assert (claims["sub"], claims["aud"], claims["nonce"]) == (account.sub, "app", "n-0S6")
    assert (claims["iat"], claims["exp"], claims["auth_time"]) == (now, now + 300, now)
    assert (claims["acr"], claims["amr"]) == ("urn:idp:acr:password", ["pwd"])
    assert claims["sid"]


def test_core_3_1_3_6_at_hash_is_the_left_half_of_the_access_tokens_hash(party: RelyingParty, signed_in: Browser) -> None:
    tokens = party.tokens(signed_in)
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert claims_of(tokens["id_token"])["at_hash"] == urlsafe_b64encode(half).decode().rstrip("=")


def test_core_5_4_the_id_token_holds_no_personal_data_unless_asked_for(party: RelyingParty, signed_in: Browser) -> None:
    claims = claims_of(party.tokens(signed_in, scope="openid profile email phone roles")["id_token"])
    assert not {"name", "email", "phone_number", "roles"} & set(claims)


def test_core_5_5_the_claims_parameter_puts_a_claim_into_the_id_token(party: RelyingParty, signed_in: Browser, account: Account) -> None:
    wish = json.dumps({"id_token": {"email": None, "unknown": None}})
    claims = claims_of(party.tokens(signed_in, claims=wish)["id_token"])
    assert claims["email"] == account.email
    assert "unknown" not in claims


def test_rfc9068_2_the_access_token_is_a_jwt_of_its_own_type(party: RelyingParty, signed_in: Browser, account: Account) -> None:
    token = party.tokens(signed_in, scope="openid profile")["access_token"]
    claims = claims_of(token)
    assert header_of(token)["typ"] == "at+jwt"
    assert header_of(token)["alg"] == "RS256"
    assert (claims["sub"], claims["client_id"], claims["scope"]) == (account.sub, "app", "openid profile")
    assert claims["aud"] == "http://localhost"
    assert {"iss", "iat", "exp", "jti", "auth_time", "acr", "amr"} <= set(claims)
    assert not {"roles", "customer_number", "authorization_details"} & set(claims)


def test_rfc9068_2_2_3_1_roles_stand_in_the_access_token_with_their_scope(party: RelyingParty, signed_in: Browser) -> None:
    claims = claims_of(party.tokens(signed_in, scope="openid roles")["access_token"])
    assert claims["roles"] == ["administrator-telefonanlage"]
    assert claims["customer_number"] == "2300229"


def test_rfc7636_4_6_wrong_verifier_is_invalid_grant_and_spends_nothing(party: RelyingParty, signed_in: Browser) -> None:
    code = party.code(signed_in)
    refused = party.redeem(code, code_verifier="another-verifier-of-at-least-43-characters-1")
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")
    assert party.redeem(code).status_code == 200


def test_rfc7636_4_6_missing_verifier_is_invalid_grant(party: RelyingParty, signed_in: Browser) -> None:
    assert party.redeem(party.code(signed_in), code_verifier=None).json["error"] == "invalid_grant"


@pytest.mark.parametrize("redirect_uri", [None, "https://app.example/other", "https://app.example/callback/"])
def test_rfc6749_4_1_3_another_redirect_uri_is_invalid_grant(party: RelyingParty, signed_in: Browser, redirect_uri) -> None:
    assert party.redeem(party.code(signed_in), redirect_uri=redirect_uri).json["error"] == "invalid_grant"


def test_rfc6749_4_1_3_another_client_cannot_redeem_a_code_and_spends_nothing(
    party: RelyingParty, other_party: RelyingParty, signed_in: Browser
) -> None:
    code = party.code(signed_in)
    assert other_party.redeem(code).json["error"] == "invalid_grant"
    assert party.redeem(code).status_code == 200


def test_rfc6749_4_1_2_an_expired_code_is_invalid_grant(party: RelyingParty, signed_in: Browser, clock) -> None:
    code = party.code(signed_in)
    clock.advance(seconds=61)
    assert party.redeem(code).json["error"] == "invalid_grant"


def test_rfc6749_4_1_2_a_second_redemption_revokes_what_the_first_got(
    party: RelyingParty, signed_in: Browser, units: Units, account: Account
) -> None:
    code = party.code(signed_in)
    tokens = dict(party.redeem(code).json)
    assert party.is_active(tokens["access_token"])
    assert party.redeem(code).json["error"] == "invalid_grant"
    assert not party.is_active(tokens["access_token"])
    assert party.userinfo(tokens["access_token"]).status_code == 401
    assert party.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    with units.read() as work:
        events = [row.event for row in work.db.execute(AuditEvent.__table__.select())]
    assert "token.code_replayed" in events


def test_a_code_of_a_session_that_has_ended_is_invalid_grant(
    party: RelyingParty, signed_in: Browser, units: Units, account: Account
) -> None:
    code = party.code(signed_in)
    with units.write(SYSTEM) as work:
        sessions.end_all_of(work, [account.id], EndReason.LOGOUT)
    assert party.redeem(code).json["error"] == "invalid_grant"


def test_a_code_of_an_account_that_is_deactivated_is_invalid_grant(
    party: RelyingParty, signed_in: Browser, units: Units, account: Account
) -> None:
    code = party.code(signed_in)
    with units.write(SYSTEM) as work:
        accounts.deactivate(work, account.customer_id, account.id)
    assert party.redeem(code).json["error"] == "invalid_grant"


def test_rfc9396_7_the_answer_and_the_access_token_carry_the_granted_details(party: RelyingParty, signed_in: Browser) -> None:
    tokens = party.tokens(signed_in, authorization_details=PHONES)
    assert tokens["authorization_details"] == json.loads(PHONES)
    assert claims_of(tokens["access_token"])["authorization_details"] == json.loads(PHONES)


def test_rfc9396_6_a_token_request_may_narrow_the_details(party: RelyingParty, signed_in: Browser) -> None:
    one = [{"type": "cloud_phone", "contract": PHONE_2}]
    code = party.code(signed_in, authorization_details=PHONES)
    tokens = party.redeem(code, authorization_details=json.dumps(one)).json
    assert tokens["authorization_details"] == one
    assert claims_of(tokens["access_token"])["authorization_details"] == one


def test_rfc9396_6_a_token_request_may_not_widen_the_details(party: RelyingParty, signed_in: Browser) -> None:
    granted, asked = ([{"type": "cloud_phone", "contract": contract}] for contract in (PHONE_1, PHONE_2))
    code = party.code(signed_in, authorization_details=json.dumps(granted))
    refused = party.redeem(code, authorization_details=json.dumps(asked))
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_authorization_details")


def test_a_code_whose_contract_has_ended_meanwhile_is_invalid_grant(party: RelyingParty, signed_in: Browser, units: Units) -> None:
    code = party.code(signed_in, authorization_details=json.dumps([{"type": "cloud_phone", "contract": PHONE_1}]))
    document = builders.document()
    with units.write(SYSTEM) as work:
        provisioning.provision(work, builders.NUMBER, replace(document, contracts=document.contracts[1:]))
    assert party.redeem(code).json["error"] == "invalid_grant"


def test_token_issuing_is_audited_with_client_person_and_details(
    party: RelyingParty, signed_in: Browser, units: Units, account: Account
) -> None:
    party.tokens(signed_in, authorization_details=PHONES)
    with units.read() as work:
        query = AuditEvent.__table__.select().where(AuditEvent.event == "token.issued")
        row = work.db.execute(query).one()
    assert (row.actor_kind, row.actor_id, row.on_behalf_of) == ("client", "app", account.id)
    assert row.detail["authorization_details"] == json.loads(PHONES)
