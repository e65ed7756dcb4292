"""Request objects by reference: only from registered addresses, by way of the outbound client (RFC 9101 §5.2, Core §6.2)."""

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlencode

import flask
import pytest
from werkzeug.test import TestResponse

from idp.oidc.authorization import remote_objects
from idp.oidc.authorization.remote_objects import LONGEST_KEPT
from idp.oidc.clients import clients, fetching
from idp.oidc.clients.metadata import Origin
from idp.unit_of_work import Units
from tests import publisher
from tests.conftest import SettableClock
from tests.http.oidc.browsing import REDIRECT_URI, Browser, answered, asking, registered
from tests.http.oidc.signing import REFERENCE, refused, send, signer, unsigned
from tests.publisher import HOST, PUBLIC_ADDRESS, Internet, Publisher


@pytest.fixture(scope="module")
def publishing() -> Iterator[tuple[Publisher, int]]:
    """A running publisher and its port."""
    made = Publisher()
    with publisher.running(made) as port:
        yield made, port


@pytest.fixture
def published(publishing: tuple[Publisher, int], units: Units) -> Iterator[Publisher]:
    """What the host app.example publishes; inside.example is an internal host."""
    made, port = publishing
    made.documents, made.asked = {}, []
    hosts = {HOST: [PUBLIC_ADDRESS], "inside.example": ["10.0.0.8"]}
    fetching.use(units, Internet(port, hosts, allow=["inside.example"], seconds=2))
    yield made
    fetching.use(units, None)


def refer(browser: Browser, reference: str = REFERENCE, **outside: Any) -> TestResponse:
    """Open the authorization endpoint with a reference to an object."""
    return browser.get("/authorize?" + urlencode({"client_id": "app", "request_uri": reference} | outside))


def test_core_6_2_an_object_at_a_registered_address_is_a_request(signing: Browser, published: Publisher, claims) -> None:
    published.documents["/request.jwt"] = signer().sign(claims(state="inside")).encode() + b"\n"
    assert answered(refer(signing))["state"] == "inside"
    assert published.asked == ["/request.jwt"]


def test_core_6_2_a_reference_may_be_posted(signing: Browser, published: Publisher, claims) -> None:
    published.documents["/request.jwt"] = signer().sign(claims(state="inside")).encode()
    response = signing.post("/authorize", {"client_id": "app", "request_uri": REFERENCE})
    assert answered(signing.get(response.location))["state"] == "inside"


def test_core_6_2_an_unsigned_object_by_reference(unsigning: Browser, published: Publisher) -> None:
    """The suite's oidcc-request-uri-unsigned: response_type, client_id, scope and redirect_uri outside, neither iss nor aud inside."""
    published.documents["/request.jwt"] = unsigned(asking(state="inside")).encode()
    outside = {name: asking()[name] for name in ("response_type", "scope", "redirect_uri")}
    assert answered(refer(unsigning, **outside))["state"] == "inside"


@pytest.mark.parametrize(
    "reference",
    [
        "https://app.example/other.jwt", "https://app.example/request.jwt?x=1", "http://app.example/request.jwt", "request.jwt",
        "https://evil.example/request.jwt", "https://inside.example/request.jwt", "urn:x", "file:///etc/passwd", "https://[", "#",
    ],
)  # fmt: skip
def test_core_6_2_nothing_but_a_registered_address_is_fetched(signing: Browser, published: Publisher, reference: str) -> None:
    assert refused(refer(signing, reference), "invalid_request_uri")
    assert published.asked == []


def test_core_6_2_a_reference_that_fails_is_told_to_a_proven_redirect_uri(signing: Browser, published: Publisher) -> None:
    assert answered(refer(signing, **asking()))["error"] == "invalid_request_uri"
    assert refused(refer(signing, **asking(redirect_uri="https://evil.example/")), "invalid_request_uri")
    assert published.asked == ["/request.jwt"] * 2


def redirect_inside(request: BaseHTTPRequestHandler) -> None:
    """Lead to an internal host."""
    request.send_response(302)
    request.send_header("Location", "https://inside.example/")
    request.send_header("Content-Length", "0")
    request.end_headers()


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (redirect_inside, "invalid_request_uri"),
        (b"x" * 300_000, "invalid_request_uri"),
        (b"x" * 65_537, "invalid_request_uri"),
        ("§".encode(), "invalid_request_uri"),
        (b"", "invalid_request_object"),
        (b"<html></html>", "invalid_request_object"),
        (b"a.b.c", "invalid_request_object"),
    ],
    ids=["redirect", "far too large", "too large", "no ASCII", "empty", "page", "broken"],
)
def test_rfc9101_5_2_what_is_no_object_is_refused(signing: Browser, published: Publisher, document: Any, error: str) -> None:
    published.documents["/request.jwt"] = document
    assert refused(refer(signing), error)


def test_core_6_2_an_internal_host_is_never_asked_for_a_client_that_registered_itself(
    signed_in: Browser, published: Publisher, unit, units: Units
) -> None:
    metadata = {"redirect_uris": [REDIRECT_URI], "request_uris": ["https://inside.example/request.jwt"]}
    with unit() as work:
        clients.register(work, metadata, client_id="stranger", origin=Origin.DYNAMIC)
    response = signed_in.get("/authorize?client_id=stranger&request_uri=https://inside.example/request.jwt")
    assert refused(response, "invalid_request_uri")


def test_core_6_2_a_registered_fragment_is_the_clients_to_choose(signing: Browser, published: Publisher, unit, claims) -> None:
    """The suite registers the hash of something else, as the content is not known by then."""
    published.documents["/request.jwt"] = signer().sign(claims()).encode()
    fragment = urlsafe_b64encode(hashlib.sha256(b"not the content").digest()).rstrip(b"=").decode()
    with unit() as work:
        clients.change(work, "app", {"request_uris": [f"{REFERENCE}#{fragment}"]})
    assert "code" in answered(refer(signing, f"{REFERENCE}#{fragment}"))


def test_core_6_2_another_fragment_is_the_hash_of_the_content(signing: Browser, published: Publisher, claims) -> None:
    content = signer().sign(claims()).encode()
    published.documents["/request.jwt"] = content
    right = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    assert "code" in answered(refer(signing, f"{REFERENCE}#{right}"))
    assert refused(refer(signing, f"{REFERENCE}#{right[::-1]}"), "invalid_request_uri")


def saying(content: str, cache_control: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with an object and for how long it may be kept."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Cache-Control", cache_control)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content.encode())

    return answer


@pytest.mark.parametrize(
    "cache_control",
    [None, "", "no-store", "max-age=0", "max-age=60, no-store", "private, max-age=60", "No-Cache, max-age=60", "x-max-age=60", "max-age=x"],
)
def test_core_6_2_each_request_fetches_anew_unless_the_server_lets_it_be_kept(signing, published, claims, cache_control) -> None:
    for state in ("one", "two"):
        content = signer().sign(claims(state=state))
        published.documents["/request.jwt"] = content.encode() if cache_control is None else saying(content, cache_control)
        assert answered(refer(signing))["state"] == state


def test_rfc9111_5_2_2_1_an_object_is_kept_as_long_as_its_server_says(signing, published, claims, clock: SettableClock) -> None:
    published.documents["/request.jwt"] = saying(signer().sign(claims(state="one")), "public, max-age=60")
    assert answered(refer(signing))["state"] == "one"
    published.documents["/request.jwt"] = saying(signer().sign(claims(state="two")), "public, max-age=60")
    clock.advance(seconds=59)
    assert answered(refer(signing))["state"] == "one"
    clock.advance(seconds=1)
    assert answered(refer(signing))["state"] == "two"


def test_an_object_is_kept_for_ten_minutes_at_most(signing, published, claims, clock: SettableClock) -> None:
    published.documents["/request.jwt"] = saying(signer().sign(claims(exp=None)), "max-age=999999999")
    for minutes, fetches in ((0, 1), (9, 1), (1, 2)):
        clock.advance(minutes=minutes)
        assert "code" in answered(refer(signing))
        assert len(published.asked) == fetches


def test_core_6_2_what_the_fragment_is_the_hash_of_is_fetched_once(signing, published, claims, clock: SettableClock) -> None:
    def addressed(state: str) -> str:
        content = signer().sign(claims(state=state, exp=None)).encode()
        published.documents["/request.jwt"] = content
        return f"{REFERENCE}#{urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()}"

    first = addressed("one")
    for _ in range(3):
        assert answered(refer(signing, first))["state"] == "one"
        clock.advance(minutes=15)
    assert len(published.asked) == 1
    second = addressed("two")
    assert answered(refer(signing, second))["state"] == "two"
    assert answered(refer(signing))["state"] == "two", "without fragment nothing says that what is kept is the newest"
    assert refused(refer(signing, first), "invalid_request_uri")
    assert len(published.asked) == 4


def test_core_6_2_another_fragment_fetches_anew_although_the_old_content_may_still_be_kept(signing, published, claims) -> None:
    published.documents["/request.jwt"] = saying(signer().sign(claims(state="one")), "max-age=60")
    assert answered(refer(signing))["state"] == "one"
    content = signer().sign(claims(state="two"))
    published.documents["/request.jwt"] = saying(content, "max-age=60")
    fragment = urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
    assert answered(refer(signing, f"{REFERENCE}#{fragment}"))["state"] == "two"


def test_what_is_kept_for_one_client_is_nothing_to_another(signing, published, unit, claims) -> None:
    published.documents["/request.jwt"] = saying(signer().sign(claims()), "max-age=60")
    assert "code" in answered(refer(signing))
    with unit() as work:
        registered(work, "other", request_uris=["https://app.example/other.jwt"])
    assert refused(signing.get("/authorize?" + urlencode({"client_id": "other", "request_uri": REFERENCE})), "invalid_request_uri")
    with unit() as work:
        clients.change(work, "app", {"request_uris": []})
    assert refused(refer(signing), "invalid_request_uri")


def test_how_much_is_kept_is_bounded(units: Units) -> None:
    kept = remote_objects._Objects()
    now = units.clock()
    for number in range(300):
        content = b"x" * 1000 * (number + 1 if number < 100 else 1)
        kept.keep("app", str(number), remote_objects._Kept(content, "", now + LONGEST_KEPT))
        kept.keep("app", str(number), remote_objects._Kept(content, "", now + LONGEST_KEPT))
        assert kept._bytes == sum(len(one.content) for one in kept._kept.values()) <= 2 * 1024 * 1024
        assert len(kept._kept) <= 200
    assert kept.find("app", "299", "", now)
    assert kept.find("app", "0", "", now) is None


def test_core_6_3_1_keys_may_be_at_an_address_of_the_client(signing: Browser, published: Publisher, unit, claims) -> None:
    published.documents["/keys"] = json.dumps(signer().jwks).encode()
    with unit() as work:
        clients.change(work, "app", {"jwks": None, "jwks_uri": "https://app.example/keys"})
    assert "code" in answered(send(signing, signer().sign(claims())))
    assert published.asked == ["/keys"]


def test_no_more_than_a_few_requests_wait_for_clients_servers(signing: Browser, published: Publisher, app: flask.Flask, unit) -> None:
    """A client's slow server takes no more than these threads, and leaves others theirs."""
    started, go_on = threading.Semaphore(0), threading.Event()

    def slow(request: BaseHTTPRequestHandler) -> None:
        started.release()
        go_on.wait(5)
        request.send_error(404)

    published.documents["/request.jwt"] = slow
    with unit() as work:
        for client_id in ("second", "third"):
            registered(work, client_id, request_uris=[REFERENCE])
    with ThreadPoolExecutor(4) as threads:

        def ask(client_id: str) -> Any:
            done = threads.submit(refer, Browser(app), client_id=client_id)
            assert started.acquire(timeout=5)
            return done

        waiting = [ask("app"), ask("app")]
        own = refer(signing)
        waiting += [ask("second"), ask("second")]
        others = refer(signing, client_id="third")
        go_on.set()
    assert [(response.status_code, response.location) for response in (own, others)] == [(503, None)] * 2
    assert all(refused(done.result(), "invalid_request_uri") for done in waiting)
    assert refused(refer(signing), "invalid_request_uri")


def test_fetches_for_a_client_that_registered_itself_are_limited(signed_in: Browser, published, unit, monkeypatch, clock) -> None:
    monkeypatch.setattr(remote_objects, "BY_CLIENT", remote_objects.Limit("request_uri_client", 2, timedelta(minutes=5)))
    metadata = {"redirect_uris": [REDIRECT_URI], "request_uris": [REFERENCE]}
    with unit() as work:
        for client_id, origin in (("stranger", Origin.DYNAMIC), ("another", Origin.DYNAMIC), ("ours", Origin.CLI)):
            clients.register(work, metadata, client_id=client_id, origin=origin)
    statuses = [refer(signed_in, client_id="stranger").status_code for _ in range(4)]
    assert statuses == [400, 400, 503, 503]
    assert len(published.asked) == 2
    assert [refer(signed_in, client_id="ours").status_code for _ in range(4)] == [400] * 4
    assert refer(signed_in, client_id="another").status_code == 400
    clock.advance(minutes=5)
    assert refer(signed_in, client_id="stranger").status_code == 400
