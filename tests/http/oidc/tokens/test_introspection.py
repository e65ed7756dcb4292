"""Introspection tells whom it concerns; revocation works at once."""

import json

import flask
import pytest

from idp.authn import sessions
from idp.authn.events import EndReason
from idp.directory.accounts import Account
from idp.oidc.clients import clients, resources
from idp.unit_of_work import SYSTEM, Units
from tests.builders import PHONE_1
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty, claims_of, machine

API = "https://phones.example/api"


@pytest.fixture
def tokens(party: RelyingParty, signed_in: Browser) -> dict:
    """Tokens with a contract in detail."""
    details = json.dumps([{"type": "cloud_phone", "contract": PHONE_1}])
    return party.tokens(signed_in, scope="openid roles", authorization_details=details)


@pytest.fixture
def gateway(app: flask.Flask, units: Units) -> RelyingParty:
    """The client that introspects for a resource."""
    with units.write() as work:
        machine(work, "gateway", scope="")
        resources.create(work, API, scopes=("phones:read",), introspection_client_id="gateway")
        browsing.registered(work, "phones", scope="openid phones:read", resources=[API])
    return RelyingParty(app, "gateway")


def test_rfc7662_2_2_the_holder_learns_what_its_token_says(party: RelyingParty, tokens: dict, account: Account) -> None:
    told = party.introspect(tokens["access_token"])
    said = claims_of(tokens["access_token"])
    assert told["active"] is True
    assert (told["sub"], told["client_id"], told["token_type"]) == (account.sub, "app", "Bearer")
    assert {name: told[name] for name in ("iss", "aud", "exp", "iat", "jti", "scope")} == {
        name: said[name] for name in ("iss", "aud", "exp", "iat", "jti", "scope")
    }
    assert told["authorization_details"] == [{"type": "cloud_phone", "contract": PHONE_1}]
    assert told["roles"] == ["administrator-telefonanlage"]


def test_rfc7662_2_2_another_client_learns_only_that_it_is_not_active(other_party: RelyingParty, tokens: dict) -> None:
    assert other_party.introspect(tokens["access_token"]) == {"active": False}
    assert other_party.introspect(tokens["refresh_token"]) == {"active": False}


def test_rfc7662_2_2_a_resource_learns_of_a_token_for_it_its_own_scopes_alone(
    gateway: RelyingParty, app: flask.Flask, signed_in: Browser
) -> None:
    token = RelyingParty(app, "phones").tokens(signed_in, scope="openid phones:read")["access_token"]
    told = gateway.introspect(token)
    assert (told["active"], told["scope"]) == (True, "phones:read")


@pytest.mark.parametrize(("types", "told_to_it"), [(["cloud_phone"], [{"type": "cloud_phone", "contract": PHONE_1}]), ([], None)])
def test_rfc9396_9_2_a_resource_learns_of_details_of_its_own_types_alone(
    gateway: RelyingParty, app: flask.Flask, units: Units, signed_in: Browser, types: list, told_to_it: list | None
) -> None:
    with units.write() as work:
        clients.change(work, "phones", {"authorization_details_types": ["cloud_phone"]})
        clients.change(work, "gateway", {"authorization_details_types": types})
    details = json.dumps([{"type": "cloud_phone", "contract": PHONE_1}])
    token = RelyingParty(app, "phones").tokens(signed_in, scope="openid phones:read", authorization_details=details)["access_token"]
    told = gateway.introspect(token)
    assert (told["active"], told.get("authorization_details")) == (True, told_to_it)


def test_rfc7662_4_a_token_for_others_is_not_active_for_a_resource(gateway: RelyingParty, tokens: dict) -> None:
    assert gateway.introspect(tokens["access_token"]) == {"active": False}


@pytest.mark.parametrize("text", ["x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "a.1.b"])
def test_rfc7662_2_2_an_invented_token_is_not_active(party: RelyingParty, text: str) -> None:
    assert party.introspect(text) == {"active": False}


def test_rfc7662_2_1_a_missing_token_is_invalid_request(party: RelyingParty) -> None:
    response = party.post("/introspect", {"x": "y"})
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


def test_rfc7662_2_1_a_wrong_hint_is_no_hindrance(party: RelyingParty, tokens: dict) -> None:
    response = party.post("/introspect", {"token": tokens["access_token"], "token_type_hint": "refresh_token"})
    assert response.json["active"] is True


def test_rfc7662_2_1_the_caller_has_to_authenticate(party: RelyingParty, tokens: dict) -> None:
    response = party.post("/introspect", {"token": tokens["access_token"]}, auth=("app", "wrong"))
    assert (response.status_code, response.json["error"]) == (401, "invalid_client")


def test_rfc7662_4_a_public_client_may_not_introspect(party: RelyingParty, units: Units, tokens: dict) -> None:
    with units.write() as work:
        document = {"redirect_uris": ["https://app.example/callback"], "token_endpoint_auth_method": "none"}
        clients.register(work, document, client_id="public")
    response = party.post("/introspect", {"token": tokens["access_token"], "client_id": "public"}, auth=None)
    assert (response.status_code, response.json["error"]) == (401, "invalid_client")


def test_rfc7662_2_2_an_expired_token_is_not_active(party: RelyingParty, tokens: dict, clock) -> None:
    clock.advance(seconds=300)
    assert not party.is_active(tokens["access_token"])


def test_a_token_whose_session_has_ended_is_not_active(party: RelyingParty, tokens: dict, units: Units, account: Account) -> None:
    with units.write(SYSTEM) as work:
        sessions.end_all_of(work, [account.id], EndReason.SIGNED_OUT_BY_ADMIN)
    assert party.introspect(tokens["access_token"]) == {"active": False}
    assert party.introspect(tokens["refresh_token"]) == {"active": False}


def test_a_refresh_token_is_active_for_its_holder_until_it_is_rotated(party: RelyingParty, tokens: dict) -> None:
    assert party.introspect(tokens["refresh_token"])["active"] is True
    fresh = party.refresh(tokens["refresh_token"]).json
    assert party.introspect(tokens["refresh_token"]) == {"active": False}
    assert party.introspect(fresh["refresh_token"])["scope"] == "openid roles"


def test_the_tokens_of_a_deleted_client_are_dead(app: flask.Flask, units: Units, party: RelyingParty, tokens: dict) -> None:
    with units.write() as work:
        clients.delete(work, "app")
    assert party.userinfo(tokens["access_token"]).status_code == 401


def test_the_tokens_of_a_disabled_client_are_dead_also_those_issued_at_that_moment(
    app: flask.Flask, units: Units, gateway: RelyingParty, signed_in: Browser
) -> None:
    """A token request that ran while the client was switched off leaves a family that has not ended."""
    app_of_phones = RelyingParty(app, "phones")
    token = app_of_phones.tokens(signed_in, scope="openid phones:read")["access_token"]
    assert app_of_phones.userinfo(token).status_code == 200
    assert gateway.is_active(token)
    with units.write() as work:
        work.db.exec_driver_sql("UPDATE clients SET disabled_at = created_at WHERE id = 'phones'")
    assert app_of_phones.userinfo(token).status_code == 401
    assert not gateway.is_active(token)


def test_rfc7009_2_1_a_revoked_access_token_is_dead_at_once_and_alone(party: RelyingParty, tokens: dict) -> None:
    response = party.post("/revoke", {"token": tokens["access_token"]})
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    assert not party.is_active(tokens["access_token"])
    assert party.userinfo(tokens["access_token"]).status_code == 401
    assert party.refresh(tokens["refresh_token"]).status_code == 200


def test_rfc7009_2_1_a_revoked_refresh_token_takes_all_tokens_of_its_grant_with_it(party: RelyingParty, tokens: dict) -> None:
    assert party.post("/revoke", {"token": tokens["refresh_token"], "token_type_hint": "refresh_token"}).status_code == 200
    assert not party.is_active(tokens["access_token"])
    assert party.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_rfc7009_2_1_another_clients_token_is_refused_and_lives_on(party: RelyingParty, other_party: RelyingParty, tokens: dict) -> None:
    for kind in ("access_token", "refresh_token"):
        assert other_party.post("/revoke", {"token": tokens[kind]}).json["error"] == "invalid_grant"
    assert party.is_active(tokens["access_token"])


@pytest.mark.parametrize("named", [{"token": "invented"}, {"token": "a.0.b", "token_type_hint": "unheard_of"}])
def test_rfc7009_2_2_an_unknown_token_is_no_error(party: RelyingParty, named: dict) -> None:
    assert party.post("/revoke", named).status_code == 200


def test_rfc7009_2_1_a_missing_token_is_invalid_request(party: RelyingParty) -> None:
    assert party.post("/revoke", {"x": "y"}).json["error"] == "invalid_request"


def test_rfc7009_2_1_a_wrong_secret_revokes_nothing(party: RelyingParty, tokens: dict) -> None:
    assert party.post("/revoke", {"token": tokens["access_token"]}, auth=("app", "wrong")).status_code == 401
    assert party.is_active(tokens["access_token"])
