"""Which redirect URIs may be registered, and which of a request match."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.oidc.clients.redirect_uris import matches, problem
from idp.settings import Settings

DEVELOPER = Settings(issuer="http://localhost:8000")
REAL = Settings(issuer="https://idp.example")


@dataclass(frozen=True)
class App:
    """What of a client decides."""

    redirect_uris: tuple[str, ...]
    application_type: str = "web"


@pytest.mark.parametrize("uri", ["https://app.example/cb", "https://app.example:8443/cb?tenant=1", "https://app.example"])
def test_rfc6749_3_1_2_https_may_be_registered(uri: str) -> None:
    assert problem(uri, "web", REAL) is None


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/cb#part",
        "https://app.example/cb#",
        "/cb",
        "app.example/cb",
        "",
        "https:///cb",
        "https:cb",
        "https://user@app.example/cb",
        "https://app.example:port/cb",
        "https://app.example/c b",
        "https://app.example/ü",
        "https://app.example\\@evil.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "myapp:/cb",
        "http://app.example/cb",
        "http://localhost.evil.example/cb",
        "https://app.example/" + "x" * 2000,
    ],
)
@pytest.mark.parametrize("application_type", ["web", "native"])
def test_what_may_not_be_registered_by_anybody(uri: str, application_type: str) -> None:
    assert problem(uri, application_type, DEVELOPER)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_http_on_the_loopback_is_for_native_apps_or_a_developers_issuer(host: str) -> None:
    uri = f"http://{host}:9000/cb"
    assert problem(uri, "native", REAL) is None
    assert problem(uri, "web", DEVELOPER) is None
    assert problem(uri, "web", REAL)


def test_rfc8252_7_1_a_custom_scheme_with_a_dot_is_for_native_apps() -> None:
    assert problem("com.example.app:/cb", "native", REAL) is None
    assert problem("com.example.app:/cb", "web", REAL)


@pytest.mark.parametrize(
    "asked",
    [
        "https://app.example/cb/",
        "https://app.example/CB",
        "https://APP.example/cb",
        "https://app.example:443/cb",
        "https://app.example/cb?x=1",
        "https://app.example/%63b",
        "https://app.example/a/../cb",
        "http://app.example/cb",
        "",
    ],
)
def test_rfc6749_3_1_2_3_a_redirect_uri_matches_character_by_character(asked: str) -> None:
    app = App(("https://app.example/cb",))
    assert matches(app, REAL, "https://app.example/cb")
    assert not matches(app, REAL, asked)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_rfc8252_7_3_a_native_apps_loopback_address_matches_with_any_port(host: str) -> None:
    app = App((f"http://{host}/cb",), "native")
    assert matches(app, REAL, f"http://{host}:51004/cb")
    assert not matches(app, REAL, f"http://{host}:51004/other")
    assert not matches(app, REAL, f"http://{host}:80@evil.example/cb")
    assert not matches(app, REAL, f"http://{host}.evil.example/cb")


def test_rfc8252_8_3_localhost_matches_exactly() -> None:
    app = App(("http://localhost:9000/cb",), "native")
    assert matches(app, REAL, "http://localhost:9000/cb")
    assert not matches(app, REAL, "http://localhost:9001/cb")


def test_a_web_apps_loopback_address_has_no_free_port() -> None:
    assert not matches(App(("http://127.0.0.1:9000/cb",)), DEVELOPER, "http://127.0.0.1:9001/cb")


def test_a_web_apps_loopback_address_ends_with_the_developers_issuer() -> None:
    app = App(("http://127.0.0.1:9000/cb",))
    assert matches(app, DEVELOPER, "http://127.0.0.1:9000/cb")
    assert not matches(app, REAL, "http://127.0.0.1:9000/cb")


@given(st.text(max_size=60))
def test_no_text_matches_but_the_registered_one(text: str) -> None:
    app = App(("https://app.example/cb",))
    assert matches(app, DEVELOPER, text) == (text == "https://app.example/cb")
