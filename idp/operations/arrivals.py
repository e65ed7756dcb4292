"""Requests come to the application when they have arrived whole.

The server hands a request over as soon as its headers are there. Whoever then sends the body slowly, or never, would hold one of a few
threads for as long as they like, and a machine's request the turn of all others. So the body is read first, on one of many threads that
cost next to nothing while they wait, and only as many requests as the application has threads for are in it at once.
"""

import io
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["LARGEST", "WAITING", "Arrivals"]

LARGEST = 1024 * 1024
"""Bytes that are waited for: as many as any address takes (`MAX_CONTENT_LENGTH`, `LARGEST_BODY`); longer bodies are refused unread."""
WAITING = 256
"""Threads of one process that may wait for bodies, beside those of the application; 80 KB each, from when it is needed."""
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


class Arrivals:
    """An application that is asked with whole requests, by `at_once` threads at most."""

    def __init__(self, application: "WSGIApplication", at_once: int) -> None:
        self._application = application
        self._free = threading.Semaphore(at_once)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Wait for the body, then for a free place; a body that broke off is answered here (RFC 9112 §8)."""
        if not _arrive(environ):
            start_response("400 Bad Request", [("Content-Type", "text/plain"), ("Connection", "close")])
            return [b"The request is incomplete."]
        with self._free:
            return self._application(environ, start_response)


def _arrive(environ: "WSGIEnvironment") -> bool:
    """Read the body into memory; False if less came than was announced."""
    announced = environ.get("CONTENT_LENGTH")
    if not announced and environ["REQUEST_METHOD"] in _WITHOUT_BODY and "HTTP_TRANSFER_ENCODING" not in environ:
        environ["wsgi.input"] = io.BytesIO()
        return True
    length = int(announced) if announced else None
    if length is not None and length > LARGEST:
        return True  # refused by its length, unread
    body = environ["wsgi.input"].read(LARGEST + 1 if length is None else length)
    environ["wsgi.input"] = io.BytesIO(body)
    return length is None or len(body) == length
