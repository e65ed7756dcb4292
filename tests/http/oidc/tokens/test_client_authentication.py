"""A client proves itself by exactly the one method that it is registered for."""

import warnings
from typing import Any

import flask
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from idp.audit.tables import AuditEvent
from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests.http.oidc.browsing import basic
from tests.http.oidc.relying import RelyingParty, machine

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASK = {"grant_type": "client_credentials"}


@pytest.fixture
def party(app: flask.Flask, units: Units) -> RelyingParty:
    """A client with a secret."""
    with units.write() as work:
        machine(work)
    return RelyingParty(app, "ordering")


@pytest.fixture
def key() -> ECKey:
    """The key of a client."""
    return ECKey.generate_key("P-256", {"kid": "first"})


@pytest.fixture
def keyed(app: flask.Flask, units: Units, key: ECKey) -> RelyingParty:
    """A client that signs assertions."""
    with units.write() as work:
        jwks = {"keys": [key.as_dict(private=False)]}
        machine(work, "keyed", token_endpoint_auth_method="private_key_jwt", jwks=jwks)
    party = RelyingParty(app, "keyed")
    party.auth = None
    return party


@pytest.fixture
def assertion(key: ECKey, clock):
    """Make the parameters of a signed assertion; changes of claims, None leaves one out."""
    count = iter(range(1000))

    def made(signing_key: Any = None, header: dict | None = None, **changes: Any) -> dict[str, str]:
        now = int(clock().timestamp())
        known = {"iss": "keyed", "sub": "keyed", "aud": "http://localhost", "exp": now + 60, "iat": now, "jti": f"j{next(count)}"}
        claims = {name: value for name, value in (known | changes).items() if value is not None}
        chosen = {"alg": "ES256", "kid": "first"} | (header or {})
        signed = jwt.encode(chosen, claims, signing_key or key, algorithms=[chosen["alg"]])
        return ASK | {"client_assertion_type": JWT_BEARER, "client_assertion": signed}

    return made


def is_refused(response) -> bool:
    return (response.status_code, response.json["error"]) == (401, "invalid_client")


def test_rfc6749_2_3_1_the_right_secret_by_basic_is_let_in(party: RelyingParty) -> None:
    assert party.post("/token", ASK).status_code == 200


@pytest.mark.parametrize("auth", [("ordering", "wrong"), ("nobody", "wrong"), ("ordering", ""), ("", ""), ("\0", "x")])
def test_rfc6749_5_2_a_wrong_secret_is_401_with_a_challenge_and_realm(party: RelyingParty, auth: tuple[str, str]) -> None:
    response = party.post("/token", ASK, auth=auth)
    assert is_refused(response)
    assert response.headers["WWW-Authenticate"].startswith('Basic realm="')
    assert response.headers["Cache-Control"] == "no-store"


def test_rfc6749_5_2_no_authentication_is_401(party: RelyingParty) -> None:
    assert is_refused(party.post("/token", ASK, auth=None))


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic b25seWFuYW1l", "Basic /////w=="])
def test_rfc6749_5_2_a_broken_basic_header_is_401(party: RelyingParty, header: str) -> None:
    assert is_refused(party.post("/token", ASK, auth=None, headers={"Authorization": header}))


def test_rfc6749_2_3_a_right_header_beside_a_wrong_body_secret_is_invalid_request(party: RelyingParty) -> None:
    response = party.post("/token", ASK | {"client_id": "ordering", "client_secret": "wrong"})
    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


def test_rfc6749_2_3_a_client_id_beside_the_header_must_be_the_same(party: RelyingParty) -> None:
    assert party.post("/token", ASK | {"client_id": "ordering"}).status_code == 200
    assert party.post("/token", ASK | {"client_id": "other"}).json["error"] == "invalid_request"


def test_rfc6749_2_3_1_basic_credentials_are_form_decoded(party: RelyingParty, units: Units) -> None:
    with units.write() as work:
        clients.renew_secret(work, "ordering", secret="a+b %c:d")
    assert party.post("/token", ASK, auth=("ordering", "a%2Bb+%25c%3Ad")).status_code == 200


def test_core_9_a_secret_in_the_body_does_for_a_client_registered_so(app: flask.Flask, units: Units) -> None:
    with units.write() as work:
        machine(work, "posting", token_endpoint_auth_method="client_secret_post")
    party = RelyingParty(app, "posting")
    named = {"client_id": "posting", "client_secret": basic("posting")[1]}
    assert party.post("/token", ASK | named, auth=None).status_code == 200
    assert is_refused(party.post("/token", ASK))


def in_body(client_id: str) -> dict[str, str]:
    """The parameters of a request with the secret in its body."""
    return ASK | {"client_id": client_id, "client_secret": basic(client_id)[1]}


def test_core_9_a_client_registered_for_basic_may_not_post_its_secret(app: flask.Flask, units: Units) -> None:
    with units.write() as work:
        machine(work, "strict", token_endpoint_auth_method="client_secret_basic")
    assert is_refused(RelyingParty(app, "strict").post("/token", in_body("strict"), auth=None))


def test_a_client_for_which_nobody_chose_a_method_may_send_its_secret_in_header_or_body(party: RelyingParty) -> None:
    assert party.post("/token", in_body("ordering"), auth=None).status_code == 200
    assert party.post("/token", ASK).status_code == 200


def test_choosing_a_method_later_binds_the_client_to_it(party: RelyingParty, units: Units) -> None:
    with units.write() as work:
        clients.change(work, "ordering", {"token_endpoint_auth_method": "client_secret_basic"})
    assert is_refused(party.post("/token", in_body("ordering"), auth=None))


def test_a_client_that_registers_itself_has_the_default_of_rfc_7591_2(app: flask.Flask, units: Units) -> None:
    with units.write() as work:
        document = {"redirect_uris": ["https://app.example/callback"]}
        client = clients.register(work, document, client_id="itself", origin=clients.Origin.DYNAMIC).client
    assert client.auth_methods == ("client_secret_basic",)


def test_a_public_client_presents_its_id_alone(app: flask.Flask, units: Units) -> None:
    with units.write() as work:
        clients.register(
            work,
            {"redirect_uris": ["https://app.example/callback"], "token_endpoint_auth_method": "none"},
            client_id="public",
        )
    party = RelyingParty(app, "public")
    named = {"grant_type": "authorization_code", "client_id": "public", "code": "invented"}
    assert party.post("/token", named, auth=None).json["error"] == "invalid_grant"


def test_two_secrets_are_valid_until_the_next_one_comes(party: RelyingParty, units: Units, clock) -> None:
    first = basic("ordering")[1]
    clock.advance(days=1)
    with units.write() as work:
        second = clients.renew_secret(work, "ordering")
    assert all(party.post("/token", ASK, auth=("ordering", secret)).status_code == 200 for secret in (first, second))
    clock.advance(days=1)
    with units.write() as work:
        third = clients.renew_secret(work, "ordering")
    assert is_refused(party.post("/token", ASK, auth=("ordering", first)))
    assert all(party.post("/token", ASK, auth=("ordering", secret)).status_code == 200 for secret in (second, third))


def test_a_disabled_client_is_unknown_at_once(party: RelyingParty, units: Units) -> None:
    with units.write() as work:
        clients.enable(work, "ordering", enabled=False)
    assert is_refused(party.post("/token", ASK))


def test_a_refused_client_is_audited(party: RelyingParty, units: Units) -> None:
    party.post("/token", ASK, auth=("ordering", "wrong"))
    with units.read() as work:
        query = AuditEvent.__table__.select().where(AuditEvent.event == "client.authentication_refused")
        assert work.db.execute(query).one().client_id == "ordering"


def test_rfc7523_3_a_signed_assertion_is_let_in(keyed: RelyingParty, assertion) -> None:
    assert keyed.post("/token", assertion()).status_code == 200


@pytest.mark.parametrize("audience", ["http://localhost/token", "http://localhost/par", ["http://localhost", "https://else.example"]])
def test_rfc7523_3_the_audience_is_the_issuer_the_token_or_the_par_endpoint(keyed: RelyingParty, assertion, audience) -> None:
    assert keyed.post("/token", assertion(aud=audience)).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"iss": None},
        {"aud": "https://else.example"},
        {"aud": None},
        {"aud": {"x": 1}},
        {"aud": [["http://localhost"]]},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 10**30},
        {"jti": None},
        {"jti": 7},
    ],
)
def test_rfc7523_3_an_assertion_with_a_wrong_claim_is_401(keyed: RelyingParty, assertion, claims: dict) -> None:
    assert is_refused(keyed.post("/token", assertion(**claims)))


@pytest.mark.parametrize(("claim", "seconds"), [("exp", 0), ("exp", -1), ("exp", 400), ("iat", 90), ("nbf", 90)])
def test_rfc7523_3_an_assertion_of_another_time_is_401(keyed: RelyingParty, assertion, clock, claim: str, seconds: int) -> None:
    assert is_refused(keyed.post("/token", assertion(**{claim: int(clock().timestamp()) + seconds})))


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_rfc7523_3_a_clock_ten_seconds_ahead_is_forgiven(keyed: RelyingParty, assertion, clock, claim: str) -> None:
    assert keyed.post("/token", assertion(**{claim: int(clock().timestamp()) + 10})).status_code == 200


def test_rfc7523_3_an_assertion_counts_once(keyed: RelyingParty, assertion) -> None:
    presented = assertion()
    assert keyed.post("/token", presented).status_code == 200
    assert is_refused(keyed.post("/token", presented))


def test_rfc7523_3_an_assertion_is_spent_by_a_refused_grant_too(keyed: RelyingParty, assertion) -> None:
    presented = assertion()
    assert keyed.post("/token", presented | {"scope": "openid"}).json["error"] == "invalid_scope"
    assert is_refused(keyed.post("/token", presented))


def test_rfc7523_3_an_assertion_of_another_key_is_401(keyed: RelyingParty, assertion) -> None:
    assert is_refused(keyed.post("/token", assertion(ECKey.generate_key("P-256", {"kid": "first"}))))


def test_rfc7523_3_an_assertion_in_an_algorithm_of_another_kind_is_401(keyed: RelyingParty, assertion) -> None:
    assert is_refused(keyed.post("/token", assertion(RSAKey.generate_key(2048), {"alg": "RS256"})))


def test_rfc7515_an_unsigned_assertion_is_401(keyed: RelyingParty, assertion) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of what the test is about
        presented = assertion(header={"alg": "none"})
    assert is_refused(keyed.post("/token", presented))


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é.é.é", "[" * 5000 + ".x.y", "eyJhbGciOiJFUzI1NiJ9." + "W1t" * 4000 + ".x"])
def test_rfc7523_what_is_no_assertion_is_401(keyed: RelyingParty, text: str) -> None:
    named = {"client_id": "keyed", "client_assertion_type": JWT_BEARER, "client_assertion": text}
    assert is_refused(keyed.post("/token", ASK | named))


def test_rfc7521_4_2_another_assertion_type_is_401(keyed: RelyingParty, assertion) -> None:
    assert is_refused(keyed.post("/token", assertion() | {"client_assertion_type": "urn:else"}))


def test_core_9_a_client_registered_for_assertions_has_no_secret(keyed: RelyingParty) -> None:
    assert is_refused(keyed.post("/token", ASK, auth=basic("keyed")))
