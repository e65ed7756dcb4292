"""An access token of a person is exchanged for a narrower one (RFC 8693)."""

import json

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.directory import accounts
from idp.directory.accounts import Account
from idp.oidc.clients import clients as registered
from idp.oidc.protocol import OAuthError
from idp.oidc.tokens.exchange import ACCESS_TOKEN
from idp.oidc.tokens.tables import TokenFamily
from idp.unit_of_work import Units
from tests import builders
from tests.builders import INTERNET, PHONE_1, PHONE_2
from tests.http.oidc import browsing
from tests.http.oidc.browsing import ISSUER, Browser, csrf_token
from tests.http.oidc.exchange.conftest import CALLS, ELSEWHERE, PBX, Exchanger, phones
from tests.http.oidc.relying import RelyingParty, claims_of

TYPES = "urn:ietf:params:oauth:token-type:"


def test_rfc8693_2_2_1_the_answer_is_an_access_token_and_nothing_else(portal: Exchanger, token: str) -> None:
    response = portal.exchange(token)
    assert response.status_code == 200, response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json["issued_token_type"] == ACCESS_TOKEN
    assert response.json["token_type"] == "Bearer"
    assert set(response.json) == {"access_token", "issued_token_type", "token_type", "expires_in", "scope"}


def test_rfc8693_4_1_the_asking_client_is_the_actor(portal: Exchanger, token: str, account: Account) -> None:
    old, new = claims_of(token), claims_of(portal.exchanged(token))
    assert new["act"] == {"sub": "portal"}
    assert (new["sub"], new["client_id"]) == (account.sub, "portal")
    assert {name: new[name] for name in ("acr", "amr", "auth_time")} == {name: old[name] for name in ("acr", "amr", "auth_time")}
    assert new["jti"] != old["jti"]


def test_a_portals_token_is_narrowed_to_one_contract_for_a_backend(portal: Exchanger, pbx: Exchanger, token: str) -> None:
    response = portal.exchange(token, authorization_details=phones(PHONE_1), resource=PBX, scope="roles")
    assert response.json["authorization_details"] == json.loads(phones(PHONE_1))
    claims = claims_of(response.json["access_token"])
    assert (claims["aud"], claims["scope"]) == (PBX, "roles")
    told = pbx.introspect(response.json["access_token"])
    assert told["authorization_details"] == json.loads(phones(PHONE_1))
    assert told["act"] == {"sub": "portal"}


# --- what is taken


@pytest.mark.parametrize("missing", ["subject_token", "subject_token_type"])
def test_rfc8693_2_1_what_is_required_may_not_be_left_out(portal: Exchanger, token: str, missing: str) -> None:
    assert portal.error(token, **{missing: None}) == "invalid_request"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_token_type": TYPES + "id_token"},
        {"subject_token_type": TYPES + "refresh_token"},
        {"subject_token_type": TYPES + "jwt"},
        {"requested_token_type": TYPES + "refresh_token"},
        {"requested_token_type": TYPES + "id_token"},
        {"requested_token_type": "nonsense"},
        {"actor_token": "anything", "actor_token_type": ACCESS_TOKEN},
        {"actor_token_type": ACCESS_TOKEN},
        {"subject_token": ["one", "two"]},
    ],
)
def test_rfc8693_2_2_2_what_is_not_supported_is_refused(portal: Exchanger, token: str, changes: dict) -> None:
    assert portal.error(token, **changes) == "invalid_request"


@pytest.mark.parametrize("junk", ["nonsense", "a.b.c", "x" * 30_000, "\ud800".encode("utf-8", "surrogatepass"), "eyJhbGciOiJub25lIn0.e30."])
def test_rfc8693_2_2_2_what_is_no_token_of_ours_is_refused(portal: Exchanger, junk) -> None:
    assert portal.error(junk) == "invalid_request"


def test_rfc8693_2_2_2_id_and_refresh_tokens_are_no_access_tokens(portal: Exchanger, signed_in: Browser) -> None:
    tokens = portal.tokens(signed_in)
    assert portal.error(tokens["id_token"]) == "invalid_request"
    assert portal.error(tokens["refresh_token"]) == "invalid_request"


def test_a_changed_token_is_refused(portal: Exchanger, token: str) -> None:
    head, body, signature = token.split(".")
    assert portal.error(f"{head}.{body}.{signature[:-4]}AAAA") == "invalid_request"


def test_a_token_that_speaks_for_no_person_is_refused(pbx: Exchanger) -> None:
    own = pbx.post("/token", {"grant_type": "client_credentials", "scope": "calls:use"}).json["access_token"]
    assert pbx.error(own) == "invalid_request"


# --- who may


def test_another_clients_token_that_does_not_name_the_client_is_refused(stranger: Exchanger, calls: Exchanger, token: str) -> None:
    assert stranger.error(token) == "invalid_request"
    assert calls.error(token) == "invalid_request"


def test_a_client_may_exchange_what_names_its_resource(pbx: Exchanger, token: str) -> None:
    claims = claims_of(pbx.exchanged(token, scope="roles"))
    assert (claims["client_id"], claims["aud"], claims["act"]) == ("pbx", CALLS, {"sub": "pbx"})


def test_a_client_may_exchange_what_names_itself(portal: Exchanger, pbx: Exchanger, token: str) -> None:
    named = portal.exchanged(token, audience="pbx")
    assert claims_of(named)["aud"] == "pbx"
    assert pbx.exchange(named).status_code == 200


def test_rfc6749_5_2_only_clients_with_the_grant(app, portal: Exchanger, token: str, units: Units) -> None:
    with units.write() as work:
        browsing.registered(work, "web")
    assert Exchanger(app, "web").error(token) == "unauthorized_client"


def test_public_clients_cannot_have_the_grant(units: Units) -> None:
    grants = {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"]}
    with pytest.raises(OAuthError, match="token-exchange"), units.write() as work:
        browsing.registered(work, "spa", token_endpoint_auth_method="none", **grants)


# --- only narrower


def test_scopes_only_narrow(portal: Exchanger, token: str) -> None:
    assert claims_of(portal.exchanged(token, scope="roles"))["scope"] == "roles"
    assert portal.error(token, scope="roles email") == "invalid_scope"
    assert portal.error(token, scope="offline_access") == "invalid_scope"


def test_scopes_narrow_along_a_chain_of_exchanges(portal: Exchanger, token: str) -> None:
    assert portal.error(portal.exchanged(token, scope="roles"), scope="profile") == "invalid_scope"


def test_a_client_gets_its_registered_scopes_only(pbx: Exchanger, token: str) -> None:
    assert claims_of(pbx.exchanged(token))["scope"].split() == ["profile", "roles"]
    assert pbx.error(token, scope="contracts") == "invalid_scope"
    assert pbx.error(token, scope="calls:use") == "invalid_scope"


def test_offline_access_leads_to_no_refresh_token_and_does_not_stand_in_the_new_one(portal: Exchanger, signed_in: Browser) -> None:
    token = portal.tokens(signed_in, scope="openid offline_access")["access_token"]
    response = portal.exchange(token)
    assert response.json["scope"] == "openid"
    assert "refresh_token" not in response.json
    assert "id_token" not in response.json


def test_where_nothing_remains_nothing_is_given(portal: Exchanger, calls: Exchanger, pbx: Exchanger, token: str) -> None:
    for_calls = pbx.exchanged(token, resource=CALLS)
    assert calls.error(for_calls) == "invalid_scope"


def test_the_new_token_lives_no_longer_than_the_old(portal: Exchanger, token: str, clock) -> None:
    clock.advance(seconds=200)
    response = portal.exchange(token)
    assert response.json["expires_in"] == 100
    assert claims_of(response.json["access_token"])["exp"] == claims_of(token)["exp"]
    clock.advance(seconds=99)
    assert portal.is_active(response.json["access_token"])
    clock.advance(seconds=1)
    assert not portal.is_active(response.json["access_token"])
    assert portal.error(token) == "invalid_request"


# --- contracts


def test_rfc9396_any_contract_that_the_account_may_use_can_be_named(portal: Exchanger, signed_in: Browser) -> None:
    token = portal.tokens(signed_in, authorization_details=phones(PHONE_1))["access_token"]
    assert claims_of(portal.exchanged(token))["authorization_details"] == json.loads(phones(PHONE_1))
    assert claims_of(portal.exchanged(token, authorization_details=phones(PHONE_2)))["authorization_details"] == json.loads(phones(PHONE_2))


@pytest.mark.parametrize("contract", ["CP-9999", INTERNET, f"{builders.OTHER_NUMBER}-{PHONE_1}"])
def test_rfc9396_no_other_contract_can_be_named(portal: Exchanger, token: str, units: Units, contract: str) -> None:
    with units.write() as work:
        builders.customer(work, builders.OTHER_NUMBER)
    assert portal.error(token, authorization_details=phones(contract)) == "invalid_authorization_details"


def test_rfc9396_a_contract_that_was_taken_from_the_account_cannot_be_named(portal: Exchanger, token: str, account, units: Units) -> None:
    with units.write() as work:
        accounts.set_grants(work, account, (PHONE_2,))
    assert portal.error(token, authorization_details=phones(PHONE_1)) == "invalid_authorization_details"
    assert portal.exchange(token, authorization_details=phones(PHONE_2)).status_code == 200


def test_rfc9396_anothers_app_gets_no_contract_that_the_person_did_not_agree_to(app, clients, account, signed_in: Browser) -> None:
    third = Exchanger(app, "third")
    asked = {"client_id": "third", "authorization_details": phones(PHONE_1)}
    page = signed_in.get(signed_in.authorize(**asked).location)
    yes = {"csrf_token": csrf_token(page), "account": account.id, "decision": "allow"}
    answer = signed_in.get(signed_in.post(f"{page.request.path}/consent", yes).location)
    token = third.redeem(answer.location.split("code=")[1].split("&")[0]).json["access_token"]
    assert third.exchange(token, authorization_details=phones(PHONE_1)).status_code == 200
    assert third.error(token, authorization_details=phones(PHONE_2)) == "invalid_authorization_details"


def test_rfc9396_types_that_are_not_registered_for_the_client_are_refused(
    stranger: Exchanger, portal: Exchanger, token: str, units
) -> None:
    with units.write() as work:
        registered.change(work, "pbx", {"authorization_details_types": None})
    pbx = Exchanger(portal.client.application, "pbx")
    with_contract = portal.exchanged(token, authorization_details=phones(PHONE_1))
    assert pbx.error(with_contract, authorization_details=phones(PHONE_1)) == "invalid_authorization_details"
    assert "authorization_details" not in claims_of(pbx.exchanged(with_contract))


# --- for whom


def test_rfc8693_2_1_audience_and_resource_name_targets_together(portal: Exchanger, token: str) -> None:
    assert claims_of(portal.exchanged(token, audience=["pbx", ISSUER], resource=PBX))["aud"] == [PBX, ISSUER, "pbx"]
    assert claims_of(portal.exchanged(token, audience=PBX))["aud"] == PBX


def test_without_a_target_the_clients_default_resource_is_meant(portal: Exchanger, token: str) -> None:
    assert claims_of(portal.exchanged(token, scope="roles"))["aud"] == PBX


@pytest.mark.parametrize(
    "target", [ELSEWHERE, CALLS, "calls", "stranger", "unknown", "portal", "x" * 5000, "%00", "https://pbx.example/api#x"]
)
@pytest.mark.parametrize("parameter", ["audience", "resource"])
def test_rfc8693_2_2_2_other_targets_are_invalid(portal: Exchanger, token: str, parameter: str, target: str) -> None:
    assert portal.error(token, **{parameter: target}) == "invalid_target"
    assert portal.error(token, **{parameter: [PBX, target]}) == "invalid_target"


def test_a_token_for_a_backend_opens_nothing_of_ours(portal: Exchanger, token: str) -> None:
    for_pbx = portal.exchanged(token, audience="pbx")
    assert RelyingParty.userinfo(portal, for_pbx).status_code == 401
    assert RelyingParty.userinfo(portal, portal.exchanged(token)).status_code == 200


def test_anothers_backend_gets_no_access_to_us_out_of_a_token_for_itself(portal: Exchanger, pbx: Exchanger, token: str, units) -> None:
    for_pbx = portal.exchanged(token, resource=PBX)
    assert pbx.exchange(for_pbx, resource=ISSUER).status_code == 200
    with units.write() as work:
        registered.change(work, "pbx", {}, first_party=False)
    assert pbx.error(for_pbx, resource=ISSUER) == "invalid_target"
    assert pbx.error(for_pbx, audience=ISSUER) == "invalid_target"
    assert pbx.exchange(for_pbx, resource=CALLS).status_code == 200
    assert pbx.exchange(token, resource=ISSUER).status_code == 200, "this token is for us, too"


# --- chains


def test_rfc8693_4_1_a_chain_names_every_actor(portal: Exchanger, pbx: Exchanger, calls: Exchanger, token: str) -> None:
    first = portal.exchanged(token, resource=PBX)
    second = claims_of(pbx.exchanged(first, resource=CALLS))
    assert second["act"] == {"sub": "pbx", "act": {"sub": "portal"}}
    assert second["aud"] == CALLS


def test_a_chain_has_an_end(portal: Exchanger, token: str) -> None:
    for _ in range(5):
        token = portal.exchanged(token)
    assert portal.error(token) == "invalid_request"


# --- traces


def test_an_exchange_is_audited(pbx: Exchanger, token: str, account: Account, units: Units) -> None:
    pbx.exchanged(token, authorization_details=phones(PHONE_1))
    with units.read() as work:
        row = work.db.execute(select(AuditEvent.__table__).where(AuditEvent.event == "token.exchanged")).mappings().one()
    assert (row["client_id"], row["account_id"], row["on_behalf_of"]) == ("pbx", account.id, account.id)
    assert row["detail"]["issued_to"] == "portal"
    assert row["detail"]["authorization_details"] == json.loads(phones(PHONE_1))
    assert token not in str(row)


def test_a_refused_exchange_leaves_nothing_behind(portal: Exchanger, token: str, units: Units) -> None:
    def families() -> int:
        with units.read() as work:
            return len(work.db.execute(select(TokenFamily.id)).all())

    before = families()
    portal.error(token, scope="email")
    portal.error(token, audience="unknown")
    assert families() == before


def test_the_grant_is_advertised(portal: Exchanger) -> None:
    document = portal.client.get("/.well-known/openid-configuration").json
    assert "urn:ietf:params:oauth:grant-type:token-exchange" in document["grant_types_supported"]
