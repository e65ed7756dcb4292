"""Whatever a proof or an assertion says: no answer is a 5xx, and none but a whole one lets anybody in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import SettableClock, closing_app, make_settings
from tests.http.oidc.dpop.proofs import KeyHolder, Prover, Signer
from tests.http.oidc.relying import machine

ASK = {"grant_type": "client_credentials"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
HEADER_TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=300)
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def party(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyHolder]:
    """A client that signs assertions and proves a key."""
    file = tmp_path_factory.mktemp("property") / "idp.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    with closing_app(make_settings(f"sqlite:///{file}", tmp_path_factory.mktemp("data")), SettableClock()) as app:
        app.testing = False  # an unknown exception is a 500 here, as it would be for everybody
        signer = Signer(app, "keyed")
        with signer.units.write() as work:
            machine(work, "keyed", token_endpoint_auth_method="private_key_jwt", jwks=signer.jwks)
        yield KeyHolder(app, "keyed", signer=signer, prover=Prover(app))


@QUICK
@given(member=st.sampled_from(["jti", "htm", "htu", "iat", "nonce", "exp", "nbf", "ath"]), value=JSON)
def test_a_proof_with_any_claim_gives_a_token_or_a_refusal(party: KeyHolder, member: str, value: Any) -> None:
    proof = party.prover.proof("POST", "/token", **{member: value})
    response = party.post("/token", ASK, headers={"DPoP": proof})
    assert response.status_code in (200, 400), response.text
    assert (response.status_code == 200) == (response.json.get("token_type") == "DPoP")


@QUICK
@given(member=st.sampled_from(["typ", "jwk", "kid", "crit", "b64", "x5c", "jku"]), value=JSON)
def test_a_proof_with_any_header_gives_a_token_or_a_refusal(party: KeyHolder, member: str, value: Any) -> None:
    proof = party.prover.proof("POST", "/token", header={member: value})
    assert party.post("/token", ASK, headers={"DPoP": proof}).status_code in (200, 400)


@QUICK
@given(member=st.sampled_from(["n", "e", "x", "y", "kty", "crv", "use", "key_ops", "alg", "kid", "d", "ext"]), value=JSON)
def test_a_proof_with_any_key_gives_a_token_or_a_refusal(party: KeyHolder, member: str, value: Any) -> None:
    jwk = party.prover.key.as_dict(private=False) | {member: value}
    assert party.post("/token", ASK, headers={"DPoP": party.prover.proof("POST", "/token", header={"jwk": jwk})}).status_code in (200, 400)


@QUICK
@given(authorization=HEADER_TEXT, proof=HEADER_TEXT, scheme=st.sampled_from(["DPoP ", "dpop  ", "Bearer ", ""]))
def test_any_headers_let_nobody_in(party: KeyHolder, authorization: str, proof: str, scheme: str) -> None:
    headers = {"Authorization": scheme + authorization, "DPoP": proof}
    assert party.client.get("/userinfo", headers=headers).status_code == 401


@QUICK
@given(member=st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "jti"]), value=JSON)
def test_an_assertion_with_any_claim_gives_a_token_or_a_refusal(party: KeyHolder, member: str, value: Any) -> None:
    assert party.signer
    form = ASK | {"client_id": "keyed"} | party.signer.assertion(**{member: value})
    assert party.client.post("/token", data=form).status_code in (200, 401)
