"""`/metrics` on a port of its own, served by the supervisor alone for all its processes."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from idp import metrics


def start(host: str, port: int, directory: Path) -> ThreadingHTTPServer:
    """Serve the sums of a multiprocess directory in a thread. Raises: OSError when the port is busy."""
    page = type("MetricsPage", (MetricsPage,), {"directory": directory})
    server = MetricsServer((host, port), page)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


class MetricsServer(ThreadingHTTPServer):
    """Threads that no stop waits for."""

    daemon_threads = True
    allow_reuse_address = True


class MetricsPage(BaseHTTPRequestHandler):
    """The one page."""

    directory: ClassVar[Path]
    server_version = "idp"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer `/metrics`; all else is not found."""
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = metrics.page(self.directory)
        self.send_response(200)
        self.send_header("Content-Type", metrics.CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing; scrapes come every few seconds."""
