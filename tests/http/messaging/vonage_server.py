"""A local TLS server that plays Vonage's SMS API (POST /sms/json), with answers that a test chooses."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import trustme

WORDS = {
    "1": "Throughput Rate Exceeded",
    "3": "Invalid value for parameter: to",
    "4": "Bad Credentials",
    "6": "Invalid Message",
    "7": "Number Barred",
    "8": "Partner Account Barred",
    "9": "Partner Quota Violation",
}


@dataclass(frozen=True)
class Received:
    """One POST as it arrived."""

    path: str
    authorization: str
    form: dict[str, str]
    at: float


@dataclass
class VonageServer:
    """What came in, and what is to be answered: "0" to "9", "http-500", "closes", "silent", "no-json", "redirects"; after that "0"."""

    address: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)


class _Server(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that go away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: VonageServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.state.received.append(Received(self.path, self.headers["Authorization"], dict(parse_qsl(body)), time.perf_counter()))
        answer = self.state.answers.pop(0) if self.state.answers else "0"
        if answer == "closes":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif answer == "silent":
            self.close_connection = True
            self.state.let_go.wait(20)
        elif answer == "no-json":
            self.answer(200, b"<html>it works</html>")
        elif answer == "redirects":
            self.answer(307, b"", Location=f"https://{self.state.address}/sms/json")
        elif answer.startswith("http-"):
            self.answer(int(answer.removeprefix("http-")), b"{}")
        else:
            self.answer(200, json.dumps(document(answer, self.state.received[-1])).encode())

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def document(status: str, received: Received) -> dict:
    """Write the answer as Vonage does."""
    if status == "0":
        message = {"to": received.form["to"], "message-id": "0A0000000123ABCD1", "status": "0", "client-ref": received.form["client-ref"]}
        message |= {"remaining-balance": "3.14", "message-price": "0.03", "network": "26201"}
    else:
        message = {"status": status, "error-text": WORDS.get(status, "Refused")}
    return {"message-count": "1", "messages": [message]}


@contextmanager
def vonage_server(authority: trustme.CA) -> Iterator[VonageServer]:
    """Serve on a port of the loopback with a certificate of the authority."""
    certificate = authority.issue_cert("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    state = VonageServer()
    handler = type("Handler", (_Handler,), {"state": state})
    server = _Server(("127.0.0.1", 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    state.address = f"localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        state.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()
