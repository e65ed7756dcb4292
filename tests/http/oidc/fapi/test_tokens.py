"""Tokens under FAPI 2.0: bound to a key, always; refreshed without rotation."""

from datetime import timedelta

import flask
import pytest
from joserfc.jwk import RSAKey

from idp.directory.accounts import Account
from idp.oidc.tokens.families import FamilyEnd, end_of_accounts
from idp.unit_of_work import Units
from tests.http.oidc.browsing import Browser, asking
from tests.http.oidc.dpop.proofs import Prover
from tests.http.oidc.fapi.conftest import FapiApp, fapi_app
from tests.http.oidc.relying import claims_of


def error(response) -> tuple[int, str]:
    return response.status_code, response.json["error"]


def test_fapi2_5_3_2_1_only_bound_tokens_are_issued(party: FapiApp, signed_in: Browser) -> None:
    code = party.code(signed_in)
    assert error(party.redeem(code, prover=None)) == (400, "invalid_request")
    assert party.redeem(code).json["token_type"] == "DPoP", "the code was not spent"


def test_fapi2_5_3_2_1_refresh_tokens_stay_the_same(party: FapiApp, signed_in: Browser, clock) -> None:
    token = party.tokens(signed_in)["refresh_token"]
    for _ in range(3):
        clock.advance(minutes=5)
        answer = party.refresh(token)
        assert answer.status_code == 200, answer.text
        assert answer.json["refresh_token"] == token
        assert claims_of(answer.json["access_token"])["cnf"] == {"jkt": party.prover.jkt}


def test_fapi2_a_refresh_without_proof_or_by_another_key_is_refused_and_ends_nothing(
    party: FapiApp, signed_in: Browser, prover: Prover
) -> None:
    token = party.tokens(signed_in)["refresh_token"]
    assert error(party.refresh(token, prover=None)) == (400, "invalid_request")
    assert error(party.refresh(token, prover=prover)) == (400, "invalid_grant")
    assert party.refresh(token).status_code == 200


def test_rfc6749_6_another_client_cannot_refresh_with_the_same_key(app: flask.Flask, party: FapiApp, signed_in: Browser) -> None:
    token = party.tokens(signed_in)["refresh_token"]
    assert error(fapi_app(app, "other").refresh(token, prover=party.prover)) == (400, "invalid_grant")
    assert party.refresh(token).status_code == 200


def test_an_offline_token_lives_on_by_being_used(party: FapiApp, signed_in: Browser, units: Units, clock) -> None:
    token = party.tokens(signed_in, scope="openid offline_access")["refresh_token"]
    idle = timedelta(days=units.settings.offline_idle_days)
    for _ in range(2):
        clock.advance(seconds=idle.total_seconds() - 60)
        assert party.refresh(token).status_code == 200
    clock.advance(seconds=idle.total_seconds())
    assert error(party.refresh(token)) == (400, "invalid_grant")


def test_an_ended_family_is_not_refreshed(party: FapiApp, signed_in: Browser, account: Account, units: Units) -> None:
    token = party.tokens(signed_in)["refresh_token"]
    with units.write() as work:
        end_of_accounts(work, [account.id], FamilyEnd.DEACTIVATED)
    assert error(party.refresh(token)) == (400, "invalid_grant")


@pytest.fixture(scope="module")
def rsa() -> RSAKey:
    """A key that could sign in a strong algorithm and in a weak one."""
    return RSAKey.generate_key(2048)


def test_fapi2_5_4_1_proofs_in_a_weak_algorithm_are_refused_everywhere(
    app: flask.Flask, party: FapiApp, signed_in: Browser, rsa: RSAKey
) -> None:
    weak, party.prover = Prover(app, rsa, "RS256"), Prover(app, rsa, "PS256")
    pushed = party.client.post(
        "/par", data=asking(client_id="fapi") | party.signer.assertion(), headers={"DPoP": weak.proof("POST", "/par")}
    )
    assert error(pushed) == (400, "invalid_dpop_proof")
    code = party.code(signed_in)
    assert error(party.redeem(code, prover=weak)) == (400, "invalid_dpop_proof")
    token = party.redeem(code).json["access_token"]
    assert party.userinfo(token).status_code == 200
    shown = party.client.get("/userinfo", headers=weak.shows("GET", "/userinfo", token))
    assert (shown.status_code, 'error="invalid_dpop_proof"' in shown.headers["WWW-Authenticate"]) == (401, True)


def test_a_client_of_no_profile_may_prove_by_any_algorithm(app: flask.Flask, party: FapiApp, signed_in: Browser, rsa: RSAKey) -> None:
    from idp.oidc.clients import clients  # noqa: PLC0415 - only here

    with party.units.write() as work:
        clients.register(
            work,
            {
                "redirect_uris": ["https://app.example/callback"],
                "jwks": party.signer.jwks,
                "token_endpoint_auth_method": "private_key_jwt",
                "scope": "openid",
            },
            client_id="plain",
            first_party=True,
        )
    party.client_id = party.signer.client_id = "plain"
    party.prover = Prover(app, rsa, "RS256")
    token = party.redeem(party.code(signed_in)).json["access_token"]
    assert party.userinfo(token).status_code == 200
