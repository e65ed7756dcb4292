"""Documents that change rarely and are asked for often: answered as ready bytes, before Flask sees the request.

What is sent is the answer that the document's own view gave, header for header, kept for a few seconds and only as long as its version
is the same; so nothing of it is written twice. Requests of browser apps (`Origin`) and whatever is no plain GET go to the view.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from idp.errors import TryAgain
from idp.pages import hosts, request_line
from idp.pages.networks import Networks
from idp.pages.request_number import number_of
from idp.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_KEPT_SECONDS = 5.0
_LEFT_OUT_OF_304 = frozenset({"content-type", "content-length"})
_SETS_APART = ("HTTP_ORIGIN", "HTTP_RANGE", "HTTP_IF_RANGE", "HTTP_IF_MATCH")
_OK, _NOT_MODIFIED = (f"{status.value} {status.phrase}" for status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED))
_ETAG = re.compile(r'(?:W/)?("[^"]*")')

Version = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Document:
    """A document: the name of its view, and what tells whether it is still the same."""

    endpoint: str
    version: Version


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    until: float
    etag: str
    headers: list[tuple[str, str]]
    body: bytes


class ReadyDocuments:
    """Stands before an application and answers for some of its addresses."""

    def __init__(self, settings: Settings, networks: Networks, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self._networks = networks
        self._of_staff = hosts.authority(settings.staff_origin) if settings.staff_origin else None
        self._kept: dict[str, _Kept] = {}

    def answer(self, environ: "WSGIEnvironment", start_response: "StartResponse", application: "WSGIApplication") -> Iterable[bytes] | None:
        """Answer a request for a document; None for any other request, which is the application's affair."""
        path = environ.get("PATH_INFO", "")
        document = self._documents.get(path)
        if document is None or environ["REQUEST_METHOD"] != "GET" or any(name in environ for name in _SETS_APART):
            return None
        if self._of_staff and hosts.authority("//" + environ.get("HTTP_HOST", "")) == self._of_staff:
            return None
        try:
            kept, version = self._kept.get(path), document.version()
        except TryAgain:
            return None  # the application says it with its own words and headers
        if kept is None or kept.version != version or kept.until < time.monotonic():
            return self._from_view(path, version, environ, start_response, application)
        return self._send(document, path, kept, environ, start_response)

    def _from_view(
        self, path: str, version: str, environ: "WSGIEnvironment", start_response: "StartResponse", application: "WSGIApplication"
    ) -> Iterable[bytes]:
        """Let the view answer, and keep what it said if it said all."""
        told: list[tuple[str, list[tuple[str, str]]]] = []

        def listen(status: str, headers: list[tuple[str, str]], *error: object) -> object:
            told.append((status, headers))
            return start_response(status, headers, *error)  # type: ignore[arg-type]

        parts = application(environ, listen)  # type: ignore[arg-type]
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        status, headers = told[-1]
        named = {name.lower(): value for name, value in headers}
        if status == _OK and "etag" in named and "set-cookie" not in named:
            same = [(name, value) for name, value in headers if name.lower() != "x-request-id"]
            self._kept[path] = _Kept(version, time.monotonic() + _KEPT_SECONDS, named["etag"], same, body)
        return [body]

    def _send(
        self, document: Document, route: str, kept: _Kept, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        began, number = time.perf_counter(), number_of(environ)
        wanted = environ.get("HTTP_IF_NONE_MATCH", "")
        known = bool(wanted) and (wanted.strip() == "*" or kept.etag in _ETAG.findall(wanted))
        headers = [header for header in kept.headers if header[0].lower() not in _LEFT_OUT_OF_304] if known else kept.headers
        start_response(_NOT_MODIFIED if known else _OK, [*headers, ("X-Request-ID", number)])
        request_line.write(
            "GET",
            document.endpoint,
            route,
            status=304 if known else 200,
            seconds=time.perf_counter() - began,
            network=self._networks.name(environ.get("REMOTE_ADDR")),
            number=number,
            actor=None,
        )
        return [] if known else [kept.body]
