"""A server on which clients publish their documents, and an outbound client that reaches it: the internet alone is played.

The outbound client checks names and addresses as always; whatever connection it makes then, to public or internal hosts, ends here.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from idp.outbound import Address, Deadline, OutboundClient, Wire

HOST = "app.example"
PUBLIC_ADDRESS = "93.184.216.34"


class Publisher:
    """Documents by path, each a body or a function that acts on the request; `asked` are the paths that were fetched."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[str] = []

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        self.asked.append(request.path)
        found = self.documents.get(request.path)
        if callable(found):
            found(request)
            return
        body = found or b""
        request.send_response(404 if found is None else 200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        with suppress(OSError):
            request.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Keep quiet about callers that hang up."""


@contextmanager
def running(publisher: Publisher) -> Iterator[int]:
    """Serve the documents by plain http on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.serve(self)

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Internet(OutboundClient):
    """Finds the names of `hosts`; all connections end at one local port, without TLS."""

    def __init__(self, port: int, hosts: Mapping[str, Sequence[str]], allow: Sequence[str] = (), **options: Any) -> None:
        super().__init__(allow, resolve=lambda host, _port: hosts.get(host, ()), **options)
        self._here = urlsplit(f"http://127.0.0.1:{port}")

    def _connected(self, target: SplitResult, addresses: Sequence[Address], deadline: Deadline) -> Wire:
        return super()._connected(self._here, [ip_address("127.0.0.1")], deadline)
