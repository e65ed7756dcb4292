"""`/metrics` on a port of its own: served by the supervisor for all its processes, or by a worker that runs apart for itself."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from idp import metrics


def start(host: str, port: int, directory: Path | None = None) -> ThreadingHTTPServer:
    """Serve the sums of a multiprocess directory, or this process's own numbers, in a thread. Raises: OSError when the port is busy."""
    page = type("MetricsPage", (MetricsPage,), {"directory": directory})
    server = MetricsServer((host, port), page)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


class MetricsServer(ThreadingHTTPServer):
    """Threads that no stop waits for."""

    daemon_threads = True
    allow_reuse_address = True


class MetricsPage(BaseHTTPRequestHandler):
    """The one page, and the sign of life for whoever restarts this process."""

    directory: ClassVar[Path | None]
    server_version = "idp"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer `/metrics` and `/health/live`; all else is not found."""
        match self.path.partition("?")[0]:
            case "/metrics":
                self._answer(metrics.page(self.directory), metrics.CONTENT_TYPE)
            case "/health/live":
                self._answer(b'{"status": "live"}', "application/json")
            case _:
                self.send_error(404)

    def _answer(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing; scrapes come every few seconds."""
