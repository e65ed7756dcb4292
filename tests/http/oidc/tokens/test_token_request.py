"""The form of token requests, and the client's own grant."""

import flask
import pytest

from idp import metrics
from idp.oidc.clients import resources
from idp.unit_of_work import Units
from tests.http.oidc.relying import RelyingParty, claims_of, header_of, machine

ASK = {"grant_type": "client_credentials"}
API = "https://phones.example/api"


@pytest.fixture
def ordering(app: flask.Flask, units: Units) -> RelyingParty:
    """A client that asks in its own right."""
    with units.write() as work:
        machine(work)
    return RelyingParty(app, "ordering")


@pytest.fixture
def backend(app: flask.Flask, units: Units) -> RelyingParty:
    """A client with a resource of its own."""
    with units.write() as work:
        resources.create(work, API, scopes=("phones:read", "phones:write"))
        machine(work, "backend", scope="phones:read phones:write provisioning", resources=[API])
    return RelyingParty(app, "backend")


def refusal(response) -> tuple[int, str]:
    return response.status_code, response.json["error"]


def test_rfc6749_4_4_3_client_credentials_give_an_access_token_alone(ordering: RelyingParty) -> None:
    answer = ordering.post("/token", ASK).json
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    claims = claims_of(answer["access_token"])
    assert (claims["sub"], claims["client_id"], claims["scope"]) == ("ordering", "ordering", "provisioning")
    assert claims["aud"] == "http://localhost"
    assert not {"acr", "auth_time", "roles"} & set(claims)


def test_rfc6749_3_2_parameters_in_the_query_do_not_count(ordering: RelyingParty) -> None:
    assert refusal(ordering.post("/token?grant_type=client_credentials", {"scope": "provisioning"})) == (400, "invalid_request")


def test_rfc6749_3_2_a_parameter_that_comes_twice_is_invalid_request(ordering: RelyingParty) -> None:
    assert refusal(ordering.post("/token", {"grant_type": ["client_credentials"] * 2})) == (400, "invalid_request")


def test_rfc6749_3_2_a_parameter_without_value_counts_as_left_out(ordering: RelyingParty) -> None:
    assert ordering.post("/token", ASK | {"scope": ""}).json["scope"] == "provisioning"
    assert refusal(ordering.post("/token", {"grant_type": ""})) == (400, "invalid_request")


def test_rfc6749_3_2_unknown_parameters_are_ignored(ordering: RelyingParty) -> None:
    assert ordering.post("/token", ASK | {"whatever": "it is"}).status_code == 200


@pytest.mark.parametrize("options", [{"json": ASK}, {"data": "x", "content_type": "text/plain"}, {}])
def test_rfc6749_4_4_2_another_media_type_is_invalid_request(ordering: RelyingParty, options: dict) -> None:
    assert refusal(ordering.client.post("/token", auth=ordering.auth, **options)) == (400, "invalid_request")


def test_a_nul_character_is_invalid_request(ordering: RelyingParty) -> None:
    assert refusal(ordering.post("/token", ASK | {"scope": "a\0b"})) == (400, "invalid_request")


def test_rfc6749_3_2_only_post_is_allowed(ordering: RelyingParty) -> None:
    assert ordering.client.get("/token").status_code == 405


@pytest.mark.parametrize("grant_type", ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "é", "A" * 300])
def test_rfc6749_5_2_an_unknown_grant_is_unsupported(ordering: RelyingParty, grant_type: str) -> None:
    assert refusal(ordering.post("/token", {"grant_type": grant_type})) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "named", [{"grant_type": "authorization_code", "code": "x"}, {"grant_type": "refresh_token", "refresh_token": "x"}]
)
def test_rfc6749_5_2_a_grant_that_is_not_registered_is_unauthorized_client(ordering: RelyingParty, named: dict) -> None:
    assert refusal(ordering.post("/token", named)) == (400, "unauthorized_client")


def test_client_credentials_are_for_clients_registered_so(party: RelyingParty) -> None:
    assert refusal(party.post("/token", ASK)) == (400, "unauthorized_client")


@pytest.mark.parametrize("named", [{"grant_type": "authorization_code"}, {"grant_type": "refresh_token"}])
def test_rfc6749_5_2_a_grant_without_its_parameter_is_invalid_request(party: RelyingParty, named: dict) -> None:
    assert refusal(party.post("/token", named)) == (400, "invalid_request")


@pytest.mark.parametrize("scope", ["openid", "phones:write", "provisioning openid"])
def test_rfc6749_5_2_a_scope_beyond_the_clients_own_is_invalid_scope(ordering: RelyingParty, scope: str) -> None:
    assert refusal(ordering.post("/token", ASK | {"scope": scope})) == (400, "invalid_scope")


def test_a_client_that_persons_use_too_gets_only_its_own_scopes(app: flask.Flask, units: Units) -> None:
    with units.write() as work:
        machine(
            work,
            "both",
            grant_types=["authorization_code", "client_credentials"],
            redirect_uris=["https://app.example/callback"],
            scope="openid profile provisioning",
        )
    assert RelyingParty(app, "both").post("/token", ASK).json["scope"] == "provisioning"


def test_rfc8707_2_without_resource_the_clients_default_is_the_audience(backend: RelyingParty) -> None:
    assert claims_of(backend.post("/token", ASK).json["access_token"])["aud"] == API


def test_rfc8707_2_a_named_resource_is_the_audience(backend: RelyingParty) -> None:
    token = backend.post("/token", ASK | {"resource": "http://localhost"}).json["access_token"]
    assert claims_of(token)["aud"] == "http://localhost"


def test_rfc8707_2_resource_may_repeat(backend: RelyingParty) -> None:
    token = backend.post("/token", ASK | {"resource": [API, "http://localhost"]}).json["access_token"]
    assert claims_of(token)["aud"] == [API, "http://localhost"]


@pytest.mark.parametrize("resource", ["https://else.example", API + "#part", "nonsense"])
def test_rfc8707_2_another_resource_is_invalid_target(backend: RelyingParty, resource: str) -> None:
    assert refusal(backend.post("/token", ASK | {"resource": resource})) == (400, "invalid_target")


@pytest.mark.parametrize("name", ["RS256", "ES256", "PS256", "Ed25519", "EdDSA"])
def test_each_client_gets_tokens_in_the_algorithm_that_it_registered(app: flask.Flask, units: Units, name: str) -> None:
    with units.write() as work:
        machine(work, "chosen", id_token_signed_response_alg=name)
    party = RelyingParty(app, "chosen")
    token = party.post("/token", ASK).json["access_token"]
    assert header_of(token)["alg"] == name
    assert party.is_active(token)


def test_a_body_that_is_too_large_is_413(ordering: RelyingParty) -> None:
    response = ordering.post("/token", ASK | {"x": "y" * 70_000})
    assert (response.status_code, response.json["error"]) == (413, "invalid_request")


def test_each_answer_is_counted_by_grant_and_result(ordering: RelyingParty) -> None:
    def counted(grant: str, result: str) -> float:
        return metrics.TOKENS.labels(grant=grant, result=result)._value.get()

    before = counted("client_credentials", "issued"), counted("other", "refused")
    ordering.post("/token", ASK)
    ordering.post("/token", {"grant_type": "unheard of"})
    assert (counted("client_credentials", "issued"), counted("other", "refused")) == (before[0] + 1, before[1] + 1)
