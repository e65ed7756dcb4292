"""Traces by OpenTelemetry, from a request to the provider's call; the only import of its library (`pip install idp[tracing]`).

Off unless `tracing_endpoint` is set, and then the library is imported. Statements are told by operation and table, never by their text or
values; failures by their class, never by their words. A caller's `traceparent` counts only where proxies of ours stand before us.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy import Engine, event

from idp import spans
from idp.errors import SettingsError
from idp.settings import Settings
from idp.spans import Attributes, Kind

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

__all__ = ["init_app", "provider_of", "start", "stop"]

_ENTRANCES = (Kind.SERVER, Kind.CONSUMER)
_OPERATION = re.compile(r"\s*([A-Za-z]+)")
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+"?([A-Za-z_]+)', re.IGNORECASE)
_SECONDS = 5


def start(settings: Settings) -> None:
    """Let this process trace, if the settings name where to. Raises: SettingsError when the library is not installed."""
    if not settings.tracing_endpoint:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError("tracing_endpoint: traces need OpenTelemetry; install idp[tracing]") from error
    exporter = OTLPSpanExporter(endpoint=settings.tracing_endpoint, timeout=_SECONDS)
    spans.install(OpenTelemetry(provider_of(settings, BatchSpanProcessor(exporter))))


def stop() -> None:
    """Send what is left, and trace no more."""
    tracer = spans.installed()
    spans.install(None)
    if isinstance(tracer, OpenTelemetry):
        tracer.provider.shutdown()


def provider_of(settings: Settings, processor: "SpanProcessor") -> "TracerProvider":
    """Put the library's part together: which traces are kept, and who gets them."""
    from importlib.metadata import version  # noqa: PLC0415

    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased  # noqa: PLC0415

    who = Resource({"service.name": "idp", "service.version": version("idp")})
    provider = TracerProvider(resource=who, sampler=ParentBased(TraceIdRatioBased(settings.tracing_sample_ratio)))
    provider.add_span_processor(processor)
    return provider


def init_app(app: Flask) -> None:
    """Open a span around each request and each statement, if this process traces."""
    if spans.installed() is None:
        return
    units = app.extensions["idp.units"]
    app.wsgi_app = TracedRequests(app.wsgi_app, trusts=units.settings.trusted_proxies > 0)  # type: ignore[method-assign]
    for engine in units.engines:
        trace_statements(engine)


class TracedRequests:
    """Stands before all else."""

    def __init__(self, application: "WSGIApplication", *, trusts: bool) -> None:
        self._application = application
        self._trusts = trusts

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer within a span."""
        tracer = spans.installed()
        if tracer is None:
            return self._application(environ, start_response)
        parent = environ.get("HTTP_TRACEPARENT") if self._trusts else None
        with tracer.span("request", Kind.SERVER, {}, parent=parent):
            return self._application(environ, start_response)


class OpenTelemetry:
    """Makes spans by the library."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry import trace  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        self.provider = provider
        self._trace = trace
        self._tracer = provider.get_tracer("idp")
        self._written = TraceContextTextMapPropagator()
        self._kinds = {kind: trace.SpanKind[kind.name] for kind in Kind}

    @contextmanager
    def span(self, name: str, kind: Kind, attributes: Attributes, *, parent: str | None = None, link: str | None = None) -> Iterator[None]:
        """Open a span; one that is no entrance is made only within another."""
        entrance = kind in _ENTRANCES
        if not entrance and not self._trace.get_current_span().is_recording():
            yield
            return
        options: dict[str, Any] = {"kind": self._kinds[kind], "attributes": dict(attributes)}
        if entrance:
            options["context"] = self._read(parent)
        if link:
            options["links"] = [self._trace.Link(self._trace.get_current_span(self._read(link)).get_span_context())]
        with self._tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False, **options) as made:
            try:
                yield
            except Exception as error:
                made.set_attribute("error.type", type(error).__name__)
                raise

    def describe(self, name: str, attributes: Attributes, *, failed: bool) -> None:
        """Name the running span anew."""
        running = self._trace.get_current_span()
        running.update_name(name)
        running.set_attributes(dict(attributes))
        if failed:
            running.set_status(self._trace.StatusCode.ERROR)

    def running(self) -> str | None:
        """Write the running span as `traceparent`."""
        if not self._trace.get_current_span().is_recording():
            return None
        carrier: dict[str, str] = {}
        self._written.inject(carrier)
        return carrier.get("traceparent")

    def _read(self, traceparent: str | None) -> Any:
        from opentelemetry.context import Context  # noqa: PLC0415

        return self._written.extract({"traceparent": traceparent} if traceparent else {}, context=Context())


def trace_statements(engine: Engine) -> None:
    """Open a span around each statement of an engine."""

    def begin(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: Any) -> None:
        name, attributes = _told(statement, engine.dialect.name)
        context.idp_span = spans.span(name, Kind.CLIENT, **attributes)
        context.idp_span.__enter__()

    def end(_connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: Any) -> None:
        opened, context.idp_span = context.idp_span, None
        opened.__exit__(None, None, None)

    def broken(failure: Any) -> None:
        opened, tracer = getattr(failure.execution_context, "idp_span", None), spans.installed()
        if opened is None or tracer is None:
            return
        failure.execution_context.idp_span = None
        name, _ = _told(failure.statement, engine.dialect.name)
        tracer.describe(name, {"error.type": type(failure.original_exception).__name__}, failed=True)
        opened.__exit__(None, None, None)

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", broken)


@lru_cache(1024)
def _told(statement: str, system: str) -> tuple[str, dict[str, str]]:
    """Name a statement by its operation and first table."""
    operation, table = _OPERATION.match(statement), _TABLE.search(statement)
    does, on = operation[1].upper() if operation else "statement", table[1] if table else ""
    return f"{does} {on}".strip(), {"db_system": system, "db_operation_name": does, "db_collection_name": on}
