"""Codes and tokens that count only with their key."""

from typing import Any
from urllib.parse import urlencode

import flask
import pytest
from werkzeug.test import TestResponse

from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, answered, asking
from tests.http.oidc.dpop.proofs import KeyHolder, Prover
from tests.http.oidc.relying import claims_of, header_of

CREDENTIALS = ("grant_type", "client_credentials")


@pytest.fixture
def public(app: flask.Flask, units: Units) -> KeyHolder:
    """An app that can keep no secret, but a key."""
    with units.write() as work:
        browsing.registered(work, "spa", token_endpoint_auth_method="none")
    return PublicKeyHolder(app, "spa")


class PublicKeyHolder(KeyHolder):
    """Names itself in the form."""

    def post(self, path: str, data: Any, **options: Any) -> TestResponse:
        """Send a form with the client_id."""
        return super().post(path, data | {"client_id": self.client_id}, **({"auth": None} | options))


def error(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.json["error"]


def opened(browser: Browser, party: KeyHolder, pushed: TestResponse) -> str:
    """Let a browser fetch the code of a pushed request."""
    assert pushed.status_code == 201, pushed.text
    query = {"client_id": party.client_id, "request_uri": pushed.json["request_uri"]}
    return answered(browser.get("/authorize?" + urlencode(query)))["code"]


# --- what is said of a bound token


def test_rfc9449_6_1_the_access_token_names_its_key_and_the_id_token_does_not(party: KeyHolder, signed_in: Browser) -> None:
    tokens = party.tokens(signed_in)
    assert tokens["token_type"] == "DPoP"
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": party.prover.jkt}
    assert header_of(tokens["access_token"])["typ"] == "at+jwt"
    assert "cnf" not in claims_of(tokens["id_token"])


def test_rfc9449_6_2_introspection_names_the_key_and_the_type(party: KeyHolder, signed_in: Browser) -> None:
    told = party.introspect(party.tokens(signed_in)["access_token"])
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": party.prover.jkt})


def test_rfc7009_2_1_a_bound_token_is_taken_back_without_a_proof(party: KeyHolder, signed_in: Browser) -> None:
    token = party.tokens(signed_in)["access_token"]
    assert party.post("/revoke", {"token": token}).status_code == 200
    assert party.userinfo(token).status_code == 401


# --- codes


def test_rfc9449_10_a_code_is_redeemed_by_the_key_that_the_request_named(party: KeyHolder, signed_in: Browser) -> None:
    assert party.redeem(party.code(signed_in, dpop_jkt=party.prover.jkt)).json["token_type"] == "DPoP"


def test_rfc9449_10_another_key_or_none_redeems_no_bound_code_and_spends_nothing(
    party: KeyHolder, signed_in: Browser, prover: Prover
) -> None:
    code = party.code(signed_in, dpop_jkt=party.prover.jkt)
    assert error(party.redeem(code, prover=prover)) == (400, "invalid_grant")
    assert error(party.redeem(code, prover=None)) == (400, "invalid_grant")
    assert party.redeem(code).status_code == 200


def test_rfc9449_10_a_code_without_key_is_redeemed_by_any(party: KeyHolder, signed_in: Browser, prover: Prover) -> None:
    assert party.redeem(party.code(signed_in), prover=prover).json["token_type"] == "DPoP"


@pytest.mark.parametrize("jkt", ["x", "a" * 42, "a" * 44, "ä" * 43, "=" * 43])
def test_rfc9449_10_a_dpop_jkt_that_names_no_key_is_invalid_request(party: KeyHolder, signed_in: Browser, jkt: str) -> None:
    assert answered(signed_in.authorize(dpop_jkt=jkt))["error"] == "invalid_request"


def test_rfc9449_10_1_a_proof_at_the_push_binds_the_code(party: KeyHolder, signed_in: Browser, prover: Prover) -> None:
    code = opened(signed_in, party, party.post("/par", asking()))
    assert error(party.redeem(code, prover=prover)) == (400, "invalid_grant")
    assert error(party.redeem(code, prover=None)) == (400, "invalid_grant")
    assert party.redeem(code).status_code == 200


def test_rfc9449_10_1_a_pushed_dpop_jkt_binds_the_code_without_a_proof(party: KeyHolder, signed_in: Browser, prover: Prover) -> None:
    code = opened(signed_in, party, party.post("/par", asking(dpop_jkt=party.prover.jkt), prover=None))
    assert error(party.redeem(code, prover=prover)) == (400, "invalid_grant")
    assert party.redeem(code).status_code == 200


def test_rfc9449_10_1_a_proof_beside_the_dpop_jkt_of_another_key_is_refused(party: KeyHolder, prover: Prover) -> None:
    assert error(party.post("/par", asking(dpop_jkt=prover.jkt))) == (400, "invalid_request")
    assert party.post("/par", asking(dpop_jkt=party.prover.jkt)).status_code == 201


def test_rfc9449_10_1_at_the_push_a_proof_is_looked_at_as_everywhere(party: KeyHolder) -> None:
    without = party.post("/par", asking(), headers={"DPoP": party.prover.proof("POST", "/par", nonce=None)})
    assert error(without) == (400, "use_dpop_nonce")
    assert (
        party.post("/par", asking(), headers={"DPoP": party.prover.proof("POST", "/par", nonce=without.headers["DPoP-Nonce"])}).status_code
        == 201
    )
    elsewhere = party.post("/par", asking(), headers={"DPoP": party.prover.proof("POST", "/token")})
    assert error(elsewhere) == (400, "invalid_dpop_proof")
    proof = party.prover.proof("POST", "/par")
    assert party.post("/par", asking(), headers={"DPoP": proof}).status_code == 201
    assert error(party.post("/par", asking(), headers={"DPoP": proof})) == (400, "invalid_dpop_proof")


# --- refresh tokens


def test_rfc9449_5_the_refresh_token_of_a_public_client_needs_its_key(public: KeyHolder, signed_in: Browser, prover: Prover) -> None:
    token = public.tokens(signed_in)["refresh_token"]
    assert error(public.refresh(token, prover=prover)) == (400, "invalid_grant")
    assert error(public.refresh(token, prover=None)) == (400, "invalid_grant")
    refreshed = public.refresh(token)
    assert (refreshed.status_code, refreshed.json["token_type"]) == (200, "DPoP")
    assert claims_of(refreshed.json["access_token"])["cnf"] == {"jkt": public.prover.jkt}
    assert public.refresh(refreshed.json["refresh_token"]).status_code == 200


def test_an_old_refresh_token_with_another_key_ends_the_family(public: KeyHolder, signed_in: Browser, prover: Prover) -> None:
    old = public.tokens(signed_in)["refresh_token"]
    newer = public.refresh(old).json["refresh_token"]
    assert error(public.refresh(old, prover=prover)) == (400, "invalid_grant"), "in the grace, but not by the same"
    assert error(public.refresh(newer)) == (400, "invalid_grant")


def test_rfc9449_5_a_public_client_that_proved_no_key_may_begin_to(public: KeyHolder, signed_in: Browser) -> None:
    tokens = public.redeem(public.code(signed_in), prover=None).json
    assert tokens["token_type"] == "Bearer"
    assert public.refresh(tokens["refresh_token"]).json["token_type"] == "DPoP"


def test_rfc9449_5_a_confidential_client_may_change_its_key(party: KeyHolder, signed_in: Browser, prover: Prover) -> None:
    refreshed = party.refresh(party.tokens(signed_in, dpop_jkt=party.prover.jkt)["refresh_token"], prover=prover)
    assert claims_of(refreshed.json["access_token"])["cnf"] == {"jkt": prover.jkt}
    assert party.refresh(refreshed.json["refresh_token"], prover=None).json["token_type"] == "Bearer"


# --- clients that have to


def test_rfc9449_5_2_a_client_that_always_binds_its_tokens_gets_none_without_proof(
    party: KeyHolder, signed_in: Browser, units: Units
) -> None:
    with units.write() as work:
        clients.change(work, "app", {"dpop_bound_access_tokens": True})
    code = party.code(signed_in)
    assert error(party.redeem(code, prover=None)) == (400, "invalid_request")
    tokens = party.redeem(code)
    assert tokens.status_code == 200, "the code was not spent"
    assert error(party.refresh(tokens.json["refresh_token"], prover=None)) == (400, "invalid_request")
    assert party.refresh(tokens.json["refresh_token"]).status_code == 200


def test_rfc9449_5_2_such_a_client_may_push_without_proof(party: KeyHolder, units: Units) -> None:
    with units.write() as work:
        clients.change(work, "app", {"dpop_bound_access_tokens": True})
    assert party.post("/par", asking(), prover=None).status_code == 201


def test_rfc9449_5_2_without_credentials_such_a_client_is_not_told_of_proofs(ordering: KeyHolder, units: Units) -> None:
    with units.write() as work:
        clients.change(work, "ordering", {"dpop_bound_access_tokens": True})
    refused = ordering.post("/token", dict([CREDENTIALS]), prover=None, auth=("ordering", "wrong"))
    assert error(refused) == (401, "invalid_client")
