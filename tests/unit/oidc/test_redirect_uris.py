"""Which redirect URIs may be registered, and which of a request match."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urlsplit

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
        "https://*/cb",
        "https://*.app.example/cb",
        "https://app.example/*",
        "https://app.example:0/cb",
        "https://app.example:99999/cb",
        "https://app.example:0443/cb",
        "https://app.example:/cb",
        "https://:443/cb",
        "https://app.example:8o/cb",
        "https://äpp.example/cb",
        "https://app.exam%70le/cb",
        "https://%61pp.example/cb",
        "https://app.example/%",
        "https://app.example/%zz",
        "https://app.example/cb?x=%2",
        "https://app.example/%00",
        "https://app.example/cb?x=%0d%0aSet-Cookie:x",
        "https://app.example/cb\nx",
        "https://app.example/cb\0",
        "https://app.example/cb\x7f",
        "https://app.example/cb\u2028",
        "https://\ud800/cb",
        "https://user:secret@app.example/cb",
        "https://@app.example/cb",
        "https://app.example@evil.example/cb",
        "https:\\\\app.example\\cb",
        "https:/app.example/cb",
        "https://app..example/cb",
        "https://.app.example/cb",
        "https://app.example./cb",
        "https://-app.example/cb",
        "https://app,example/cb",
        "https://app.example;x/cb",
        "https://app$.example/cb",
        "https://" + "a" * 64 + ".example/cb",
        "https://" + "a." * 130 + "example/cb",
        "https://127.1/cb",
        "https://2130706433/cb",
        "https://0x7f.0.0.1/cb",
        "https://0x7f000001/cb",
        "https://127.0.0.01/cb",
        "https://256.0.0.1/cb",
        "https://app.0x/cb",
        "https://[::1/cb",
        "https://[::1]x/cb",
        "https://[fe80::1%25eth0]/cb",
        "https://[::ffff:1.2.3]/cb",
        "https://[]/cb",
        "https://[app.example]/cb",
        "https://::1/cb",
        "HTTPS://app.example/cb",
        "Https://app.example/cb",
        "Com.Example.App:/cb",
        "com..app:/cb",
        "com.:/cb",
        ".com:/cb",
        "com.example.app:/*",
        "com.example.app:/%0a",
        "com.example.app:/cb#x",
        "com.example.app://[/",
        "javascript://app.example/%0aalert(1)",
        "vbscript:x",
        "blob:https://app.example/x",
        "view-source:https://app.example/",
        "file:///etc/passwd",
        "about:blank",
        "//app.example/cb",
        "://app.example",
        " https://app.example/cb",
        "https://app.example/cb ",
    ],
)
@pytest.mark.parametrize("application_type", ["web", "native"])
def test_what_may_not_be_registered_by_anybody(uri: str, application_type: str) -> None:
    assert problem(uri, application_type, DEVELOPER)


@pytest.mark.parametrize(
    ("uri", "problem_told"),
    [
        ("https://*.app.example/cb", "has a *, but redirect URIs are compared character by character"),
        ("https://app,example/cb", "has a host that is neither a name nor an address"),
        ("https://app.example:99999/cb", "has a port that is none"),
        ("https://user@app.example/cb", "has no host, or a user name in it"),
        ("https://:443/cb", "has no host, or a user name in it"),
        ("https://app.example/%", "has a % that begins no code of a printable character"),
        ("HTTPS://app.example/cb", "has a scheme in capital letters"),
        ("https://äpp.example/cb", "is not an absolute URI of printable ASCII characters"),
        ("https://app.example/cb#part", "has a fragment"),
    ],
)
def test_what_is_wrong_is_said_by_its_name(uri: str, problem_told: str) -> None:
    assert problem(uri, "web", REAL) == problem_told


@pytest.mark.parametrize(
    "uri",
    [
        "https://xn--pp-wia.example/cb",
        "https://App.Example/cb",
        "https://my_app.internal/cb",
        "https://app/cb",
        "https://192.0.2.1/cb",
        "https://[2001:db8::1]:8443/cb",
        "https://app.example:1/cb",
        "https://app.example:65535/cb",
        "https://app.example/a%20b/%C3%BC?x=%2F&y=a:b@c",
        "https://app.example?x=//y",
        "https://0x7f.example/cb",
    ],
)
def test_rfc3986_what_is_merely_rare_may_be_registered(uri: str) -> None:
    assert problem(uri, "web", REAL) is None


HOSTS = st.text("abz019.-_*%:@[]\\/?# äß\0\n", max_size=20)


@given(host=HOSTS, rest=st.text("ab/%0aF*?#\\ \r\0é", max_size=8))
def test_whatever_may_be_registered_leads_browsers_to_the_host_that_it_names(host: str, rest: str) -> None:
    """Nothing in it is read in another way by somebody else: the host has no sign but those of names and addresses."""
    uri = f"https://{host}{rest}"
    if problem(uri, "web", REAL) is not None:
        return
    parts = urlsplit(uri)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+|\[[0-9a-f:.]+\]", (parts.netloc.rpartition(":")[0] if parts.port else parts.netloc))
    assert parts.username is None
    assert parts.port is None or 1 <= parts.port <= 65535
    assert uri.isascii()
    assert uri.isprintable()
    assert not set(uri) & set(' "<>\\^`{|}*#')
    assert not unquote_to_bytes(uri).translate(None, bytes(range(32, 127)) + bytes(range(128, 256))), (
        "no control characters, encoded either"
    )


@given(st.text(max_size=60))
def test_no_text_is_a_failure(text: str) -> None:
    for uri in (text, f"https://{text}", f"com.example:{text}", f"http://127.0.0.1:{text}"):
        for application_type in ("web", "native"):
            problem(uri, application_type, REAL)
            matches(App(("http://127.0.0.1/cb",), application_type), REAL, uri)


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
    assert not matches(app, REAL, f"http://{host}:0/cb")
    assert not matches(app, REAL, f"http://{host}:99999/cb")
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
