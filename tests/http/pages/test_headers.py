"""Security headers (PROTOCOL »Browser«; Content Security Policy Level 3)."""

import flask
import pytest
from flask.testing import FlaskClient

from idp.settings import Settings
from tests.conftest import make_settings


def policy(client: FlaskClient, path: str) -> dict[str, str]:
    stated = client.get(path).headers["Content-Security-Policy"]
    return dict(part.partition(" ")[::2] for part in stated.split("; "))


@pytest.mark.parametrize(
    ("directive", "sources"),
    [
        ("default-src", "'none'"),
        ("script-src", "'self'"),
        ("style-src", "'self'"),
        ("img-src", "'self' data:"),
        ("form-action", "'self'"),
        ("frame-src", "'none'"),
        ("frame-ancestors", "'none'"),
        ("base-uri", "'none'"),
    ],
)
def test_a_page_allows_nothing_inline_and_nothing_from_elsewhere(client: FlaskClient, directive: str, sources: str) -> None:
    assert policy(client, "/sample/form")[directive] == sources


@pytest.mark.parametrize(
    ("redirect_uri", "source"),
    [
        ("https://app.example/cb?x=1", "https://app.example"),
        ("http://127.0.0.1:7000/cb", "http://127.0.0.1:7000"),
        ("com.example.app:/cb", "com.example.app:"),
        ("https://user@app.example/cb", "https://app.example"),
    ],
)
def test_a_running_request_lets_forms_end_at_its_redirect_uri(client: FlaskClient, redirect_uri: str, source: str) -> None:
    stated = policy(client, f"/sample/app?redirect_uri={redirect_uri.replace('?', '%3F')}")
    assert stated["form-action"] == f"'self' {source}"


@pytest.mark.parametrize(
    "address", ["https://a;script-src *", "https://*/", "https://*.example/", "https://a,b/", "https:", "//a", "'self'"]
)
def test_a_hostile_address_adds_no_directive_and_no_pattern(client: FlaskClient, address: str) -> None:
    stated = policy(client, f"/sample/app?redirect_uri={address}")
    assert stated["form-action"] == "'self'"


def test_a_front_channel_logout_frame_is_allowed_by_origin(client: FlaskClient) -> None:
    assert policy(client, "/sample/app?redirect_uri=https://app.example/")["frame-src"] == "https://app.example"


def test_the_permission_of_one_page_does_not_leak_to_the_next(client: FlaskClient) -> None:
    client.get("/sample/app?redirect_uri=https://app.example/")
    assert policy(client, "/sample/form")["form-action"] == "'self'"


def test_pages_are_not_stored(client: FlaskClient) -> None:
    assert client.get("/sample/form").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("path", "sent"), [("/sample/form", "same-origin"), ("/sample/secret/abc", "no-referrer")])
def test_a_page_whose_address_is_secret_sends_no_referrer(client: FlaskClient, path: str, sent: str) -> None:
    assert client.get(path).headers["Referrer-Policy"] == sent


def test_an_app_that_opened_the_sign_in_in_a_window_finds_it_again(client: FlaskClient) -> None:
    assert "Cross-Origin-Opener-Policy" not in client.get("/sample/app?redirect_uri=https://app.example/").headers


def test_other_pages_are_cut_from_foreign_windows(client: FlaskClient) -> None:
    assert client.get("/sample/form").headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_media_types_are_not_guessed(client: FlaskClient) -> None:
    assert client.get("/machine/works").headers["X-Content-Type-Options"] == "nosniff"


def test_http_promises_no_https(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/sample/form").headers


class TestOverHttps:
    """What changes with an https issuer."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return make_settings(settings.database_address, settings.data_dir, issuer="https://login.example")

    @pytest.fixture
    def client(self, app: flask.Flask) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_HOST"] = "login.example"
        client.environ_base["wsgi.url_scheme"] = "https"
        return client

    def test_browsers_keep_to_https(self, client: FlaskClient) -> None:
        stated = client.get("/sample/form", base_url="https://login.example").headers["Strict-Transport-Security"]
        assert stated == "max-age=31536000"

    @pytest.mark.parametrize(
        ("path", "name"),
        [("/sample/form", "__Host-idp_state"), ("/sample/browser", "__Host-idp_browser"), ("/sample/session/set", "__Host-idp_session")],
    )
    def test_cookies_are_bound_to_the_host(self, client: FlaskClient, path: str, name: str) -> None:
        cookie = client.get(path, base_url="https://login.example").headers["Set-Cookie"]
        assert cookie.startswith(f"{name}=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie

    def test_a_form_works_without_a_referrer(self, client: FlaskClient) -> None:
        page = client.get("/sample/form", base_url="https://login.example").text
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        answer = client.post("/sample/told", data={"csrf_token": token}, base_url="https://login.example")
        assert answer.status_code == 302
