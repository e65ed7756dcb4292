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

__all__ = ["LARGEST", "THREADS", "WholeRequests"]

LARGEST = 1024 * 1024
"""Bytes that are waited for: as many as any address takes (`MAX_CONTENT_LENGTH`, `LARGEST_BODY`); longer bodies are refused unread."""
WAITING = 256
"""Bodies that one process waits for; each holds a thread of 80 KB, from when it is needed."""
THREADS = WAITING + 32
"""Threads beside those that the application has: they wait for bodies, and with whole requests for a free place."""
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


class WholeRequests:
    """An application that is asked with whole requests, by `at_once` threads at most; `waiting` bodies are waited for."""

    def __init__(self, application: "WSGIApplication", at_once: int, waiting: int = WAITING) -> None:
        self._application = application
        self._free = threading.Semaphore(at_once)
        self._waiting = threading.Semaphore(waiting)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Wait for the body, then for a free place. A body too many, and one that broke off (RFC 9112 §8), is answered here."""
        if _has_none(environ):
            environ["wsgi.input"] = io.BytesIO()
        elif not self._waiting.acquire(blocking=False):
            start_response("503 Service Unavailable", [("Content-Type", "text/plain"), ("Retry-After", "10")])
            return [b"Too many requests are underway."]
        else:
            try:
                whole = _arrive(environ)
            finally:
                self._waiting.release()
            if not whole:
                start_response("400 Bad Request", [("Content-Type", "text/plain")])
                return [b"The request is incomplete."]
        with self._free:
            return self._application(environ, start_response)


def _has_none(environ: "WSGIEnvironment") -> bool:
    return not environ.get("CONTENT_LENGTH") and environ["REQUEST_METHOD"] in _WITHOUT_BODY and "HTTP_TRANSFER_ENCODING" not in environ


def _arrive(environ: "WSGIEnvironment") -> bool:
    """Read the body into memory; False if less came than was announced."""
    announced = environ.get("CONTENT_LENGTH")
    length = int(announced) if announced else None
    if length is not None and length > LARGEST:
        return True  # refused by its length, unread
    body = environ["wsgi.input"].read(LARGEST + 1 if length is None else length)
    environ["wsgi.input"] = io.BytesIO(body)
    return length is None or len(body) == length
