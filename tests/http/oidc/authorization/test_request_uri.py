"""Request objects by reference: only from registered addresses, by way of the outbound client (RFC 9101 §5.2, Core §6.2)."""

import hashlib
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlencode

import flask
import pytest
from werkzeug.test import TestResponse

from idp.oidc.clients import clients, fetching
from idp.oidc.clients.metadata import Origin
from idp.unit_of_work import Units
from tests import publisher
from tests.http.oidc.browsing import REDIRECT_URI, Browser, answered, asking
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


def test_core_6_2_each_request_fetches_anew(signing: Browser, published: Publisher, claims) -> None:
    for state in ("one", "two"):
        published.documents["/request.jwt"] = signer().sign(claims(state=state)).encode()
        assert answered(refer(signing))["state"] == state


def test_core_6_3_1_keys_may_be_at_an_address_of_the_client(signing: Browser, published: Publisher, unit, claims) -> None:
    published.documents["/keys"] = json.dumps(signer().jwks).encode()
    with unit() as work:
        clients.change(work, "app", {"jwks": None, "jwks_uri": "https://app.example/keys"})
    assert "code" in answered(send(signing, signer().sign(claims())))
    assert published.asked == ["/keys"]


def test_no_more_than_a_few_requests_wait_for_clients_servers(signing: Browser, published: Publisher, app: flask.Flask) -> None:
    """A client's slow server takes no more than these threads."""
    started, go_on = threading.Semaphore(0), threading.Event()

    def slow(request: BaseHTTPRequestHandler) -> None:
        started.release()
        go_on.wait(5)
        request.send_error(404)

    published.documents["/request.jwt"] = slow
    visitors = [Browser(app) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(refer, visitor) for visitor in visitors]
        for _ in waiting:
            assert started.acquire(timeout=5)
        response = refer(signing)
        go_on.set()
    assert (response.status_code, response.location) == (503, None)
    assert all(refused(done.result(), "invalid_request_uri") for done in waiting)
    assert refused(refer(signing), "invalid_request_uri")
