"""Requests come to the application when they have arrived whole.

The server hands a request over as soon as its headers are there. Whoever then sends the body slowly, or never, would hold one of a few
threads for as long as they like. So the body is read first, and while one is being waited for the next requests go to another thread.
"""

import io
from collections.abc import Iterable
from threading import get_ident
from typing import TYPE_CHECKING

from idp.turns import MUST_RETURN, let_others_pass

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["LARGEST", "WholeRequests"]

LARGEST = 1024 * 1024
"""Bytes that are waited for: as many as any address takes (`MAX_CONTENT_LENGTH`, `LARGEST_BODY`); longer bodies are refused unread."""
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


class WholeRequests:
    """An application that is asked with whole requests; it waits for about `waiting` bodies."""

    def __init__(self, application: "WSGIApplication", waiting: int) -> None:
        self._application = application
        self._waiting = waiting
        self._arriving: set[int] = set()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Wait for the body. One too many, and one that broke off (RFC 9112 §8), is answered here."""
        if _has_none(environ):
            environ["wsgi.input"] = io.BytesIO()
        elif len(self._arriving) >= self._waiting:
            start_response("503 Service Unavailable", [("Content-Type", "text/plain"), ("Retry-After", "10")])
            return [b"Too many requests are underway."]
        elif not self._arrives(environ):
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b"The request is incomplete."]
        return self._application(environ, start_response)

    def _arrives(self, environ: "WSGIEnvironment") -> bool:
        """Wait for a body. While another one is waited for, somebody sends slowly, and this one may be slow too."""
        me = get_ident()
        if self._arriving:
            let_others_pass()
        self._arriving.add(me)
        try:
            return _read(environ)
        finally:
            self._arriving.discard(me)


def _has_none(environ: "WSGIEnvironment") -> bool:
    return not environ.get("CONTENT_LENGTH") and environ["REQUEST_METHOD"] in _WITHOUT_BODY and "HTTP_TRANSFER_ENCODING" not in environ


def _read(environ: "WSGIEnvironment") -> bool:
    """Read the body into memory; False if less came than was announced."""
    announced, body = environ.get("CONTENT_LENGTH"), environ["wsgi.input"]
    if not announced or "HTTP_TRANSFER_ENCODING" in environ:
        environ[MUST_RETURN] = True  # perhaps there is more, and the server keeps what it has read in parts
        environ["wsgi.input"] = io.BytesIO(body.read(LARGEST + 1))
        return True
    if int(announced) > LARGEST:
        environ[MUST_RETURN] = True
        return True  # refused by its length, unread
    whole = body.read()  # the server takes no more than was announced
    environ["wsgi.input"] = io.BytesIO(whole)
    return len(whole) == int(announced)
