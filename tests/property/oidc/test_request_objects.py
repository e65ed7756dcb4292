"""Whatever a request object holds, signed or not: no answer is a 5xx, and none leads to an address that is not registered."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.oidc.authorization.parameters import KNOWN
from idp.unit_of_work import SYSTEM
from tests.conftest import NOON, SettableClock, closing_app, make_settings
from tests.http.oidc import browsing
from tests.http.oidc.browsing import REDIRECT_URI, Browser, asking, basic
from tests.http.oidc.signing import claims_at, signer, unsigned

OWN_PAGES = ("/signin/", "/authorize/", "/access-request")
MODES = ["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]


@pytest.fixture(scope="module")
def person(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that is signed in, at a provider with an app that does not sign and one that signs."""
    file = tmp_path_factory.mktemp("objects") / "idp.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    with closing_app(make_settings(f"sqlite:///{file}", tmp_path_factory.mktemp("data")), SettableClock()) as app:
        app.testing = False  # an unknown exception is a 500 here, as it would be for everybody
        made = Browser(app)
        with made.units.write(SYSTEM) as work:
            browsing.registered(work, request_object_signing_alg="none", authorization_details_types=["cloud_phone"])
            browsing.registered(work, "signing", jwks=signer().jwks, require_signed_request_object=True)
        made.with_session(browsing.with_password(made.units, browsing.phone_admin))
        yield made


texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["\x00", "\ud800", "https://evil.example/", "//evil.example/", "javascript:alert(1)", REDIRECT_URI, "openid", *MODES]),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts, st.just(NOON.timestamp())),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
names = st.one_of(st.sampled_from(sorted(KNOWN | {"resource", "iss", "aud", "exp", "nbf", "iat", "sub", "jti"})), st.text(max_size=8))
changes = st.dictionaries(names, values, max_size=3)
bounded = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


def leads_nowhere_else(location: str | None) -> bool:
    """Tell whether a redirect goes to a page of ours or to the registered address."""
    if not location:
        return True
    parts = urlsplit(location)
    if parts.netloc in ("", "localhost"):
        return parts.path.startswith(OWN_PAGES)
    return (parts.scheme, parts.netloc, parts.path) == tuple(urlsplit(REDIRECT_URI)[:3])


@bounded
@given(changed=changes, as_openid=st.booleans())
def test_no_unsigned_object_is_a_failure_of_ours_or_leads_away(person: Browser, changed: dict[str, Any], as_openid: bool) -> None:
    outside = asking() if as_openid else {"client_id": "app"}
    response = person.get("/authorize?" + urlencode(outside | {"request": unsigned(claims_at(NOON) | changed)}))
    assert response.status_code < 500
    assert leads_nowhere_else(response.location)
    if response.status_code == 200 and "data-send" in response.text:
        assert f'action="{REDIRECT_URI}"' in response.text


@bounded
@given(changed=changes)
def test_no_pushed_object_is_a_failure_of_ours(person: Browser, changed: dict[str, Any]) -> None:
    claims = claims_at(NOON, client_id="signing", iss="signing") | changed
    request = signer().sign(json.loads(json.dumps(claims, ensure_ascii=False).encode("utf-8", "ignore")))
    response = person.post("/par", {"request": request}, auth=basic("signing"))
    assert response.status_code in (201, 400)
    if response.status_code == 201:
        opened = person.get("/authorize?" + urlencode({"client_id": "signing", "request_uri": response.json["request_uri"]}))
        assert opened.status_code < 500
        assert leads_nowhere_else(opened.location)


@bounded
@given(header=st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "jwk", "x"]), values, max_size=4), body=values)
def test_no_header_is_a_failure_of_ours(person: Browser, header: dict[str, Any], body: Any) -> None:
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, body)]
    for signature in ("", "AAAA"):
        response = person.get("/authorize?" + urlencode({"client_id": "app", "request": f"{parts[0]}.{parts[1]}.{signature}"}))
        assert response.status_code < 500
        assert leads_nowhere_else(response.location)
