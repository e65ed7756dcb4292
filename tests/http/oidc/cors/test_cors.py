"""Browser apps call us from registered origins, and from no others (W3C Fetch §3.3, CORS protocol)."""

from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from idp.oidc.clients import clients, origins
from idp.unit_of_work import Units
from tests.http.oidc.browsing import REDIRECT_URI, VERIFIER, Browser, answered, phone_admin, registered
from tests.http.oidc.relying import RelyingParty

ORIGIN = "https://spa.example"
SPA = {"token_endpoint_auth_method": "none", "redirect_uris": ["https://spa.example/callback"]}
DISCOVERY = "/.well-known/openid-configuration"
FOR_APPS = [DISCOVERY, "/.well-known/oauth-authorization-server", "/jwks", "/token", "/userinfo", "/revoke", "/par", "/api/v1/me/contracts"]
FOR_MACHINES = ["/introspect", "/register", "/device-authorization", "/authorize", "/end-session", "/api/v1/customers/1"]


@pytest.fixture
def register(units: Units):
    """Register an app: `register("spa", …)`, a public one at https://spa.example unless told otherwise."""

    def made(client_id: str = "spa", **metadata: Any) -> None:
        with units.write() as work:
            registered(work, client_id, **(SPA | metadata))

    return made


def preflight(client: FlaskClient, path: str, origin: str = ORIGIN, method: str = "POST", **options: Any):
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,dpop,content-type"}
    return client.options(path, headers=asked, **options)


def allowed(response) -> bool:
    named = {name for name, _ in response.headers if name.startswith("Access-Control-")}
    assert "Access-Control-Allow-Credentials" not in named
    assert "Access-Control-Allow-Origin" in named or not named
    return bool(named)


@pytest.mark.parametrize("path", FOR_APPS)
def test_fetch_3_3_3_a_preflight_of_a_registered_origin_is_answered(client: FlaskClient, register, path: str) -> None:
    register()
    response = preflight(client, path)
    assert (response.status_code, response.data) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert {"authorization", "content-type", "dpop"} == set(response.headers["Access-Control-Allow-Headers"].lower().split(", "))
    assert int(response.headers["Access-Control-Max-Age"]) > 0
    assert "Origin" in response.vary
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("path", "methods"), [("/token", "POST"), ("/userinfo", "GET, POST"), ("/revoke", "POST"), ("/jwks", "GET"), (DISCOVERY, "GET")]
)
def test_fetch_3_2_3_a_preflight_names_the_methods_that_there_are(client: FlaskClient, register, path: str, methods: str) -> None:
    register()
    assert preflight(client, path).headers["Access-Control-Allow-Methods"] == methods


@pytest.mark.parametrize("path", FOR_APPS)
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "*",
        "",
        "http://spa.example",
        "https://spa.example:8443",
        "https://spa.example.evil.example",
        "https://spa.example/",
        "https://xspa.example",
        "x" * 5000,
        "https://\xff.example",
    ],
)
def test_an_origin_that_is_not_registered_is_told_nothing(client: FlaskClient, register, path: str, origin: str) -> None:
    register()
    response = preflight(client, path, origin)
    assert response.status_code == 204
    assert not allowed(response)
    assert "Origin" in response.vary
    assert not allowed(client.get(path, headers={"Origin": origin}))


@pytest.mark.parametrize("path", FOR_MACHINES)
def test_no_script_of_another_origin_calls_what_is_not_for_browser_apps(client: FlaskClient, register, path: str) -> None:
    """FAPI 2.0 Security Profile §5.3.2.2: no CORS at the authorization endpoint."""
    register()
    assert not allowed(preflight(client, path))
    assert not allowed(client.get(path, headers={"Origin": ORIGIN}))
    assert not allowed(client.post(path, headers={"Origin": ORIGIN}))


def test_a_preflight_reads_no_body(client: FlaskClient, register) -> None:
    register()
    response = preflight(client, "/token", data=b"x" * 1_000_000, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 204


@pytest.mark.parametrize("path", [DISCOVERY, "/jwks"])
def test_a_document_says_that_it_depends_on_the_origin_even_without_one(client: FlaskClient, register, path: str) -> None:
    register()
    without = client.get(path)
    assert "Origin" in without.vary
    assert not allowed(without)
    with_origin = client.get(path, headers={"Origin": ORIGIN})
    assert with_origin.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert with_origin.data == without.data
    assert not allowed(client.get(path)), "nor does the answer for one caller reach another"


def test_refusals_can_be_read_too_with_their_challenge_and_nonce(client: FlaskClient, register) -> None:
    register()
    for response in (client.get("/userinfo", headers={"Origin": ORIGIN}), client.post("/token", headers={"Origin": ORIGIN})):
        assert response.status_code in (400, 401)
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert {"DPoP-Nonce", "WWW-Authenticate"} <= set(response.headers["Access-Control-Expose-Headers"].split(", "))


def test_a_browser_app_gets_tokens_and_asks_who_it_is(app: flask.Flask, units: Units, register) -> None:
    register()
    with units.write() as work:
        account = phone_admin(work)
    browser = Browser(app)
    browser.with_session(account)
    uri = SPA["redirect_uris"][0]
    code = answered(browser.authorize(client_id="spa", redirect_uri=uri), uri)["code"]
    party = RelyingParty(app, "spa")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": uri, "code_verifier": VERIFIER, "client_id": "spa"}
    response = party.client.post("/token", data=form, headers={"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"})
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    shown = {"Origin": ORIGIN, "Authorization": f"Bearer {response.json['access_token']}", "Sec-Fetch-Site": "cross-site"}
    response = party.client.get("/userinfo", headers=shown)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)


# --- which origins there are


def lets_in(client: FlaskClient, origin: str) -> bool:
    return allowed(preflight(client, "/token", origin))


def test_allowed_origins_of_any_client_count(client: FlaskClient, register) -> None:
    register("confidential", token_endpoint_auth_method="client_secret_basic", allowed_origins=["https://front.example:8443"])
    assert lets_in(client, "https://front.example:8443")
    assert not lets_in(client, "https://spa.example"), "a confidential client's redirect URI is its server's"


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://SPA.example:443/cb?x=1", "https://spa.example"),
        ("https://spa.example:444/cb", "https://spa.example:444"),
        ("http://localhost:3000/cb", "http://localhost:3000"),
        ("http://[::1]:80/cb", "http://[::1]"),
    ],
)
def test_a_public_web_clients_redirect_uris_count_as_browsers_write_them(client: FlaskClient, register, uri: str, origin: str) -> None:
    register(redirect_uris=[uri])
    assert lets_in(client, origin)


def test_a_native_apps_redirect_uris_are_no_origins(client: FlaskClient, register) -> None:
    register(application_type="native", redirect_uris=["http://127.0.0.1/cb", "com.example.app:/cb", REDIRECT_URI])
    assert not lets_in(client, "http://127.0.0.1")
    assert not lets_in(client, "https://app.example")


def test_changes_take_effect_at_once(client: FlaskClient, register, units: Units) -> None:
    register("a")
    register("b")
    with units.write() as work:
        clients.change(work, "a", {"redirect_uris": ["https://moved.example/cb"]})
    assert lets_in(client, "https://moved.example")
    assert lets_in(client, ORIGIN), "it is the other app's, too"
    with units.write() as work:
        clients.delete(work, "b")
    assert not lets_in(client, ORIGIN)
    with units.write() as work:
        clients.enable(work, "a", enabled=False)
    assert not lets_in(client, "https://moved.example")
    with units.write() as work:
        clients.enable(work, "a", enabled=True)
    assert lets_in(client, "https://moved.example")


def test_a_browser_app_from_before_origins_were_noted_gets_its_own(client: FlaskClient, units: Units, register) -> None:
    register()
    register("other", redirect_uris=["https://other.example/cb"], allowed_origins=["https://more.example"])
    register("machine", token_endpoint_auth_method="client_secret_basic", redirect_uris=["https://server.example/cb"])
    register("native", application_type="native", redirect_uris=["https://native.example/cb"])
    with units.write() as work:
        work.db.exec_driver_sql("DELETE FROM client_origins WHERE client_id <> 'other'")
    assert not allowed(preflight(client, "/token"))
    for _ in range(2):
        origins.complete(units)
        assert allowed(preflight(client, "/token"))
    for origin in ("https://other.example", "https://more.example"):
        assert allowed(preflight(client, "/token", origin))
    for origin in ("https://server.example", "https://native.example"):
        assert not allowed(preflight(client, "/token", origin))
