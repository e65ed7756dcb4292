"""Whatever an authorization request says: no answer is a 5xx, and none leads to an address that is not registered."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from idp.oidc.authorization.parameters import KNOWN
from idp.unit_of_work import SYSTEM
from tests import servers
from tests.conftest import SettableClock, closing_app, make_settings
from tests.http.oidc import browsing
from tests.http.oidc.browsing import CHALLENGE, REDIRECT_URI, Browser, asking
from tests.http.oidc.signing import signer, unsigned
from tests.visitor import forms_of

WITH_QUERY = "https://app.example/callback?tenant=7"
LOOPBACK = "http://127.0.0.1/callback"
CUSTOM = "com.example.app:/callback"
MODES = ["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]
FORM = "application/x-www-form-urlencoded"
OWN_PAGES = ("/signin/", "/authorize/", "/access-request")
REGISTERED = {
    (parts.scheme, parts.hostname, parts.path) for uri in (REDIRECT_URI, WITH_QUERY, LOOPBACK, CUSTOM) for parts in [urlsplit(uri)]
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of this module's own."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        file = tmp_path_factory.mktemp("property") / "idp.sqlite3"
        file.write_bytes(template.read_bytes())
        yield f"sqlite:///{file}"
        return
    server: servers.Postgres = request.getfixturevalue("postgres")
    with server.database("template_idp") as url:
        yield url


@pytest.fixture(scope="module")
def people(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, Browser]]:
    """A browser that is signed in and one that is not, at a provider with three apps."""
    with closing_app(make_settings(address, tmp_path_factory.mktemp("data")), SettableClock()) as app:
        app.testing = False  # an unknown exception is a 500 here, as it would be for everybody
        signed_in, unknown = Browser(app), Browser(app)
        with signed_in.units.write(SYSTEM) as work:
            browsing.registered(work, redirect_uris=[REDIRECT_URI, WITH_QUERY], authorization_details_types=["cloud_phone"])
            browsing.registered(work, "third", first_party=False)
            native = {"application_type": "native", "token_endpoint_auth_method": "none", "redirect_uris": [LOOPBACK, CUSTOM]}
            browsing.registered(work, "native", **native)
            browsing.registered(work, "signing", jwks=signer().jwks)
            browsing.registered(work, "unsigning", request_object_signing_alg="none")
        account = browsing.with_password(signed_in.units, browsing.phone_admin)
        signed_in.with_session(account)
        yield signed_in, unknown


anything = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["", " ", "\x00", "\r\nLocation: https://evil.example/", "%00", "𝕏" * 20, "null", "[]", "{}", "-1", "9" * 30, "a" * 3000]
    ),
)
LIKELY = {
    "client_id": ["app", "third", "native", "nobody", "app "],
    "redirect_uri": [
        REDIRECT_URI, WITH_QUERY, LOOPBACK, "http://127.0.0.1:4711/callback", "http://[::1]:1/callback", CUSTOM, "https://evil.example/",
        "https://app.example@evil.example/callback", "//evil.example/callback", "https://app.example/callback/../..", "javascript:alert(1)",
        "http://127.0.0.1:4711@evil.example/callback", "http://127.0.0.1:99999/callback", "https://app.example/callback#", "https://[/",
    ],
    "response_type": ["code", "token", "code id_token", "none"],
    "response_mode": MODES,
    "scope": ["openid", "openid offline_access profile", "provisioning", "unknown"],
    "prompt": ["none", "login", "consent", "create", "select_account", "none login", "login consent"],
    "max_age": ["0", "1", "99999999", "-5", "1.5", "9" * 400],
    "code_challenge": [CHALLENGE, "short"],
    "code_challenge_method": ["S256", "plain"],
    "acr_values": ["phr", "urn:idp:acr:mfa urn:idp:acr:password", "x"],
    "id_token_hint": ["a.b.c", "eyJhbGciOiJub25lIn0.e30.", "é.é.é", "."],
    "login_hint": ["admin", "customer2300229", "ß\u200b", "x" * 500],
    "request_uri": ["urn:ietf:params:oauth:request_uri:x", "https://app.example/x", "urn:ietf:params:oauth:request_uri:"],
    "resource": ["http://localhost", "https://[", "urn:x", "#"],
    "claims": [
        json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:idp:acr:mfa"]}, "sub": {"value": "x"}}}), '{"id_token": null}',
        '{"userinfo": {"\\ud800": null}}', '{"id_token": {"a": {"value": "\\u0000"}}}', "[" * 3000, '{"id_token": {"a": {"value": 1e400}}}',
    ],
    "authorization_details": [
        '[{"type": "cloud_phone", "contract": "CP-4711"}]', '[{"type": "cloud_phone", "contract": "\\u0000"}]',
        '[{"type": "cloud_phone", "contract": "\\ud800"}]', '[{"type": "cloud_phone", "contract": "CP-1", "x": NaN}]', "[" * 3000,
    ],
}  # fmt: skip
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), anything),
    lambda inner: st.lists(inner) | st.dictionaries(anything, inner),
    max_leaves=4,
)
names = st.one_of(st.sampled_from(sorted(KNOWN | {"resource"})), st.text(max_size=10))


@st.composite
def parameters(draw: st.DrawFn) -> list[tuple[str, str]]:
    """A plausible request, changed here and there."""
    client_id, redirect_uri = draw(
        st.sampled_from([("app", REDIRECT_URI), ("app", WITH_QUERY), ("third", REDIRECT_URI), ("native", CUSTOM)])
    )
    mode = draw(st.sampled_from([None, "form_post", *MODES]))
    pairs = list(asking(client_id=client_id, redirect_uri=redirect_uri, response_mode=mode).items())
    for _ in range(draw(st.integers(0, 4))):
        name = draw(names)
        value = draw(st.one_of(st.sampled_from(LIKELY[name]), anything) if name in LIKELY else anything)
        if draw(st.integers(0, 4)):
            pairs = [pair for pair in pairs if pair[0] != name]
        pairs.append((name, value))
    return pairs


def lands_where_it_may(location: str) -> bool:
    """Tell whether an address is the provider's own page or a registered redirect URI."""
    if location.startswith(("http://localhost/", "/")) and not location.startswith("//"):
        return urlsplit(location).path.startswith(OWN_PAGES)
    parts = urlsplit(location)
    return (parts.scheme, parts.hostname, parts.path) in REGISTERED and "@" not in parts.netloc


def check(response: TestResponse) -> None:
    """Find no failure of ours, and nothing that leads where it may not: neither the redirect nor a form of the page."""
    assert response.status_code < 500
    forms = forms_of(response.text, "http://localhost/authorize") if response.mimetype == "text/html" else []
    for address in filter(None, [response.location, *(form.action for form in forms)]):
        assert lands_where_it_may(address), address


def follow(browser: Browser, response: TestResponse) -> None:
    """Check an answer, and what follows as long as it is the authorization endpoint's."""
    for _ in range(2):
        check(response)
        path = urlsplit(response.location or "").path
        if not path.startswith("/authorize/"):
            break
        response = browser.get(path)


relaxed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
deep = settings(relaxed, max_examples=3000)


def ask(browser: Browser, pairs: list[tuple[str, str]], *, by_post: bool) -> None:
    """Send a request and look where it leads."""
    body = urlencode(pairs)
    if by_post:
        follow(browser, browser.post("/authorize", body, content_type=FORM))
    else:
        follow(browser, browser.get(f"/authorize?{body}"))


def push(browser: Browser, opener: Browser, pairs: list[tuple[str, str]], beside: list[tuple[str, str]]) -> None:
    """Push a request; where it is taken, open it with other parameters beside the reference."""
    body = urlencode([pair for pair in pairs if pair[0] != "client_id"])
    response = browser.post("/par", body, auth=browsing.basic(), content_type=FORM)
    assert response.status_code in (201, 400)
    assert set(response.json) in ({"request_uri", "expires_in"}, {"error", "error_description"})
    if response.status_code == 201:
        reference = [("client_id", "app"), ("request_uri", response.json["request_uri"])]
        others = [pair for pair in beside if pair[0] not in ("client_id", "request_uri")]
        follow(opener, opener.get("/authorize?" + urlencode(reference + others)))


@relaxed
@given(pairs=parameters(), by_post=st.booleans(), known=st.booleans())
def test_no_parameters_give_a_5xx_or_lead_to_an_unregistered_address(
    people: tuple[Browser, Browser], pairs: list[tuple[str, str]], by_post: bool, known: bool
) -> None:
    ask(people[0] if known else people[1], pairs, by_post=by_post)


@relaxed
@given(pairs=parameters(), beside=parameters(), known=st.booleans())
def test_no_pushed_parameters_give_a_5xx_or_lead_to_an_unregistered_address(
    people: tuple[Browser, Browser], pairs: list[tuple[str, str]], beside: list[tuple[str, str]], known: bool
) -> None:
    push(people[1], people[0] if known else people[1], pairs, beside)


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, str]:
    """A client and a request object: signed by its key, or unsigned; what is inside is anything that a request may be."""
    client_id = draw(st.sampled_from(["signing", "unsigning"]))
    claims: dict[str, Any] = {"iss": client_id, "aud": "http://localhost"} | dict(draw(parameters())) | {"client_id": client_id}
    claims |= draw(st.dictionaries(st.sampled_from([*claims, "exp", "nbf", "iat", "jti", "max_age", "claims"]), values, max_size=2))
    return client_id, signer().sign(claims) if client_id == "signing" else unsigned(claims)


@relaxed
@given(made=objects(), beside=parameters(), by_post=st.booleans(), known=st.booleans())
def test_no_request_object_gives_a_5xx_or_leads_to_an_unregistered_address(
    people: tuple[Browser, Browser], made: tuple[str, str], beside: list[tuple[str, str]], by_post: bool, known: bool
) -> None:
    client_id, request = made
    outside = [pair for pair in beside if pair[0] not in ("client_id", "request", "request_uri")]
    browser = people[0] if known else people[1]
    ask(browser, [("client_id", client_id), ("request", request), *outside], by_post=by_post)
    response = people[1].post("/par", {"request": request}, auth=browsing.basic(client_id))
    assert response.status_code in (201, 400)


@pytest.mark.slow
@deep
@given(pairs=parameters(), beside=parameters(), by_post=st.booleans(), known=st.booleans())
def test_none_of_many_more_does_either(
    people: tuple[Browser, Browser], pairs: list[tuple[str, str]], beside: list[tuple[str, str]], by_post: bool, known: bool
) -> None:
    browser = people[0] if known else people[1]
    ask(browser, pairs, by_post=by_post)
    push(people[1], browser, pairs, beside)


near = st.builds(
    lambda uri, at, piece, cut: uri[:at] + piece + uri[at + cut :],
    st.sampled_from([REDIRECT_URI, WITH_QUERY, LOOPBACK, CUSTOM, "http://[::1]/callback"]),
    st.integers(0, 40),
    st.one_of(
        st.sampled_from(["@", "/", "\\", ".", "..", "//", ":", "#", "?", "%2e", "@evil.example", ":80", "evil", "\t", "\n", " "]),
        st.text(max_size=5),
    ),
    st.integers(0, 5),
)


@relaxed
@given(
    uri=st.one_of(st.sampled_from(LIKELY["redirect_uri"]), near), client_id=st.sampled_from(["app", "third", "native"]), known=st.booleans()
)
def test_no_address_near_a_registered_one_is_led_to(people: tuple[Browser, Browser], uri: str, client_id: str, known: bool) -> None:
    browser = people[0] if known else people[1]
    response = browser.authorize(client_id=client_id, redirect_uri=uri, prompt="none")
    assert response.status_code in (303, 400)
    assert (response.location is None) == (response.status_code == 400)
    check(response)


@relaxed
@given(query=st.binary(max_size=200), known=st.booleans())
def test_no_bytes_in_the_query_give_a_5xx(people: tuple[Browser, Browser], query: bytes, known: bool) -> None:
    browser = people[0] if known else people[1]
    plain = urlencode(asking())
    for raw in (quote(query, safe="=&%+;"), f"{plain}&state={quote(query)}", f"{plain}&{quote(query, safe='=&')}"):
        check(browser.get(f"/authorize?{raw}"))
