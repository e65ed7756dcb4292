"""openid-client for Node.js, certified for Basic and FAPI 2.0, against the running provider: what it takes is its own judgement."""

import json

import pytest

from idp.oidc.clients import initial_tokens
from idp.unit_of_work import SYSTEM
from tests.conformance.person import Person, parameters_of
from tests.conformance.provider import Provider
from tests.conformance.stock_client import App, Refused, StockClient, key_pair

CALLBACK = "https://stock.example/callback"
GOODBYE = "https://stock.example/goodbye"
SCOPE = "openid profile email roles contracts"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def app(provider: Provider, stock_client: StockClient) -> App:
    """An app with a secret, which verifies every signature."""
    made = provider.register(CALLBACK, post_logout_redirect_uris=[GOODBYE], authorization_details_types=["cloud_phone"])
    return App(stock_client, "basic", secret=made.secret, verify_all=True).discover(made.client.id)


def signed_in_tokens(app: App, signed_in: Person, **asked: str) -> dict:
    """Get tokens through a browser that is signed in."""
    return app.finish(url=signed_in.open(app.begin(redirect_uri=CALLBACK, **({"scope": SCOPE} | asked))))


def test_basic_a_person_signs_in_by_password_and_pin(app: App, provider: Provider, person: Person) -> None:
    arrived = person.signed_in(app.begin(redirect_uri=CALLBACK, scope=SCOPE), provider.administrator)
    claims = app.finish(url=arrived)["claims"]
    assert claims["sub"] == provider.administrator.sub
    assert (claims["acr"], claims["amr"]) == ("urn:idp:acr:mfa", ["pwd", "sms", "mfa"])


def test_basic_userinfo_is_of_the_same_person(app: App, provider: Provider, signed_in: Person) -> None:
    tokens = signed_in_tokens(app, signed_in)
    known = app.userinfo(token=tokens["access_token"], subject=tokens["claims"]["sub"])
    assert known["preferred_username"] == provider.administrator.username
    assert known["roles"] == ["administrator-kundenportal"]


def test_basic_max_age_is_proven_by_auth_time(app: App, signed_in: Person) -> None:
    assert signed_in_tokens(app, signed_in, max_age="3600")["claims"]["auth_time"]


def test_form_post_the_answer_comes_in_a_form(app: App, signed_in: Person) -> None:
    signed_in.open(app.begin(redirect_uri=CALLBACK, scope="openid", response_mode="form_post"))
    form = signed_in.form("code")
    assert app.finish(url=form.action, form=form.fields)["claims"]["iss"] == app.library.issuer


def test_core_3_1_2_6_a_refusal_reaches_the_library_by_its_code(app: App, person: Person) -> None:
    arrived = person.open(app.begin(redirect_uri=CALLBACK, scope="openid", prompt="none"))
    with pytest.raises(Refused) as refusal:
        app.finish(url=arrived)
    assert refusal.value.error == "login_required"


def test_rfc9126_a_pushed_request_for_one_contract(app: App, signed_in: Person) -> None:
    details = '[{"type":"cloud_phone","contract":"CP-4711"}]'
    address = app.begin("par", redirect_uri=CALLBACK, scope="openid", authorization_details=details)
    assert "CP-4711" not in address
    tokens = app.finish(url=signed_in.open(address))
    assert tokens["authorization_details"] == [{"type": "cloud_phone", "contract": "CP-4711"}]


def test_a_resource_takes_the_access_token(app: App, signed_in: Person) -> None:
    tokens = signed_in_tokens(app, signed_in)
    answer = app.fetch(token=tokens["access_token"], url=f"{app.library.issuer}/api/v1/me/contracts")
    assert {contract["id"] for contract in answer["body"]["contracts"]} == {"CP-4711", "CP-4712", "IN-1001"}


def test_core_12_refreshing_gives_a_new_id_token_of_the_same_person(app: App, signed_in: Person) -> None:
    tokens = signed_in_tokens(app, signed_in)
    again = app.refresh(token=tokens["refresh_token"])
    assert again["claims"]["sub"] == tokens["claims"]["sub"]
    assert again["refresh_token"] != tokens["refresh_token"]


def test_rfc7662_and_rfc7009_a_token_is_known_until_it_is_revoked(app: App, signed_in: Person) -> None:
    token = signed_in_tokens(app, signed_in)["access_token"]
    assert app.introspect(token=token)["active"] is True
    app.revoke(token=token)
    assert app.introspect(token=token)["active"] is False


def test_rfc7009_a_revoked_refresh_token_is_of_no_use(app: App, signed_in: Person) -> None:
    token = signed_in_tokens(app, signed_in)["refresh_token"]
    app.revoke(token=token)
    with pytest.raises(Refused) as refusal:
        app.refresh(token=token)
    assert refusal.value.error == "invalid_grant"


def test_rp_initiated_logout_leads_back_and_ends_the_tokens(app: App, provider: Provider, person: Person) -> None:
    tokens = app.finish(url=person.signed_in(app.begin(redirect_uri=CALLBACK, scope=SCOPE), provider.administrator))
    parameters = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": GOODBYE, "state": "bye"}
    assert person.open(app.end_session(parameters=parameters)) == f"{GOODBYE}?state=bye"
    assert app.introspect(token=tokens["access_token"])["active"] is False


def test_a_public_client_proves_itself_by_pkce_alone(provider: Provider, stock_client: StockClient, signed_in: Person) -> None:
    made = provider.register(CALLBACK, token_endpoint_auth_method="none")
    app = App(stock_client, "public").discover(made.client.id)
    tokens = app.finish(url=signed_in.open(app.begin(redirect_uri=CALLBACK, scope="openid")))
    assert app.refresh(token=tokens["refresh_token"])["access_token"]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "PS256", "EdDSA", "Ed25519"])
def test_core_2_each_algorithm_is_verified_by_the_published_keys(
    provider: Provider, stock_client: StockClient, signed_in: Person, algorithm: str
) -> None:
    made = provider.register(CALLBACK, id_token_signed_response_alg=algorithm)
    metadata = {"id_token_signed_response_alg": algorithm}
    app = App(stock_client, algorithm, secret=made.secret, metadata=metadata, verify_all=True).discover(made.client.id)
    assert signed_in_tokens(app, signed_in, scope="openid")["claims"]["sub"] == provider.administrator.sub


# --- signed requests, signed answers, keys instead of secrets


def keyed(provider: Provider, stock_client: StockClient, name: str, alg: str, uses: dict, **metadata: object) -> App:
    """Register an app that proves itself by a key of its own; `uses` tells the library what it shall use."""
    jwk, public = key_pair(alg)
    known = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [public]}, "id_token_signed_response_alg": alg}
    made = provider.register(CALLBACK, **(known | metadata))
    told = {name: value for name, value in made.client.metadata.items() if name.endswith("_alg") and isinstance(value, str)}
    return App(stock_client, name, jwk=jwk, alg=alg, metadata=told, verify_all=True, **uses).discover(made.client.id)


@pytest.mark.parametrize("alg", ["ES256", "PS256", "Ed25519"])
def test_rfc7523_a_key_takes_the_place_of_the_secret(provider: Provider, stock_client: StockClient, signed_in: Person, alg: str) -> None:
    app = keyed(provider, stock_client, f"keyed-{alg}", alg, {})
    tokens = signed_in_tokens(app, signed_in)
    assert app.refresh(token=tokens["refresh_token"])["access_token"]
    assert app.introspect(token=tokens["access_token"])["active"] is True


@pytest.mark.parametrize("how", ["jar", "pushed jar"])
def test_rfc9101_a_signed_request_is_the_request(provider: Provider, stock_client: StockClient, signed_in: Person, how: str) -> None:
    app = keyed(provider, stock_client, how, "ES256", {}, request_object_signing_alg="ES256")
    arrived = signed_in.open(app.begin(how, redirect_uri=CALLBACK, scope=SCOPE))
    assert app.finish(url=arrived)["claims"]["sub"] == provider.administrator.sub


def test_jarm_the_answer_is_one_signed_token(provider: Provider, stock_client: StockClient, signed_in: Person) -> None:
    app = keyed(provider, stock_client, "jarm", "ES256", {"jarm": True}, authorization_signed_response_alg="ES256")
    arrived = signed_in.open(app.begin(redirect_uri=CALLBACK, scope=SCOPE))
    assert set(parameters_of(arrived)) == {"response"}
    assert app.finish(url=arrived)["claims"]["sub"] == provider.administrator.sub


def test_jarm_a_refusal_is_one_signed_token_too(provider: Provider, stock_client: StockClient, person: Person) -> None:
    app = keyed(provider, stock_client, "jarm-refused", "ES256", {"jarm": True}, authorization_signed_response_alg="ES256")
    arrived = person.open(app.begin(redirect_uri=CALLBACK, scope=SCOPE, prompt="none"))
    assert set(parameters_of(arrived)) == {"response"}
    with pytest.raises(Refused) as refusal:
        app.finish(url=arrived)
    assert refusal.value.error == "login_required"


# --- an app that registers itself


def test_rfc7591_an_app_registers_itself_and_signs_a_person_in(provider: Provider, stock_client: StockClient, signed_in: Person) -> None:
    with provider.units.write(SYSTEM) as work:
        initial_access_token = initial_tokens.create(work, "openid-client").secret
    app = App(stock_client, "self-registered")
    metadata = {"redirect_uris": [CALLBACK], "scope": "openid email", "token_endpoint_auth_method": "client_secret_post"}
    made = app.register(issuer=stock_client.issuer, metadata=metadata, initial_access_token=initial_access_token)
    assert made["registration_access_token"]
    signed_in.open(app.begin(redirect_uri=CALLBACK, scope="openid email"))
    tokens = app.finish(url=signed_in.send("account", decision="allow"))
    assert app.userinfo(token=tokens["access_token"], subject=tokens["claims"]["sub"])["email"] == provider.administrator.email


# --- a device without a browser


def connected(signed_in: Person, device: dict) -> None:
    """Let a person agree at the address that the device shows."""
    signed_in.open(device["verification_uri_complete"])
    signed_in.send("user_code")
    signed_in.send("account", decision="allow")


def test_rfc8628_a_device_gets_its_tokens_after_a_yes(provider: Provider, stock_client: StockClient, signed_in: Person) -> None:
    made = provider.register(CALLBACK, grant_types=["authorization_code", "refresh_token", DEVICE_CODE], token_endpoint_auth_method="none")
    app = App(stock_client, "desk-phone").discover(made.client.id)
    device = app.device(parameters={"scope": SCOPE})
    connected(signed_in, device)
    tokens = app.poll(device=device | {"interval": 0.1})
    assert tokens["claims"]["sub"] == provider.administrator.sub
    assert app.refresh(token=tokens["refresh_token"])["access_token"]


# --- a narrower token for a backend


def test_rfc8693_a_token_is_exchanged_for_one_of_one_contract(provider: Provider, stock_client: StockClient, signed_in: Person) -> None:
    made = provider.register(CALLBACK, grant_types=["authorization_code", TOKEN_EXCHANGE], authorization_details_types=["cloud_phone"])
    app = App(stock_client, "exchanging", secret=made.secret).discover(made.client.id)
    one_contract = {"type": "cloud_phone", "contract": "CP-4712"}
    asked = {
        "subject_token": signed_in_tokens(app, signed_in)["access_token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "scope": "openid",
        "authorization_details": json.dumps([one_contract]),
    }
    exchanged = app.grant(type=TOKEN_EXCHANGE, parameters=asked)
    assert (exchanged["authorization_details"], exchanged["scope"]) == ([one_contract], "openid")
    assert "refresh_token" not in exchanged


# --- FAPI 2.0: pushed, keyed, bound to a key


def fapi(provider: Provider, stock_client: StockClient, name: str, **metadata: object) -> App:
    """Register a FAPI 2.0 app with DPoP; `jarm` and signed requests come with their metadata."""
    uses = {"dpop": "ES256", "jarm": "authorization_signed_response_alg" in metadata}
    return keyed(provider, stock_client, name, "ES256", uses, profile="fapi2", **metadata)


def test_fapi_2_a_pushed_request_gives_tokens_bound_to_the_apps_key(
    provider: Provider, stock_client: StockClient, signed_in: Person
) -> None:
    app = fapi(provider, stock_client, "fapi-openid")
    tokens = app.finish(url=signed_in.open(app.begin("par", redirect_uri=CALLBACK, scope=SCOPE)))
    assert tokens["token_type"] == "dpop"
    assert app.userinfo(token=tokens["access_token"], subject=tokens["claims"]["sub"])["sub"] == provider.administrator.sub
    assert app.fetch(token=tokens["access_token"], url=f"{stock_client.issuer}/api/v1/me/contracts")["status"] == 200
    assert app.refresh(token=tokens["refresh_token"])["access_token"]


def test_fapi_2_plain_oauth_gives_no_id_token(provider: Provider, stock_client: StockClient, signed_in: Person) -> None:
    app = fapi(provider, stock_client, "fapi-oauth")
    tokens = app.finish(url=signed_in.open(app.begin("par", redirect_uri=CALLBACK, scope="contracts")))
    assert "id_token" not in tokens
    assert app.fetch(token=tokens["access_token"], url=f"{stock_client.issuer}/api/v1/me/contracts")["status"] == 200


def test_fapi_2_a_token_is_of_no_use_without_its_key(provider: Provider, stock_client: StockClient, signed_in: Person) -> None:
    app = fapi(provider, stock_client, "fapi-theft")
    tokens = app.finish(url=signed_in.open(app.begin("par", redirect_uri=CALLBACK, scope=SCOPE)))
    thief = fapi(provider, stock_client, "fapi-thief")
    with pytest.raises(Refused) as refusal:
        thief.userinfo(token=tokens["access_token"], subject=tokens["claims"]["sub"])
    assert refusal.value.error == "invalid_token"


def test_fapi_2_message_signing_requests_answers_and_introspection_are_signed(
    provider: Provider, stock_client: StockClient, signed_in: Person
) -> None:
    signed = {
        "require_signed_request_object": True,
        "request_object_signing_alg": "ES256",
        "authorization_signed_response_alg": "ES256",
        "introspection_signed_response_alg": "ES256",
    }
    app = fapi(provider, stock_client, "fapi-signing", **signed)
    arrived = signed_in.open(app.begin("pushed jar", redirect_uri=CALLBACK, scope=SCOPE))
    assert set(parameters_of(arrived)) == {"response"}
    tokens = app.finish(url=arrived)
    assert app.introspect(token=tokens["access_token"])["active"] is True
