"""Keys that clients publish by `jwks_uri`: fetched when needed, seldom, and never from inside."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import pytest
from joserfc import jwt

from idp.oidc.clients import clients, remote_keys, resources
from idp.oidc.clients.authentication import JWT_BEARER
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import Origin
from idp.oidc.keys.jose import Algorithm, SigningKey, generate, load_signing_key, sign
from idp.unit_of_work import Units
from tests.conftest import SettableClock
from tests.publisher import Publisher
from tests.servers import on_this_machine

KEYS = "https://app.example/keys"


class Pair:
    """A key pair of a client."""

    def __init__(self) -> None:
        kid, self.public, private = generate(Algorithm.ES256)
        self.key: SigningKey = load_signing_key(kid, Algorithm.ES256, private)

    @property
    def token(self) -> str:
        """Something that it signed."""
        return sign({}, self.key, typ="JWT")


@pytest.fixture(scope="module")
def first() -> Pair:
    return Pair()


@pytest.fixture(scope="module")
def second() -> Pair:
    return Pair()


def key_set(*pairs: Pair) -> bytes:
    return json.dumps({"keys": [pair.public for pair in pairs]}).encode()


@pytest.fixture
def app_client(units: Units) -> Client:
    """A client that registered itself, with its keys at an address."""
    with units.write() as work:
        return registered(work)


def registered(work, uri: str = KEYS, origin: Origin = Origin.DYNAMIC) -> Client:
    metadata = {"redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": uri}
    return clients.register(work, metadata, client_id="app", origin=origin).client


@pytest.fixture
def kids(units: Units, app_client: Client) -> Callable[[str], set[str | None]]:
    """Prepare for a token and tell which keys there are."""

    def prepared(token: str) -> set[str | None]:
        remote_keys.prepare(units, app_client.id, token)
        with units.read() as work:
            return {key.kid for key in remote_keys.keys_of(work, app_client)}

    return prepared


def test_core_10_1_1_keys_come_from_jwks_uri_and_are_kept(kids, published: Publisher, first: Pair) -> None:
    published.documents["/keys"] = key_set(first)
    assert kids(first.token) == {first.key.kid}
    kids(first.token)
    assert published.asked == ["/keys"]


def test_core_10_1_1_an_unknown_kid_fetches_anew_once_a_minute(kids, published, first, second, clock: SettableClock) -> None:
    published.documents["/keys"] = key_set(first)
    kids(first.token)
    published.documents["/keys"] = key_set(first, second)
    assert kids(second.token) == {first.key.kid}, "the minute is not over"
    clock.advance(minutes=1)
    assert kids(second.token) == {first.key.kid, second.key.kid}
    assert published.asked == ["/keys"] * 2


def test_core_10_1_1_keys_older_than_an_hour_are_fetched_anew(kids, published, first, second, clock: SettableClock) -> None:
    published.documents["/keys"] = key_set(first)
    kids(first.token)
    published.documents["/keys"] = key_set(second)
    clock.advance(hours=1)
    assert kids(first.token) == {second.key.kid}, "what was withdrawn counts no longer"


def test_a_token_without_kid_fetches_anew_when_no_kept_key_proves_it(kids, published, first, second, clock: SettableClock) -> None:
    bare = {name: value for name, value in second.public.items() if name != "kid"}
    published.documents["/keys"] = key_set(first)
    kids(first.token)
    clock.advance(minutes=1)
    published.documents["/keys"] = json.dumps({"keys": [bare]}).encode()
    unnamed = jwt.encode({"alg": "ES256"}, {}, second.key.key)
    assert kids(unnamed) == {None}


def test_a_dead_address_is_asked_once_a_minute_whatever_comes(kids, published: Publisher, first: Pair, clock: SettableClock) -> None:
    assert kids(first.token) == set()
    assert kids(first.token) == set()
    assert published.asked == ["/keys"]
    clock.advance(minutes=1)
    kids(first.token)
    assert published.asked == ["/keys"] * 2


def test_a_slow_address_costs_one_request_a_minute_its_time(kids, published: Publisher, first: Pair) -> None:
    published.documents["/keys"] = slow
    began = time.monotonic()
    for _ in range(5):
        kids(first.token)
    assert time.monotonic() - began < on_this_machine(1.2), "0.5 seconds for one fetch, and nothing for the others"


def slow(request: BaseHTTPRequestHandler) -> None:
    time.sleep(0.7)
    request.close_connection = True


def test_kept_keys_outlive_a_dead_address_by_a_day(kids, published: Publisher, first: Pair, clock: SettableClock) -> None:
    published.documents["/keys"] = key_set(first)
    kids(first.token)
    published.documents.clear()
    clock.advance(hours=23)
    assert kids(first.token) == {first.key.kid}
    clock.advance(hours=1)
    assert kids(first.token) == set()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"keys": []}',
        b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}',
        b'{"keys": [1]}',
        b'{"keys": [{"kty": "unknown"}]}',
        b"[" * 100_000,
        json.dumps({"keys": [{"kty": "unknown"}] * 51}).encode(),
    ],
)
def test_rfc7517_5_what_is_no_key_set_leaves_what_is_kept(kids, published, first, clock: SettableClock, body: bytes) -> None:
    published.documents["/keys"] = key_set(first)
    kids(first.token)
    published.documents["/keys"] = body
    clock.advance(hours=1)
    assert kids(first.token) == {first.key.kid}


def test_a_key_of_an_unknown_kind_is_ignored(kids, published: Publisher, first: Pair) -> None:
    """RFC 7517 §5."""
    published.documents["/keys"] = json.dumps({"keys": [{"kty": "AKP", "kid": "pq"}, first.public]}).encode()
    assert kids(first.token) == {first.key.kid}


def test_an_endless_document_is_given_up(kids, published: Publisher, first: Pair) -> None:
    published.documents["/keys"] = key_set(first) + b" " * 300_000
    assert kids(first.token) == set()


def redirecting(request: BaseHTTPRequestHandler) -> None:
    request.send_response(302)
    request.send_header("Location", "https://app.example/real")
    request.send_header("Content-Length", "0")
    request.end_headers()


def test_a_redirect_is_not_followed(kids, published: Publisher, first: Pair) -> None:
    published.documents |= {"/keys": redirecting, "/real": key_set(first)}
    assert kids(first.token) == set()
    assert published.asked == ["/keys"]


@pytest.mark.parametrize("host", ["inside.example", "metadata.example", "both.example", "127.0.0.1", "[::1]", "10.1.2.3", "localhost"])
def test_no_internal_host_is_called_for_a_client_that_registered_itself(units: Units, published, first: Pair, host: str) -> None:
    with units.write() as work:
        client = registered(work, f"https://{host}/keys")
    remote_keys.prepare(units, client.id, first.token)
    with units.read() as work:
        assert remote_keys.keys_of(work, client) == ()
    assert published.asked == []


def test_an_operators_client_may_publish_inside_where_the_operator_allows(units: Units, published, first: Pair) -> None:
    published.documents["/keys"] = key_set(first)
    with units.write() as work:
        client = registered(work, "https://inside.example/keys", Origin.CLI)
    remote_keys.prepare(units, client.id, first.token)
    with units.read() as work:
        assert [key.kid for key in remote_keys.keys_of(work, client)] == [first.key.kid]


def test_a_changed_address_is_fetched_at_once_and_the_old_keys_count_no_more(kids, units, published, app_client, first, second) -> None:
    published.documents |= {"/keys": key_set(first), "/new": key_set(second)}
    kids(first.token)
    with units.write() as work:
        changed = clients.change(work, app_client.id, {"jwks_uri": "https://app.example/new"})
    with units.read() as work:
        assert remote_keys.keys_of(work, changed) == ()
    assert kids(second.token) == {second.key.kid}


@pytest.mark.parametrize("client_id", ["nobody", "\x00", "\ud800", "x" * 100_000, ""])
def test_unknown_clients_cost_no_fetch(units: Units, published: Publisher, client_id: str, first: Pair) -> None:
    remote_keys.prepare(units, client_id, first.token)
    assert published.asked == []


@pytest.mark.parametrize("token", ["", "a.b.c", "..", "x" * 100_000, "é.é.é", "eyJraWQiOjF9.e30.", "eyJraWQiOiJcdWQ4MDAifQ.e30.AA"])
def test_any_text_may_stand_where_a_token_should(kids, published: Publisher, first: Pair, token: str) -> None:
    published.documents["/keys"] = key_set(first)
    assert kids(token) == {first.key.kid}
    kids(token)
    assert published.asked == ["/keys"]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_of_parallel_requests_one_fetches_and_the_others_wait_for_it(units: Units, published, app_client: Client, first: Pair) -> None:
    fetched, answering = threading.Event(), threading.Event()

    def held_up(request: BaseHTTPRequestHandler) -> None:
        fetched.set()
        answering.wait(0.3)
        body = key_set(first)
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    published.documents["/keys"] = held_up

    def found() -> int:
        remote_keys.prepare(units, app_client.id, first.token)
        with units.read() as work:
            return len(remote_keys.keys_of(work, app_client))

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: found(), range(3))) == [1, 1, 1]
    assert published.asked == ["/keys"]


def test_rfc7523_3_an_assertion_signed_by_a_published_key_lets_its_client_in(app, units: Units, published, first: Pair, clock) -> None:
    published.documents["/keys"] = key_set(first)
    with units.write() as work:
        resources.create(work, "https://api.example", scopes=["read"])
        metadata = {
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": KEYS,
            "scope": "read",
        }
        clients.register(work, metadata, client_id="app", origin=Origin.CLI)
    now = int(clock().timestamp())
    claims = {"iss": "app", "sub": "app", "aud": "http://localhost/token", "exp": now + 60, "iat": now}
    for count, pair in enumerate((first, first)):
        assertion = sign(claims | {"jti": f"j{count}"}, pair.key, typ="JWT")
        asked = {"grant_type": "client_credentials", "client_assertion_type": JWT_BEARER, "client_assertion": assertion}
        assert app.test_client().post("/token", data=asked).status_code == 200
    assert published.asked == ["/keys"]
