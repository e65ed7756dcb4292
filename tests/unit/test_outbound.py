"""The outbound client against real local servers; the name server alone is played, because a public one cannot be."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from idp.outbound import OutboundClient, OutboundFailed, OutboundRefused
from tests.servers import on_this_machine


class Handler(BaseHTTPRequestHandler):
    """Answers by path, and keeps what it was asked."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))  # type: ignore[attr-defined]
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/secret")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = b"x" * 300_000 if self.path == "/large" else b"hello"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):  # the client turns away from the large one
            self.wfile.write(body)

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, sent.decode()))  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str]] = []
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.port = self.server_address[1]
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def handle_error(self, *_: object) -> None:
        pass  # a refused handshake is what the test wants

    def stop(self) -> None:
        self.shutdown()
        self.thread.join()
        self.server_close()


@pytest.fixture
def plain() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Server]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("app.example").configure_cert(tls)
    server = Server(tls)
    yield server
    server.stop()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    return tls


@pytest.fixture
def raw_server() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """Start a server that treats its one connection as the test says; gives the port."""
    threads: list[threading.Thread] = []

    def start(serve: Callable[[socket.socket], None]) -> int:
        listening = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            with listening, listening.accept()[0] as connection, suppress(OSError):  # the client hangs up
                serve(connection)

        thread = threading.Thread(target=run)
        thread.start()
        threads.append(thread)
        port: int = listening.getsockname()[1]
        return port

    yield start
    for thread in threads:
        thread.join(timeout=5)


def resolves_to(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    return lambda _host, _port: addresses


def test_a_listed_loopback_host_may_be_called_by_http(plain: Server) -> None:
    assert OutboundClient(["localhost"]).get(f"http://localhost:{plain.port}/x", exceptions=True).body == b"hello"


def test_an_address_in_a_listed_network_may_be_called(plain: Server) -> None:
    assert OutboundClient(["127.0.0.0/8"]).get(f"http://127.0.0.1:{plain.port}/x", exceptions=True).status == 200


def test_the_list_does_not_count_for_a_client_that_registered_itself(plain: Server) -> None:
    with pytest.raises(OutboundRefused):
        OutboundClient(["localhost", "127.0.0.0/8"]).get(f"http://localhost:{plain.port}/x")
    assert plain.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "240.0.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1",
    ],
)  # fmt: skip
def test_a_name_of_an_internal_address_is_refused(address: str) -> None:
    with pytest.raises(OutboundRefused):
        OutboundClient(resolve=resolves_to(address)).get("https://app.example/keys")


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://10.0.0.1:8443/"])
def test_an_internal_address_itself_is_refused(url: str) -> None:
    with pytest.raises(OutboundRefused):
        OutboundClient().get(url)


def test_one_internal_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(OutboundRefused):
        OutboundClient(resolve=resolves_to("93.184.216.34", "10.0.0.1")).get("https://app.example/")


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example/", "ftp://app.example/", "file:///etc/passwd", "app.example", "https://", "https://user:pass@app.example/",
        "https://app.example:0/", "https://app.example:99999/", "https://app.example/\r\nX: y", "https://app.example/ä", "https://[::1",
    ],
)  # fmt: skip
def test_what_is_no_https_address_is_refused(url: str) -> None:
    with pytest.raises(OutboundRefused):
        OutboundClient(resolve=resolves_to("93.184.216.34")).get(url)


def test_the_connection_goes_to_the_address_that_was_checked(secure: Server, trusting: ssl.SSLContext) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    client = OutboundClient(["127.0.0.1"], resolve=lambda _host, _port: next(answers), tls=trusting)
    assert client.get(f"https://app.example:{secure.port}/x", exceptions=True).status == 200
    assert next(answers) == ["10.0.0.1"], "the name was resolved more than once"


def test_host_header_and_certificate_are_those_of_the_name(secure: Server, trusting: ssl.SSLContext) -> None:
    client = OutboundClient(["127.0.0.1"], resolve=resolves_to("127.0.0.1"), tls=trusting)
    client.get(f"https://app.example:{secure.port}/x", exceptions=True)
    assert secure.asked == [("/x", f"app.example:{secure.port}")]


def test_a_certificate_of_another_name_is_a_failure(secure: Server, trusting: ssl.SSLContext) -> None:
    client = OutboundClient(["127.0.0.1"], resolve=resolves_to("127.0.0.1"), tls=trusting)
    with pytest.raises(OutboundFailed):
        client.get(f"https://other.example:{secure.port}/x", exceptions=True)


def test_a_form_arrives_at_the_other_side(plain: Server) -> None:
    answer = OutboundClient(["localhost"]).post_form(f"http://localhost:{plain.port}/out", {"logout_token": "a+b&c"}, exceptions=True)
    assert (answer.status, plain.asked) == (204, [("/out", "logout_token=a%2Bb%26c")])


def test_a_redirect_is_not_followed(plain: Server) -> None:
    answer = OutboundClient(["localhost"]).get(f"http://localhost:{plain.port}/redirect", exceptions=True)
    assert (answer.status, [path for path, _ in plain.asked]) == (302, ["/redirect"])


def test_a_large_body_is_a_failure(plain: Server) -> None:
    with pytest.raises(OutboundFailed, match="large"):
        OutboundClient(["localhost"]).get(f"http://localhost:{plain.port}/large", exceptions=True)


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_a_slow_drip_ends_when_the_whole_time_is_over(raw_server: Callable[..., int], beginning: bytes) -> None:
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while not over.wait(0.02):
            connection.sendall(b"a")

    port = raw_server(drip)
    began = time.monotonic()
    with pytest.raises(OutboundFailed):
        OutboundClient(["127.0.0.1"], seconds=0.3).get(f"http://127.0.0.1:{port}/", exceptions=True)
    over.set()
    assert time.monotonic() - began < on_this_machine(2)


def test_a_name_server_that_does_not_answer_is_a_failure_in_time() -> None:
    over = threading.Event()
    began = time.monotonic()
    with pytest.raises(OutboundFailed):
        OutboundClient(seconds=0.2, resolve=lambda _host, _port: over.wait(10) and []).get("https://app.example/")
    over.set()
    assert time.monotonic() - began < on_this_machine(2)


def test_an_unknown_name_is_a_failure() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(OutboundFailed):
        OutboundClient(resolve=unknown).get("https://app.example/")


def test_an_answer_that_is_no_http_is_a_failure(raw_server: Callable[..., int]) -> None:
    port = raw_server(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH\r\n"))
    with pytest.raises(OutboundFailed):
        OutboundClient(["127.0.0.1"]).get(f"http://127.0.0.1:{port}/", exceptions=True)


def test_the_next_address_of_a_name_is_tried_when_nobody_listens_at_the_first(plain: Server) -> None:
    client = OutboundClient(["localhost"], resolve=resolves_to("::1", "127.0.0.1"))
    assert client.get(f"http://localhost:{plain.port}/x", exceptions=True).status == 200
