"""Resources that take bound tokens by the scheme `DPoP`: UserInfo, the contracts, the ordering API."""

import re
from typing import Any

import flask
import pytest
from werkzeug.test import TestResponse

from idp.unit_of_work import Units
from tests.conftest import closing_app, make_settings
from tests.http.oidc.browsing import Browser
from tests.http.oidc.dpop.proofs import KeyHolder, Prover
from tests.http.oidc.relying import machine

ALGS = 'algs="RS256 ES256 PS256 Ed25519 EdDSA"'


@pytest.fixture
def token(party: KeyHolder, signed_in: Browser) -> str:
    """An access token that is bound to the app's key."""
    return party.tokens(signed_in, scope="openid contracts")["access_token"]


def ask(party: KeyHolder, token: str, path: str = "/userinfo", method: str = "GET", **changes: Any) -> TestResponse:
    """Ask with a proof that has some changes."""
    return party.client.open(path, method=method, headers=party.prover.shows(method, path, token, **changes))


def refused(response: TestResponse, status: int = 401) -> dict[str, str]:
    """The members of a refusal's challenge."""
    assert response.status_code == status, response.text
    challenge = response.headers["WWW-Authenticate"]
    assert challenge.startswith("DPoP "), challenge
    assert ALGS in challenge
    return dict(re.findall(r'(\w+)="([^"]*)"', challenge))


@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP", "dPoP"])
@pytest.mark.parametrize("path", ["/userinfo", "/api/v1/me/contracts"])
def test_fapi2_5_3_3_the_scheme_is_taken_in_any_case(party: KeyHolder, token: str, scheme: str, path: str) -> None:
    response = ask(party, token, path, scheme=scheme)
    assert response.status_code == 200, response.text
    assert response.headers["DPoP-Nonce"]


def test_rfc9449_7_1_userinfo_takes_a_bound_token_by_post(party: KeyHolder, token: str) -> None:
    assert ask(party, token, method="POST").json["sub"]


def test_rfc9449_7_1_the_ordering_api_takes_bound_tokens(ordering: KeyHolder) -> None:
    token = ordering.post("/token", {"grant_type": "client_credentials"}).json["access_token"]
    path = "/api/v1/customers/2300300"
    document = {"name": "Neu GmbH", "contracts": [], "accounts": []}
    headers = ordering.prover.shows("PUT", path, token)
    put = ordering.client.put(path, json=document, headers=headers)
    assert put.status_code != 401, put.text
    assert put.headers["DPoP-Nonce"]
    again = ordering.client.put(path, json=document, headers=headers)
    assert refused(again)["error"] == "invalid_dpop_proof"
    assert again.content_type == "application/problem+json"
    assert refused(ordering.client.get(path, headers=ordering.prover.shows("PUT", path, token)))["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("path", ["/userinfo", "/api/v1/me/contracts", "/api/v1/customers/1"])
def test_rfc9449_7_2_a_bound_token_as_bearer_is_refused_and_told_both_schemes(party: KeyHolder, token: str, path: str) -> None:
    response = party.client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
    challenge = response.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="idp", error="invalid_token"')
    assert f'DPoP realm="idp", {ALGS}' in challenge


def test_rfc9449_7_2_a_bound_token_as_bearer_is_refused_with_a_right_proof_too(party: KeyHolder, token: str) -> None:
    assert ask(party, token, scheme="Bearer").status_code == 401


def test_rfc9449_7_2_a_bound_token_in_the_form_is_refused(party: KeyHolder, token: str) -> None:
    headers = {"DPoP": party.prover.proof("POST", "/userinfo", token)}
    assert party.client.post("/userinfo", data={"access_token": token}, headers=headers).status_code == 401


def test_rfc6750_2_two_tokens_are_refused(party: KeyHolder, token: str) -> None:
    response = party.client.post("/userinfo", data={"access_token": token}, headers=party.prover.shows("POST", "/userinfo", token))
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


def test_rfc9449_7_1_a_token_without_key_is_refused_by_the_scheme_dpop(party: KeyHolder, signed_in: Browser) -> None:
    token = party.redeem(party.code(signed_in), prover=None).json["access_token"]
    assert refused(ask(party, token))["error"] == "invalid_token"
    assert ask(party, token, scheme="Bearer").status_code == 200, "a proof beside a bearer token does not matter"


def test_rfc9449_7_1_a_proof_of_another_key_is_refused(party: KeyHolder, token: str, prover: Prover) -> None:
    response = party.client.get("/userinfo", headers=prover.shows("GET", "/userinfo", token))
    assert refused(response)["error"] == "invalid_token"


@pytest.mark.parametrize(
    "changes", [{"ath": None}, {"ath": "x"}, {"ath": 7}, {"ath": "\ud800"}, {"htm": "POST"}, {"htu": "http://localhost/token"}]
)
def test_rfc9449_7_1_a_proof_for_something_else_is_refused(party: KeyHolder, token: str, changes: dict) -> None:
    assert refused(ask(party, token, **changes))["error"] == "invalid_dpop_proof"


def test_rfc9449_7_1_the_hash_of_another_token_is_refused(party: KeyHolder, token: str, signed_in: Browser) -> None:
    other = party.tokens(signed_in)["access_token"]
    headers = party.prover.shows("GET", "/userinfo", other) | {"Authorization": f"DPoP {token}"}
    assert refused(party.client.get("/userinfo", headers=headers))["error"] == "invalid_dpop_proof"


def test_rfc9449_7_1_the_scheme_needs_a_proof(party: KeyHolder, token: str) -> None:
    response = party.client.get("/userinfo", headers={"Authorization": f"DPoP {token}"})
    assert refused(response)["error"] == "invalid_dpop_proof"


def test_rfc9449_7_1_two_proofs_are_refused(party: KeyHolder, token: str) -> None:
    two = [("DPoP", party.prover.proof("GET", "/userinfo", token)) for _ in range(2)]
    assert refused(party.client.get("/userinfo", headers=[("Authorization", f"DPoP {token}"), *two]))["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("path", ["/userinfo", "/api/v1/me/contracts"])
def test_rfc9449_11_1_a_proof_counts_once(party: KeyHolder, token: str, path: str) -> None:
    headers = party.prover.shows("GET", path, token)
    assert party.client.get(path, headers=headers).status_code == 200
    assert refused(party.client.get(path, headers=headers))["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("path", ["/userinfo", "/api/v1/me/contracts", "/api/v1/customers/1"])
def test_rfc9449_9_without_a_nonce_the_resource_gives_one_and_spends_nothing(party: KeyHolder, token: str, path: str) -> None:
    first = ask(party, token, path, nonce=None, jti=path)
    assert refused(first)["error"] == "use_dpop_nonce"
    second = ask(party, token, path, nonce=first.headers["DPoP-Nonce"], jti=path)
    assert second.status_code in (200, 403), second.text


def test_rfc9449_7_1_an_invented_token_is_refused_and_its_proof_not_kept(party: KeyHolder) -> None:
    assert refused(ask(party, "invented"))["error"] == "invalid_token"
    assert refused(ask(party, "inventéd"))["error"] in ("invalid_token", "invalid_dpop_proof")


def test_rfc6750_3_1_a_bound_token_without_the_scope_is_told_which(party: KeyHolder, token: str) -> None:
    challenge = refused(ask(party, token, "/api/v1/customers/1"), 403)
    assert (challenge["error"], challenge["scope"]) == ("insufficient_scope", "provisioning")


@pytest.mark.parametrize("header", ["DPoP", "DPoP ", "dpop\t", "Negotiate x"])
def test_rfc6750_3_1_without_a_token_the_challenge_names_both_schemes_and_no_error(party: KeyHolder, header: str) -> None:
    response = party.client.get("/userinfo", headers={"Authorization": header, "DPoP": "x"})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == f'Bearer realm="idp", DPoP realm="idp", {ALGS}'


def test_a_view_that_the_database_asks_to_run_again_is_let_in_by_the_same_proof(party: KeyHolder, token: str, monkeypatch) -> None:
    from idp.authn import sessions  # noqa: PLC0415 - only here
    from idp.errors import TryAgain  # noqa: PLC0415 - only here

    touched = []

    def once_too_busy(*_: Any) -> None:
        touched.append(True)
        if len(touched) == 1:
            raise TryAgain("serialization failure")

    monkeypatch.setattr(sessions, "needs_touch", lambda *_: True)
    monkeypatch.setattr(sessions, "touch", once_too_busy)
    assert ask(party, token).status_code == 200
    assert len(touched) == 2


def test_rfc9449_4_3_below_a_path_the_address_is_the_public_one(database: str, tmp_path, clock) -> None:
    with closing_app(make_settings(database, tmp_path, issuer="https://idp.example/carrier"), clock) as app:
        assert statuses_below_a_path(app) == [200, 400, 400]


def statuses_below_a_path(app: flask.Flask) -> list[int]:
    """Ask for tokens with proofs for the public address, and for what reaches the process."""
    units: Units = app.extensions["idp.units"]
    with units.write() as work:
        machine(work)
    party = KeyHolder(app, "ordering")
    proofs = [
        party.prover.proof("POST", f"{base}/token") for base in ("https://idp.example/carrier", "https://idp.example", "http://localhost")
    ]
    return [
        party.post("/token", {"grant_type": "client_credentials"}, headers={"DPoP": proof}, base_url="http://inside:8080").status_code
        for proof in proofs
    ]
