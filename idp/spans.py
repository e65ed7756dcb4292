"""Spans: what ran within what, and how long, told to a tracer where one is installed; without one a span costs a look at one name.

A span has a name from the program and attributes that are codes, ids, routes or host names: never what a person typed, never an address.
`operations.tracing` installs the tracer; this module is what all others know of it.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import Enum, auto
from typing import Protocol

__all__ = ["Kind", "Tracer", "consumed", "describe_request", "install", "installed", "running", "span"]

Attributes = Mapping[str, str | int]


class Kind(Enum):
    """Where a span stands: in between, at a request's entrance, at a job's, or at a call to others."""

    INTERNAL = auto()
    SERVER = auto()
    CONSUMER = auto()
    CLIENT = auto()


class Tracer(Protocol):
    """What makes spans."""

    def span(
        self, name: str, kind: Kind, attributes: Attributes, *, parent: str | None = None, link: str | None = None
    ) -> AbstractContextManager[None]:
        """Open a span; `parent` and `link` are written as W3C `traceparent`. One that is no entrance needs another around it."""
        ...

    def describe(self, name: str, attributes: Attributes, *, failed: bool) -> None:
        """Name the running span anew, once more is known."""
        ...

    def running(self) -> str | None:
        """Write the running span as `traceparent`; none where nothing is recorded."""
        ...


_tracer: Tracer | None = None
_nothing: AbstractContextManager[None] = nullcontext()


def install(tracer: Tracer | None) -> None:
    """Let spans of this process be told to a tracer, or to nobody."""
    global _tracer  # noqa: PLW0603 - a process has one, or none
    _tracer = tracer


def installed() -> Tracer | None:
    """Give the tracer."""
    return _tracer


def span(name: str, kind: Kind = Kind.INTERNAL, **attributes: str | int) -> AbstractContextManager[None]:
    """Open a span; attributes are written with `_` for the dots of their names."""
    if _tracer is None:
        return _nothing
    return _tracer.span(name, kind, {key.replace("_", "."): value for key, value in attributes.items()})


def consumed(name: str, caused_by: str | None) -> AbstractContextManager[None]:
    """Open the span of a job, linked to what wrote it."""
    if _tracer is None:
        return _nothing
    return _tracer.span(name, Kind.CONSUMER, {}, link=caused_by)


def describe_request(method: str, route: str, status: int, request_id: str | None) -> None:
    """Say which request the running span was."""
    if _tracer is not None:
        known: dict[str, str | int] = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        known["idp.request_id"] = request_id or ""
        _tracer.describe(f"{method} {route}", known, failed=status >= 500)


def running() -> str | None:
    """Write the running span as W3C `traceparent`, for what follows from it later."""
    return None if _tracer is None else _tracer.running()
