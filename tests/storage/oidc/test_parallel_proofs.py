"""Many show the same proof, or the same assertion, at the same moment."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import flask
import pytest
from werkzeug.test import TestResponse

from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests.http.oidc.browsing import Browser, asking
from tests.http.oidc.dpop.proofs import KeyHolder, Signer
from tests.http.oidc.fapi.conftest import FapiApp, fapi_app
from tests.http.oidc.relying import machine

MANY = 8
ASK = {"grant_type": "client_credentials"}


@pytest.fixture
def together(app: flask.Flask) -> Callable[[Callable[[flask.testing.FlaskClient], TestResponse]], Counter]:
    """Send the same request eight times at the same moment, each over its own connection; counts the statuses."""

    def run(send: Callable[[flask.testing.FlaskClient], TestResponse]) -> Counter:
        start = Barrier(MANY)

        def one(client: flask.testing.FlaskClient) -> int:
            start.wait(10)
            return send(client).status_code

        with ThreadPoolExecutor(MANY) as threads:
            return Counter(threads.map(one, [app.test_client() for _ in range(MANY)]))

    return run


@pytest.fixture
def ordering(app: flask.Flask, units: Units) -> KeyHolder:
    """A client with a secret and a key, in its own right."""
    with units.write() as work:
        machine(work)
    return KeyHolder(app, "ordering")


@pytest.fixture
def keyed(app: flask.Flask, units: Units) -> KeyHolder:
    """A client that signs assertions, in its own right."""
    signer = Signer(app, "keyed")
    with units.write() as work:
        machine(work, "keyed", token_endpoint_auth_method="private_key_jwt", jwks=signer.jwks)
    return KeyHolder(app, "keyed", signer=signer)


@pytest.fixture
def fapi(app: flask.Flask) -> FapiApp:
    """An app under the profile."""
    return fapi_app(app)


def test_rfc9449_11_1_of_parallel_uses_of_a_proof_exactly_one_gets_a_token(ordering: KeyHolder, together) -> None:
    headers = {"DPoP": ordering.prover.proof("POST", "/token")}
    counted = together(lambda client: client.post("/token", data=ASK, headers=headers, auth=ordering.auth))
    assert counted == {200: 1, 400: MANY - 1}


def test_rfc9449_11_1_of_parallel_uses_of_a_proof_exactly_one_is_let_in(fapi: FapiApp, signed_in: Browser, together) -> None:
    token = fapi.tokens(signed_in)["access_token"]
    headers = fapi.prover.shows("GET", "/userinfo", token)
    assert together(lambda client: client.get("/userinfo", headers=headers)) == {200: 1, 401: MANY - 1}


@pytest.mark.parametrize("path", ["/token", "/introspect"])
def test_rfc7523_3_of_parallel_uses_of_an_assertion_exactly_one_succeeds(keyed: KeyHolder, together, path: str) -> None:
    form = ASK | {"token": "x"} | keyed.signer.assertion()
    assert together(lambda client: client.post(path, data=form)) == {200: 1, 401: MANY - 1}


def test_fapi2_5_3_2_1_of_parallel_pushes_with_one_assertion_exactly_one_is_kept(fapi: FapiApp, together) -> None:
    form = asking(client_id="fapi") | fapi.signer.assertion()
    assert together(lambda client: client.post("/par", data=form)) == {201: 1, 401: MANY - 1}


def test_fapi2_of_parallel_redemptions_of_a_code_exactly_one_succeeds(fapi: FapiApp, signed_in: Browser, together) -> None:
    code = fapi.code(signed_in)
    apps = iter([FapiApp(fapi.client.application, "fapi", signer=fapi.signer, prover=fapi.prover) for _ in range(MANY)])
    assert together(lambda _client: next(apps).redeem(code)) == {200: 1, 400: MANY - 1}


def test_fapi2_parallel_refreshes_all_succeed_with_the_token_as_it_is(fapi: FapiApp, signed_in: Browser, together) -> None:
    token = fapi.tokens(signed_in)["refresh_token"]
    apps = iter([FapiApp(fapi.client.application, "fapi", signer=fapi.signer, prover=fapi.prover) for _ in range(MANY)])
    kept = []

    def refresh(_client: flask.testing.FlaskClient) -> TestResponse:
        answer = next(apps).refresh(token)
        kept.append(answer.json.get("refresh_token"))
        return answer

    assert together(refresh) == {200: MANY}
    assert kept == [token] * MANY


def test_a_clients_use_is_noted_at_most_once_a_minute(ordering: KeyHolder, units: Units, clock, together) -> None:
    def noted() -> object:
        with units.read() as work:
            client = clients.find(work, "ordering")
            assert client
            return client.last_used_at

    def ask(client: flask.testing.FlaskClient) -> TestResponse:
        return client.post("/token", data=ASK, auth=ordering.auth)

    assert noted() is None
    first = clock()
    assert together(ask) == {200: MANY}
    clock.advance(seconds=59)
    ask(ordering.client)
    assert noted() == first
    clock.advance(seconds=1)
    ordering.client.post("/token", data=ASK, auth=("ordering", "wrong"))
    assert noted() == first, "a refused client was not used"
    ask(ordering.client)
    assert noted() == clock()
