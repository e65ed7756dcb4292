"""Clients register themselves (RFC 7591, OpenID Connect Dynamic Client Registration 1.0)."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import pytest

from idp.audit.tables import AuditEvent
from idp.oidc.clients import clients, initial_tokens, registration, resources
from idp.oidc.clients.metadata import Origin
from idp.unit_of_work import Units
from tests.conftest import SettableClock, closing_app, make_settings
from tests.http.oidc.browsing import CHALLENGE, REDIRECT_URI, Browser, answered, phone_admin
from tests.http.oidc.registration.conftest import Registrar
from tests.http.oidc.relying import RelyingParty
from tests.publisher import Publisher
from tests.servers import on_this_machine


def refusal(response) -> tuple[int, str]:
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, response.json["error"]


INVALID = (400, "invalid_client_metadata")
INVALID_REDIRECT = (400, "invalid_redirect_uri")


def test_rfc7591_3_2_1_the_answer_holds_id_secret_and_how_to_manage_the_client(registrar: Registrar, clock: SettableClock) -> None:
    response = registrar.register()
    assert (response.status_code, response.mimetype, response.headers["Cache-Control"]) == (201, "application/json", "no-store")
    made = response.json
    assert len(made["client_secret"]) >= 43
    assert made["client_secret_expires_at"] == 0
    assert made["client_id_issued_at"] == int(clock().timestamp())
    assert made["registration_client_uri"] == f"http://localhost/register/{made['client_id']}"
    assert len(made["registration_access_token"]) >= 43


def test_rfc7591_3_2_1_the_answer_holds_all_metadata_with_defaults(registrar: Registrar) -> None:
    made = registrar.made(logo_uri="https://app.example/logo.png", unknown="ignored", contacts=["a@app.example"])
    assert made["redirect_uris"] == [REDIRECT_URI]
    assert (made["grant_types"], made["response_types"]) == (["authorization_code"], ["code"])
    assert (made["token_endpoint_auth_method"], made["id_token_signed_response_alg"]) == ("client_secret_basic", "RS256")
    assert (made["logo_uri"], made["contacts"], made["application_type"]) == ("https://app.example/logo.png", ["a@app.example"], "web")
    assert "unknown" not in made


def test_registration_3_2_a_client_that_has_no_secret_gets_none(registrar: Registrar) -> None:
    made = registrar.made(token_endpoint_auth_method="none")
    assert not {"client_secret", "client_secret_expires_at"} & set(made)


def test_registration_endpoint_is_advertised(registrar: Registrar) -> None:
    """Discovery 1.0 §3."""
    document = registrar.client.get("/.well-known/openid-configuration").json
    assert document["registration_endpoint"] == "http://localhost/register"


def test_a_registered_client_takes_part_at_once_without_pkce(app, registrar: Registrar, units: Units) -> None:
    """Certification's Basic plan sends no code_challenge; a third party's consent is asked."""
    made = registrar.made()
    with units.write() as work:
        account = phone_admin(work)
    browser = Browser(app)
    browser.with_session(account)
    asked = {"client_id": made["client_id"], "code_challenge": None, "code_challenge_method": None}
    page = browser.authorize(**asked)
    page = browser.get(page.location)
    assert "Some App" in page.text
    assert not answered_quietly(browser, **asked), "consent is never skipped for who registered itself"
    party = RelyingParty(app, made["client_id"])
    party.auth = (made["client_id"], made["client_secret"])
    assert party.post("/token", {"grant_type": "authorization_code", "code": "x"}).json["error"] == "invalid_grant"


def answered_quietly(browser: Browser, **asked) -> bool:
    return "code" in answered(browser.authorize(prompt="none", **asked))


def test_rfc7636_a_public_client_needs_pkce_all_the_same(app, registrar: Registrar) -> None:
    made = registrar.made(token_endpoint_auth_method="none")
    response = Browser(app).authorize(client_id=made["client_id"], code_challenge=None, code_challenge_method=None)
    assert (response.status_code, "<code>invalid_request</code>" in response.text) == (400, True)
    assert made["require_pkce"] is True
    assert refusal(registrar.register(token_endpoint_auth_method="none", require_pkce=False)) == INVALID
    assert CHALLENGE


# --- who may register


def test_rfc7591_3_without_an_initial_access_token_registration_is_closed(registrar: Registrar) -> None:
    response = registrar.post(json={"redirect_uris": [REDIRECT_URI]}, token=None)
    assert refusal(response) == (401, "invalid_token")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="idp"'


@pytest.mark.parametrize("token", ["wrong", "é", "x" * 10_000, "a b"])
def test_rfc6750_3_a_wrong_initial_access_token_is_401(registrar: Registrar, token: str) -> None:
    response = registrar.post(json={"redirect_uris": [REDIRECT_URI]}, token=token)
    assert refusal(response) == (401, "invalid_token")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_rfc6750_2_another_scheme_is_no_token(registrar: Registrar) -> None:
    response = registrar.client.post("/register", json={}, auth=("a", registrar.token))
    assert refusal(response) == (401, "invalid_token")


def test_an_expired_or_ended_initial_access_token_is_401(registrar: Registrar, units: Units, clock: SettableClock) -> None:
    with units.write() as work:
        short = initial_tokens.create(work, "short", days=1)
        ended = initial_tokens.create(work, "ended")
        initial_tokens.end(work, ended.token.id)
    assert refusal(registrar.post(json={"redirect_uris": [REDIRECT_URI]}, token=ended.secret)) == (401, "invalid_token")
    clock.advance(days=1)
    assert refusal(registrar.post(json={"redirect_uris": [REDIRECT_URI]}, token=short.secret)) == (401, "invalid_token")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_an_initial_access_token_for_one_use_registers_one_client_however_many_ask(app, units: Units) -> None:
    with units.write() as work:
        token = initial_tokens.create(work, "one", uses=1).secret
    registrars = [Registrar(app, token) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(lambda one: one.register().status_code, registrars))
    assert statuses == [201] + [401] * 5
    assert Registrar(app, token).register().status_code == 401


def test_a_refused_registration_uses_nothing_of_the_token(app, units: Units) -> None:
    with units.write() as work:
        registrar = Registrar(app, initial_tokens.create(work, "one", uses=1).secret)
    assert refusal(registrar.register(redirect_uris=[])) == INVALID_REDIRECT
    assert registrar.register().status_code == 201


def test_registration_is_open_where_the_operator_says_so(database: str, tmp_path, clock) -> None:
    with closing_app(make_settings(database, tmp_path, open_registration=True), clock) as app:
        registrar = Registrar(app, "")
        assert registrar.post(json={"redirect_uris": [REDIRECT_URI]}, token=None).status_code == 201
        assert refusal(registrar.post(json={"redirect_uris": [REDIRECT_URI]}, token="wrong")) == (401, "invalid_token")


def test_open_registration_is_limited_by_network(database: str, tmp_path, clock: SettableClock, monkeypatch) -> None:
    monkeypatch.setattr(
        registration, "OPEN_BY_NETWORK", registration.Limit("registration_open_network", 2, registration.timedelta(hours=1))
    )
    with closing_app(make_settings(database, tmp_path, open_registration=True), clock) as app:
        registrar = Registrar(app, "")

        def tried(address: str = "192.0.2.7", **metadata) -> int:
            asked = {"redirect_uris": [REDIRECT_URI]} | metadata
            return registrar.post(json=asked, token=None, environ_base={"REMOTE_ADDR": address}).status_code

        assert [tried(), tried(redirect_uris=[]), tried()] == [201, 400, 429], "refused ones count, too"
        assert tried("192.0.2.8") == 201
        clock.advance(hours=1)
        assert tried() == 201


def test_who_registered_is_in_the_audit_log(registrar: Registrar, units: Units) -> None:
    made = registrar.made()
    with units.read() as work:
        rows = work.db.execute(AuditEvent.__table__.select().where(AuditEvent.event == "client.registered_itself")).all()
    assert [row.client_id for row in rows] == [made["client_id"]]


# --- what may be registered


@pytest.mark.parametrize(
    "body",
    [b"", b"no json", b"[]", b'"text"', b"null", b"1", b'{"redirect_uris": ', b"\xff\xfe", b"[" * 60_000, b'{"a":' * 12_000],
)
def test_rfc7591_3_2_2_what_is_no_json_object_is_invalid_client_metadata(registrar: Registrar, body: bytes) -> None:
    assert refusal(registrar.post(data=body, content_type="application/json")) == INVALID


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
def test_rfc7591_3_1_the_body_has_to_be_json(registrar: Registrar, media_type: str) -> None:
    body = json.dumps({"redirect_uris": [REDIRECT_URI]})
    assert refusal(registrar.post(data=body, content_type=media_type)) == INVALID


def test_a_large_body_is_not_read(registrar: Registrar) -> None:
    response = registrar.register(client_name="x" * 100_000)
    assert refusal(response) == (413, "invalid_client_metadata")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("redirect_uris", "https://app.example/cb"),
        ("redirect_uris", {"a": 1}),
        ("redirect_uris", [1]),
        ("grant_types", ["password"]),
        ("grant_types", ["implicit"]),
        ("response_types", ["token"]),
        ("response_types", ["code id_token"]),
        ("token_endpoint_auth_method", "client_secret_jwt"),
        ("token_endpoint_auth_method", "private_key_jwt"),
        ("id_token_signed_response_alg", "none"),
        ("id_token_encrypted_response_alg", "RSA-OAEP"),
        ("userinfo_signed_response_alg", "HS256"),
        ("subject_type", "ephemeral"),
        ("jwks", {"keys": []}),
        ("jwks", {"keys": [{"kty": "oct", "k": "AA"}]}),
        ("jwks_uri", "http://app.example/keys"),
        ("logo_uri", "http://localhost/logo.png"),
        ("logo_uri", "javascript:alert(1)"),
        ("policy_uri", "ftp://app.example/"),
        ("tos_uri", "https://user:password@app.example/"),
        ("client_uri", "https://"),
        ("initiate_login_uri", "http://127.0.0.1/start"),
        ("backchannel_logout_uri", "http://localhost:9/out"),
        ("request_uris", ["http://app.example/request"]),
        ("sector_identifier_uri", "http://app.example/sector"),
        ("allowed_origins", ["https://app.example/path"]),
        ("default_max_age", -1),
        ("default_max_age", 10**15),
        ("default_max_age", "60"),
        ("default_max_age", 1.5),
        ("client_name", ""),
        ("client_name", "x" * 201),
        ("client_name", "a\u0000b"),
        ("client_name", "lone \ud800 surrogate"),
        ("client_name", ["a"]),
        ("contacts", ["\udfff"]),
        ("scope", "openid unheard"),
        ("scope", "openid provisioning"),
        ("scope", ["openid"]),
        ("require_pkce", "yes"),
        ("authorization_details_types", ["payment"]),
        ("resources", ["https://unknown.example"]),
    ],
)
def test_rfc7591_3_2_2_metadata_that_cannot_be_are_refused(registrar: Registrar, member: str, value) -> None:
    assert refusal(registrar.register(**{member: value})) == INVALID


@pytest.mark.parametrize(
    "uris",
    [
        None,
        [],
        ["http://app.example/cb"],
        ["https://app.example/cb#fragment"],
        ["https:///cb"],
        ["app:/cb"],
        ["javascript:alert(1)"],
        ["https://app.example/\u00e9"],
        ["https://user@app.example/cb"],
        ["x" * 3000],
        [REDIRECT_URI, "/relative"],
    ],
)
def test_rfc7591_3_2_2_redirect_uris_that_cannot_be_are_refused(registrar: Registrar, uris) -> None:
    assert refusal(registrar.register(redirect_uris=uris)) == INVALID_REDIRECT


@pytest.mark.parametrize("statement", ["eyJhbGciOiJSUzI1NiJ9.e30.AA", {"a": 1}, ["x"]])
def test_rfc7591_2_3_software_statements_are_refused_clearly(registrar: Registrar, statement) -> None:
    response = registrar.register(software_statement=statement)
    assert refusal(response) == (400, "unapproved_software_statement")
    assert response.json["error_description"] == "software statements are not accepted here"


def test_rfc7592_2_2_null_is_left_out(registrar: Registrar) -> None:
    assert registrar.client.post(
        "/register",
        json={"redirect_uris": [REDIRECT_URI], "grant_types": None, "logo_uri": None},
        headers={"Authorization": f"Bearer {registrar.token}"},
    ).json["grant_types"] == ["authorization_code"]


def test_nobody_registers_itself_for_machine_scopes_or_others_apis(registrar: Registrar, units: Units) -> None:
    with units.write() as work:
        resources.create(work, "https://api.example", scopes=["read"])
    own_right = {"grant_types": ["client_credentials"], "redirect_uris": []}
    assert refusal(registrar.register(scope="provisioning", **own_right)) == INVALID
    assert refusal(registrar.register(scope="read", **own_right)) == INVALID
    assert refusal(registrar.register(resources=["https://api.example"], **own_right)) == INVALID
    assert registrar.made(scope="openid read", resources=["https://api.example"])["scope"] == "openid read", "a person has to consent"


def test_nobody_registers_itself_for_an_api_that_no_consent_page_would_name(registrar: Registrar, units: Units) -> None:
    with units.write() as work:
        resources.create(work, "https://api.example")
    assert refusal(registrar.register(resources=["https://api.example"])) == INVALID
    with units.write() as work:
        assert clients.register(work, {"redirect_uris": [REDIRECT_URI], "resources": ["https://api.example"]})


def test_what_an_operator_decides_cannot_be_registered(registrar: Registrar, units: Units) -> None:
    made = registrar.made(first_party=True, profile="fapi2", origin="cli", client_id="chosen", client_secret="chosen")
    with units.read() as work:
        client = clients.record(work, made["client_id"]).client
    assert (client.first_party, client.profile, client.origin) == (False, None, Origin.DYNAMIC)
    assert made["client_id"] != "chosen"
    assert made["client_secret"] != "chosen"


# --- sector_identifier_uri

SECTOR = "https://app.example/sector.json"


def test_registration_5_a_sectors_document_has_to_name_the_redirect_uris(registrar: Registrar, published: Publisher) -> None:
    other = "https://other.example/cb"
    published.documents["/sector.json"] = json.dumps([REDIRECT_URI, other]).encode()
    asked = {"subject_type": "pairwise", "sector_identifier_uri": SECTOR}
    assert registrar.made(redirect_uris=[REDIRECT_URI, other], **asked)["sector_identifier_uri"] == SECTOR
    assert refusal(registrar.register(redirect_uris=[REDIRECT_URI, "https://third.example/cb"], **asked)) == INVALID


@pytest.mark.parametrize("body", [b"", b"no json", b"{}", b"null", b'"https://app.example/callback"', b"[" * 60_000, b"\xff"])
def test_registration_5_a_sectors_document_that_is_no_array_is_refused(registrar: Registrar, published: Publisher, body: bytes) -> None:
    published.documents["/sector.json"] = body
    assert refusal(registrar.register(sector_identifier_uri=SECTOR)) == INVALID


def redirecting(request: BaseHTTPRequestHandler) -> None:
    request.send_response(302)
    request.send_header("Location", "https://app.example/real")
    request.send_header("Content-Length", "0")
    request.end_headers()


def dripping(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(20):
        request.wfile.write(b" ")
        time.sleep(0.1)


def test_a_sectors_document_by_redirect_large_or_slow_is_refused(registrar: Registrar, published: Publisher) -> None:
    good = json.dumps([REDIRECT_URI]).encode()
    published.documents |= {"/sector.json": redirecting, "/real": good, "/large": b" " * 300_000 + good, "/slow": dripping}
    began = time.monotonic()
    for path in ("sector.json", "large", "slow", "missing"):
        assert refusal(registrar.register(sector_identifier_uri=f"https://app.example/{path}")) == INVALID
    assert "/real" not in published.asked
    assert time.monotonic() - began < on_this_machine(1.5)


@pytest.mark.parametrize(
    "host",
    [
        "inside.example",
        "metadata.example",
        "both.example",
        "127.0.0.1",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "10.0.0.1",
        "2130706433",
        "localhost",
    ],
)
def test_no_internal_host_is_reached_by_a_sectors_address(registrar: Registrar, published: Publisher, host: str) -> None:
    response = registrar.register(sector_identifier_uri=f"https://{host}/sector.json")
    assert refusal(response) == INVALID
    assert published.asked == []


def test_nothing_is_fetched_for_whom_may_not_register(registrar: Registrar, published: Publisher) -> None:
    registrar.post(json={"redirect_uris": [REDIRECT_URI], "sector_identifier_uri": SECTOR}, token="wrong")
    registrar.register(sector_identifier_uri=SECTOR, grant_types=["password"])
    assert published.asked == []


def test_core_8_1_a_pairwise_client_of_several_hosts_needs_a_sectors_address(registrar: Registrar) -> None:
    assert refusal(registrar.register(subject_type="pairwise", redirect_uris=[REDIRECT_URI, "https://other.example/cb"])) == INVALID
