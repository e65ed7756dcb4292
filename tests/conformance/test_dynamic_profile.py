"""Modules of the certification suite's Dynamic profile and of 3rd-party-initiated login: apps that register themselves, with keys."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import flask
import pytest

from idp.directory.accounts import Account
from idp.oidc.keys import rotation
from idp.oidc.keys.jose import Algorithm
from idp.unit_of_work import SYSTEM, Units
from tests.conformance.flows import Flow
from tests.http.oidc.browsing import ISSUER, REDIRECT_URI, Browser, asking, csrf_token
from tests.http.oidc.registration.conftest import Registrar
from tests.http.oidc.relying import RelyingParty, header_of
from tests.http.oidc.signing import Signer, proven, signer, unsigned
from tests.publisher import Publisher

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
WITH_REFRESH = ["authorization_code", "refresh_token"]
REFERENCE = "https://app.example/request.jwt"


class SelfRegistered(RelyingParty):
    """An app that registered itself with `private_key_jwt`, as the suite does."""

    def __init__(self, app: flask.Flask, made: dict[str, Any], key: Signer) -> None:
        super().__init__(app, made["client_id"])
        self.auth = None
        self.key = key
        self.app = app

    def post(self, path: str, data: Any, **options: Any) -> Any:
        """Send a form with a fresh assertion."""
        now = int(self.units.clock().timestamp())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": ISSUER, "iat": now, "exp": now + 60}
        self.count = getattr(self, "count", 0) + 1
        assertion = self.key.sign(claims | {"jti": f"{self.client_id}-{self.count}"}, typ="JWT")
        return super().post(path, data | {"client_assertion_type": ASSERTION, "client_assertion": assertion}, **(options | {"auth": None}))


class Agreeing(Flow):
    """A person who agrees to what a third party asks for."""

    def sign_in(self, **asked: Any) -> dict[str, Any]:
        """Sign in, agree, redeem."""
        response = self.visitor.get(self.visitor.sign_in(self.ask(**asked), self.account).location)
        return self.redeemed(self.answer(self.agreed(response))["code"], asked)

    def agreed(self, page: Any) -> Any:
        """Press the button of the consent page."""
        assert page.status_code == 200, page.location
        form = {"csrf_token": csrf_token(page), "account": self.account.id, "decision": "allow"}
        done = self.visitor.post(page.request.path + "/consent", form)
        return self.visitor.get(done.location)


@pytest.fixture
def flow(app: flask.Flask, registrar: Registrar, visitor: Browser, account: Account) -> Callable[..., Agreeing]:
    """Register an app by its own metadata and give its flow: `flow(userinfo_signed_response_alg="RS256")`."""

    def register(key: Signer | None = None, **metadata: Any) -> Agreeing:
        key = key or signer(Algorithm.RS256)
        known = {
            "client_name": "an app of the suite",
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": key.jwks,
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "contacts": ["certification@oidf.org"],
        }
        made = registrar.made(**(known | metadata))
        return Agreeing(SelfRegistered(app, made, key), visitor, account)

    return register


def test_oidcc_server_of_an_app_that_registered_itself(flow, account: Account) -> None:
    assert flow().sign_in()["claims"]["sub"] == account.sub


def test_oidcc_scope_profile_and_email_of_an_app_that_named_no_scopes(flow, account: Account) -> None:
    app = flow()
    told = app.party.userinfo(app.sign_in(scope="openid profile email")["access_token"]).json
    assert (told["email"], told["given_name"]) == (account.email, account.given_name)


def test_oidcc_idtoken_rs256(flow) -> None:
    assert header_of(flow(id_token_signed_response_alg="RS256").sign_in()["id_token"])["alg"] == "RS256"


def test_oidcc_userinfo_rs256(flow, client) -> None:
    app = flow(userinfo_signed_response_alg="RS256")
    response = app.party.userinfo(app.sign_in()["access_token"])
    said = proven(client, response.text)
    assert (response.mimetype, said.header["alg"]) == ("application/jwt", "RS256")
    assert (said.claims["iss"], said.claims["aud"]) == (ISSUER, app.party.client_id)
    assert "nonce" not in said.claims


def test_oidcc_ensure_redirect_uri_in_authorization_request(flow) -> None:
    response = flow(redirect_uris=[REDIRECT_URI, f"{REDIRECT_URI}/2"]).ask(redirect_uri=None)
    assert (response.status_code, response.location) == (400, None)


@pytest.mark.parametrize(
    ("registered", "asked"),
    [("?foo=bar", "?bar=foo"), ("", "?foo=bar"), ("?foo=bar", ""), ("?foo=bar", "?foo=bar&foo=bar")],
    ids=["oidcc-redirect-uri-query-mismatch", "oidcc-redirect-uri-query-added", "query left out", "query repeated"],
)
def test_oidcc_redirect_uri_with_another_query_is_refused_on_a_page(flow, registered: str, asked: str) -> None:
    response = flow(redirect_uris=[f"{REDIRECT_URI}{registered}"]).ask(redirect_uri=f"{REDIRECT_URI}{asked}")
    assert (response.status_code, response.location) == (400, None)


def test_oidcc_redirect_uri_query_ok_is_kept(flow) -> None:
    address = f"{REDIRECT_URI}?foo=bar"
    app = flow(redirect_uris=[address])
    answer = app.answer(app.agreed(app.visitor.get(app.visitor.sign_in(app.ask(redirect_uri=address), app.account).location)))
    assert answer["foo"] == "bar"
    assert app.party.redeem(answer["code"], code_verifier=None, redirect_uri=address).json["id_token"]


def test_oidcc_redirect_uri_regfrag_is_not_registered(registrar: Registrar) -> None:
    response = registrar.register(redirect_uris=[f"{REDIRECT_URI}#fragment"])
    assert (response.status_code, response.json["error"]) == (400, "invalid_redirect_uri")


def test_oidcc_registration_policy_uri_and_tos_uri_stand_on_the_login_page(flow) -> None:
    app = flow(policy_uri="https://app.example/privacy", tos_uri="https://app.example/terms", client_name="Some Other App")
    page = app.visitor.get(app.ask().location)
    assert 'href="https://app.example/privacy"' in page.text
    assert 'href="https://app.example/terms"' in page.text
    assert "Some Other App" in page.text


def test_oidcc_registration_jwks_uri(flow, published: Publisher) -> None:
    published.documents["/jwks"] = json.dumps(signer(Algorithm.RS256).jwks).encode()
    assert flow(jwks=None, jwks_uri="https://app.example/jwks").sign_in()["id_token"]


def test_oidcc_refresh_token_rp_key_rotation(flow, published: Publisher, clock) -> None:
    old, new = signer(Algorithm.RS256), signer(Algorithm.RS256, 1)
    published.documents["/jwks"] = json.dumps(old.jwks).encode()
    app = flow(jwks=None, jwks_uri="https://app.example/jwks", grant_types=WITH_REFRESH)
    token = app.sign_in()["refresh_token"]
    published.documents["/jwks"] = json.dumps(new.jwks).encode()
    clock.advance(minutes=2)
    app.party.key = new
    assert app.party.refresh(token).json["id_token"]


def test_oidcc_server_rotate_keys_publishes_new_and_old(client, units: Units) -> None:
    before = {key["kid"] for key in client.get("/jwks").json["keys"]}
    rotation.rotate(units, SYSTEM, now=True)
    after = {key["kid"] for key in client.get("/jwks").json["keys"]}
    assert before < after


def test_oidcc_request_uri_unsigned_of_an_app_that_registered_it(flow, published: Publisher, account: Account) -> None:
    app = flow(request_object_signing_alg="none", request_uris=[REFERENCE])
    asked = asking(client_id=app.party.client_id, code_challenge=None, code_challenge_method=None)
    published.documents["/request.jwt"] = unsigned(asked).encode()
    outside = {name: asked[name] for name in ("client_id", "response_type", "scope")} | {"request_uri": REFERENCE}
    answer = referred(app, outside)
    assert app.party.redeem(answer["code"], code_verifier=None).json["id_token"]


def test_oidcc_request_uri_signed_rs256(flow, published: Publisher) -> None:
    app = flow(request_object_signing_alg="RS256", request_uris=[REFERENCE])
    asked = asking(client_id=app.party.client_id, code_challenge=None, code_challenge_method=None)
    published.documents["/request.jwt"] = signer(Algorithm.RS256).sign(asked | {"iss": app.party.client_id, "aud": ISSUER}).encode()
    outside = {name: asked[name] for name in ("client_id", "response_type", "scope")} | {"request_uri": REFERENCE}
    answer = referred(app, outside)
    assert app.party.redeem(answer["code"], code_verifier=None).json["id_token"]


def test_oidcc_ensure_request_object_with_redirect_uri_takes_precedence(flow) -> None:
    app = flow(request_object_signing_alg="RS256")
    asked = asking(client_id=app.party.client_id, code_challenge=None, code_challenge_method=None)
    request = signer(Algorithm.RS256).sign(asked | {"iss": app.party.client_id, "aud": ISSUER})
    answer = referred(app, asked | {"redirect_uri": "https://app.example/invalid", "request": request})
    assert app.party.redeem(answer["code"], code_verifier=None).json["id_token"]


def referred(app: Agreeing, outside: dict[str, str]) -> dict[str, str]:
    """Open the authorization endpoint with a request object, sign in and agree."""
    response = app.visitor.get("/authorize?" + urlencode(outside))
    return app.answer(app.agreed(app.visitor.get(app.visitor.sign_in(response, app.account).location)))


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(flow) -> None:
    app = flow(grant_types=WITH_REFRESH)
    assert app.party.refresh(app.sign_in()["refresh_token"]).status_code == 200


# --- 3rd-party-initiated login


def test_oidcc_3rd_party_init_login_is_registered_and_told_again(registrar: Registrar) -> None:
    made = registrar.made(initiate_login_uri="https://app.example/start")
    assert made["initiate_login_uri"] == "https://app.example/start"
    assert registrar.managing(made).json["initiate_login_uri"] == "https://app.example/start"


@pytest.mark.parametrize("address", ["http://app.example/start", "http://localhost/start", "app.example/start", "https://app.example/#x"])
def test_oidcc_3rd_party_init_login_nohttps_is_invalid_client_metadata(registrar: Registrar, address: str) -> None:
    response = registrar.register(initiate_login_uri=address)
    assert (response.status_code, response.mimetype, response.json["error"]) == (400, "application/json", "invalid_client_metadata")
