"""Whatever is sent to the registration endpoint: no answer is a 5xx, and what is registered can be read, changed and used."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.oidc.clients import fetching, initial_tokens, registration
from idp.oidc.clients.metadata import GRANT_TYPES, Metadata
from idp.unit_of_work import SYSTEM
from tests import servers
from tests.conftest import SettableClock, closing_app, make_settings
from tests.http.oidc.browsing import REDIRECT_URI
from tests.http.oidc.registration.conftest import Registrar
from tests.publisher import Internet

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ADDRESS = st.sampled_from(
    [REDIRECT_URI, "https://other.example/cb", "http://127.0.0.1:1/x", "https://[::1]/", "https://a:b", "com.example:/", "//"]
)
WORD = st.sampled_from([*GRANT_TYPES, "code", "none", "RS256", "private_key_jwt", "pairwise", "native", "openid", "provisioning", ""])
MEMBERS = st.sampled_from([*Metadata.model_fields, "software_statement", "client_id", "client_secret", "unknown"])
LIKELY = ADDRESS | WORD | st.lists(ADDRESS | WORD, max_size=3) | st.booleans() | st.integers(-1, 10**9)
DOCUMENT = st.dictionaries(MEMBERS, LIKELY | ANY, max_size=5)


@pytest.fixture(scope="module")
def registrar(postgres: servers.Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registrar]:
    """Somebody who may register, at a provider on PostgreSQL, which is the stricter of the databases."""
    with (
        postgres.database("template_idp") as url,
        closing_app(make_settings(url, tmp_path_factory.mktemp("data"), limits_factor=1000), SettableClock()) as app,
    ):
        app.testing = False  # an unknown exception is a 500 here, as it would be for everybody
        units = app.extensions["idp.units"]
        fetching.use(units, Internet(1, {}, seconds=0.1))
        with units.write(SYSTEM) as work:
            token = initial_tokens.create(work, "the tests").secret
        yield Registrar(app, token)


@given(document=DOCUMENT, with_uri=st.booleans())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_no_document_is_a_failure_and_what_is_registered_can_be_managed(
    registrar: Registrar, document: dict[str, Any], with_uri: bool
) -> None:
    body = json.dumps(({"redirect_uris": [REDIRECT_URI]} if with_uri else {}) | document)
    made = registrar.post(data=body, content_type="application/json")
    assert made.status_code in (201, 400), made.text
    if made.status_code == 400:
        assert made.json["error"] in ("invalid_client_metadata", "invalid_redirect_uri", "unapproved_software_statement")
        return
    read = registrar.managing(made.json)
    assert read.status_code == 200
    told = {name: value for name, value in read.json.items() if name not in registration.NOT_IN_AN_UPDATE}
    again = registrar.managing(made.json, "PUT", json=told)
    assert (again.status_code, again.json) == (200, read.json), "what was answered is what can be sent"


@given(body=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_is_a_failure(registrar: Registrar, body: bytes) -> None:
    assert registrar.post(data=body, content_type="application/json").status_code == 400
