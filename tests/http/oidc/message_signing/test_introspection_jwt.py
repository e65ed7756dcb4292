"""Introspection answered by a signed token (RFC 9701; FAPI 2.0 Message Signing §5.5)."""

import flask
import pytest
from werkzeug.test import TestResponse

from idp.oidc.clients import clients, resources
from idp.oidc.keys.jose import Algorithm
from idp.unit_of_work import Units
from tests.conftest import SettableClock
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty, machine
from tests.http.oidc.signing import proven, signer

SIGNED = "application/token-introspection+jwt"
API = "https://phones.example/api"


@pytest.fixture
def token(party: RelyingParty, signed_in: Browser) -> str:
    """An access token of the app."""
    return party.tokens(signed_in, scope="openid roles")["access_token"]


def ask(party: RelyingParty, token: str, accept: str | None = SIGNED) -> TestResponse:
    """Introspect a token."""
    response = party.post("/introspect", {"token": token}, headers={"Accept": accept} if accept else {})
    assert response.status_code == 200, response.text
    return response


def test_rfc9701_5_the_answer_is_a_token_of_its_own_type(party: RelyingParty, token: str, clock: SettableClock) -> None:
    response = ask(party, token)
    answer = proven(party.client, response.text)
    assert response.headers["Content-Type"] == SIGNED
    assert response.headers["Cache-Control"] == "no-store"
    assert answer.header["typ"] == "token-introspection+jwt"
    assert answer.claims.keys() == {"iss", "aud", "iat", "token_introspection"}
    assert (answer.claims["iss"], answer.claims["aud"]) == ("http://localhost", "app")
    assert answer.claims["iat"] == int(clock().timestamp())


def test_rfc9701_5_it_says_what_the_plain_answer_says(party: RelyingParty, token: str) -> None:
    told = proven(party.client, ask(party, token).text).claims["token_introspection"]
    assert told == party.introspect(token)
    assert told["active"] is True


def test_rfc9701_5_a_token_that_is_no_good_is_signed_so_too(party: RelyingParty) -> None:
    told = proven(party.client, ask(party, "nothing").text).claims["token_introspection"]
    assert told == {"active": False}


def test_rfc9701_5_the_audience_is_the_asking_resource(app: flask.Flask, units: Units, party: RelyingParty, signed_in: Browser) -> None:
    with units.write() as work:
        machine(work, "gateway", scope="")
        resources.create(work, API, scopes=("phones:read",), introspection_client_id="gateway")
        browsing.registered(work, "phones", scope="openid phones:read", resources=[API])
    token = RelyingParty(app, "phones").tokens(signed_in, scope="openid phones:read")["access_token"]
    answer = proven(party.client, ask(RelyingParty(app, "gateway"), token).text).claims
    assert (answer["aud"], answer["token_introspection"]["scope"]) == ("gateway", "phones:read")


def test_rfc9701_5_another_client_learns_nothing_by_a_signed_answer(app: flask.Flask, units: Units, party, token: str) -> None:
    with units.write() as work:
        browsing.registered(work, "other")
    told = proven(party.client, ask(RelyingParty(app, "other"), token).text).claims
    assert (told["aud"], told["token_introspection"]) == ("other", {"active": False})


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_rfc9701_6_it_is_signed_as_the_client_registered(party: RelyingParty, unit, token: str, algorithm: Algorithm) -> None:
    with unit() as work:
        clients.change(work, "app", {"introspection_signed_response_alg": algorithm.value})
    assert proven(party.client, ask(party, token, accept=None).text).header["alg"] == algorithm.value


def test_rfc9701_6_without_registration_it_is_rs256(party: RelyingParty, token: str) -> None:
    assert proven(party.client, ask(party, token).text).header["alg"] == "RS256"


@pytest.mark.parametrize(
    ("accept", "registered", "signed"),
    [
        (None, False, False),
        ("*/*", False, False),
        ("application/json", False, False),
        (SIGNED, False, True),
        (SIGNED.upper(), False, True),
        (f"application/json;q=0.5, {SIGNED}", False, True),
        (f"application/json, {SIGNED};q=0.5", False, False),
        (f"{SIGNED};q=0", False, False),
        ("text/html", False, False),
        (";;;q=x", False, False),
        (None, True, True),
        ("*/*", True, True),
        ("application/*", True, True),
        (f"application/json, {SIGNED}", True, True),
        ("application/json", True, False),
        (SIGNED, True, True),
    ],
)
def test_rfc9701_4_the_caller_says_which_form_it_prefers(party, unit, token: str, accept: str, registered: bool, signed: bool) -> None:
    with unit() as work:
        clients.change(work, "app", {"introspection_signed_response_alg": "ES256" if registered else None})
    assert ask(party, token, accept).mimetype == (SIGNED if signed else "application/json")


def test_rfc7662_2_3_refusals_stay_json(party: RelyingParty) -> None:
    without_token = party.post("/introspect", {}, headers={"Accept": SIGNED})
    wrong = party.post("/introspect", {"token": "x"}, headers={"Accept": SIGNED}, auth=("app", "wrong"))
    assert (without_token.status_code, without_token.json["error"]) == (400, "invalid_request")
    assert (wrong.status_code, wrong.json["error"]) == (401, "invalid_client")


def test_rfc9701_7_discovery_names_the_algorithms(party: RelyingParty) -> None:
    metadata = party.client.get("/.well-known/openid-configuration").json
    assert {"RS256", "PS256", "ES256", "Ed25519"} <= set(metadata["introspection_signing_alg_values_supported"])


def test_rfc9701_8_1_it_passes_for_no_other_token(party: RelyingParty, token: str, signed_in: Browser) -> None:
    answer = ask(party, token).text
    assert party.introspect(answer) == {"active": False}
    assert party.userinfo(answer).status_code == 401
    assert browsing.answered(signed_in.authorize(id_token_hint=answer))["error"] == "invalid_request"


def test_message_signing_5_5_a_fapi_clients_answer_is_signed_by_a_fapi_algorithm(unit) -> None:
    from idp.oidc.tokens import signed_answers  # noqa: PLC0415 - only here

    with unit() as work:
        made = clients.register(
            work, {"redirect_uris": ["https://app.example/cb"], "jwks": signer().jwks}, client_id="fapi", profile="fapi2"
        )
    assert signed_answers.introspection_algorithm(made.client) is Algorithm.ES256
