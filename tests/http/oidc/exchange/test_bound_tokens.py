"""Tokens that are bound to a key are never exchanged for tokens that anybody could bear (RFC 9449, RFC 8693)."""

import flask
import pytest

from idp.oidc.clients import clients as registered
from tests.http.oidc.browsing import Browser
from tests.http.oidc.dpop.proofs import Prover
from tests.http.oidc.exchange.conftest import Exchanger
from tests.http.oidc.relying import claims_of


@pytest.fixture
def bound(portal: Exchanger, signed_in: Browser) -> str:
    """The portal's access token, bound to its key."""
    response = portal.redeem(portal.code(signed_in, scope="openid roles"), prover=portal.key)
    assert response.json["token_type"] == "DPoP"
    return str(response.json["access_token"])


def test_the_holder_proves_the_same_key_and_gets_a_bound_token(portal: Exchanger, bound: str) -> None:
    response = portal.exchange(bound, prover=portal.key)
    assert response.json["token_type"] == "DPoP"
    assert claims_of(response.json["access_token"])["cnf"] == {"jkt": portal.key.jkt}


def test_the_holder_without_a_proof_is_refused(portal: Exchanger, bound: str) -> None:
    assert portal.error(bound) == "invalid_dpop_proof"


def test_the_holder_with_another_key_is_refused(app: flask.Flask, portal: Exchanger, bound: str) -> None:
    assert portal.error(bound, prover=Prover(app)) == "invalid_dpop_proof"


def test_a_backend_binds_the_new_token_to_its_own_key(pbx: Exchanger, bound: str) -> None:
    token = pbx.exchanged(bound, prover=pbx.key)
    assert claims_of(token)["cnf"] == {"jkt": pbx.key.jkt}


def test_a_backend_without_a_proof_is_refused(pbx: Exchanger, bound: str) -> None:
    assert pbx.error(bound) == "invalid_dpop_proof"


def test_a_token_that_anybody_may_bear_can_become_bound(portal: Exchanger, token: str) -> None:
    assert claims_of(portal.exchanged(token, prover=portal.key))["cnf"] == {"jkt": portal.key.jkt}


def test_rfc9449_5_2_a_client_that_must_prove_its_key_must_do_so_here(portal: Exchanger, token: str, unit) -> None:
    with unit() as work:
        registered.change(work, "portal", {"dpop_bound_access_tokens": True})
    assert portal.error(token) == "invalid_request"
    assert portal.exchange(token, prover=portal.key).status_code == 200


def test_what_a_stranger_says_about_a_bound_token_tells_nothing(stranger: Exchanger, bound: str) -> None:
    assert stranger.error(bound) == "invalid_request"
