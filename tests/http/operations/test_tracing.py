"""Traces from the request to the provider's call, with nothing of people in them; off unless asked for."""

import http.server
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import asdict

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import text

from idp import spans
from idp.errors import SettingsError, TryAgain
from idp.identifiers import JobId
from idp.messaging.mail import SmtpSender
from idp.messaging.sms.vonage import VonageSender
from idp.operations import tracing
from idp.outbound import OutboundClient, OutboundRefused
from idp.outbox.senders import ClaimedJob
from idp.settings import Settings
from tests import builders
from tests.conftest import NOON, closing_app, make_settings
from tests.http.api.conftest import ordering, token
from tests.http.oidc.conftest import keys_made_once
from tests.http.operations.test_audit_lines import USERNAME, activated
from tests.servers import ROOT
from tests.visitor import PASSWORD, Visitor, deliver, pins_of

__all__ = ["keys_made_once", "ordering", "token"]

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
NOT_KEPT = f"00-{TRACE}-00f067aa0ba902b7-00"
NAMES = {"salutation": "", "given_name": "Max", "family_name": "Muster", "username": "max", "mobile": "…2345"}


@contextmanager
def traced(settings: Settings):
    """Let this process trace into memory."""
    kept = InMemorySpanExporter()
    provider = tracing.provider_of(settings, SimpleSpanProcessor(kept))
    spans.install(tracing.OpenTelemetry(provider))
    try:
        yield kept
    finally:
        tracing.stop()


@pytest.fixture
def settings(database, tmp_path, proxies):
    return make_settings(database, tmp_path, tracing_sample_ratio=1.0, trusted_proxies=proxies)


@pytest.fixture
def proxies():
    """The number of proxies before us."""
    return 0


@pytest.fixture
def kept(settings):
    """The spans that were made."""
    with traced(settings) as exporter:
        yield exporter


@pytest.fixture
def app(kept, settings, clock):
    """An application that traces."""
    with closing_app(settings, clock) as made:
        yield made


def named(kept, name):
    return [span for span in kept.get_finished_spans() if span.name == name]


def test_a_request_is_a_span_with_route_status_and_number(client, kept):
    answer = client.get("/signin/this-is-no-sign-in")
    (span,) = [span for span in kept.get_finished_spans() if span.kind is SpanKind.SERVER]
    assert span.name == "GET /signin/<signin_id>"
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.route": "/signin/<signin_id>",
        "http.response.status_code": answer.status_code,
        "idp.request_id": answer.headers["X-Request-ID"],
    }


@pytest.mark.parametrize("path", ["/jwks", "/.well-known/openid-configuration"])
def test_documents_answered_before_flask_are_traced_too(client, kept, path):
    for _ in range(2):
        client.get(path)
    assert len(named(kept, f"GET {path}")) == 2


def test_units_and_statements_lie_within_their_request(client, kept):
    client.get("/health/ready")
    (request,) = named(kept, "GET /health/ready")
    (unit,) = named(kept, "read")
    (statement,) = named(kept, "SELECT")
    assert unit.parent.span_id == request.context.span_id
    assert statement.parent.span_id == unit.context.span_id
    assert {span.context.trace_id for span in kept.get_finished_spans()} == {request.context.trace_id}


def test_statements_are_told_by_operation_and_table(app, kept):
    visitor = Visitor(app)
    visitor.open("/signin")
    (made,) = named(kept, "INSERT signins")
    assert dict(made.attributes) == {"db.system": "sqlite", "db.operation.name": "INSERT", "db.collection.name": "signins"}


def test_a_statement_that_breaks_is_told_by_its_class(units, kept):
    tracer = spans.installed()
    with tracer.span("request", spans.Kind.SERVER, {}), pytest.raises(TryAgain), units.read() as work:
        work.db.execute(text("SELECT 1 FROM nowhere WHERE name = 'Max Muster'"))
    (statement,) = named(kept, "SELECT nowhere")
    assert statement.attributes["error.type"] == "OperationalError"
    assert statement.status.status_code is StatusCode.ERROR
    assert all("Max" not in span.to_json() for span in kept.get_finished_spans())
    (request,) = named(kept, "request")
    assert request.end_time


def test_passwords_are_hashed_in_a_span_of_their_own(app, kept):
    Visitor(app).sign_in("nobody-at-all")
    (hashed,) = named(kept, "hash password")
    assert hashed.attributes == {}


def test_a_job_is_linked_to_the_request_that_wrote_it(app, unit, kept):
    with unit() as work:
        account = builders.active_account(work)
    visitor = Visitor(app)
    visitor.open("/password/forgot")
    visitor.send("username", username=account.username)
    deliver(app)
    (job,) = named(kept, "send password_reset")
    (request,) = named(kept, "POST /password/forgot")
    assert job.kind is SpanKind.CONSUMER
    assert [link.context.trace_id for link in job.links] == [request.context.trace_id]
    (mail,) = named(kept, "send mail")[-1:]
    assert [link.context.span_id for link in mail.links], "what the job wrote is linked to the job"


def test_what_polls_makes_no_spans(app, kept):
    deliver(app)
    assert kept.get_finished_spans() == ()


def test_a_callers_trace_counts_not_without_proxies(client, kept):
    client.get("/jwks", headers={"traceparent": PARENT})
    (span,) = named(kept, "GET /jwks")
    assert f"{span.context.trace_id:032x}" != TRACE
    assert span.parent is None


@pytest.mark.parametrize("proxies", [1])
def test_w3c_trace_context_of_our_proxy_is_taken_over(client, kept, proxies):
    client.get("/jwks", headers={"traceparent": PARENT})
    (span,) = named(kept, "GET /jwks")
    assert f"{span.context.trace_id:032x}" == TRACE


@pytest.mark.parametrize("proxies", [1])
def test_a_trace_that_the_proxy_does_not_keep_is_not_kept_here(client, kept, proxies):
    client.get("/health/ready", headers={"traceparent": NOT_KEPT})
    assert kept.get_finished_spans() == ()


@pytest.mark.parametrize("proxies", [1])
@pytest.mark.parametrize("odd", ["", "x", "00-0-0-01", "é" * 50, "00-" + "f" * 5000, f"ff-{TRACE}-00f067aa0ba902b7-01"])
def test_an_odd_traceparent_begins_a_new_trace(client, kept, proxies, odd):
    assert client.get("/jwks", headers={"traceparent": odd.encode("latin-1", "replace").decode("latin-1")}).status_code == 200
    (span,) = named(kept, "GET /jwks")
    assert span.parent is None


def test_of_no_trace_is_kept_what_the_ratio_says(settings, tmp_path, database, clock):
    none = make_settings(database, tmp_path, tracing_sample_ratio=0.0)
    with traced(none) as kept, closing_app(none, clock) as app:
        app.test_client().get("/jwks")
    assert kept.get_finished_spans() == ()


def test_nothing_of_people_stands_in_the_spans_of_their_whole_way(app, ordering, kept):
    assert ordering("PUT", asdict(builders.document())).status_code == 201
    told = activated(app, "max.muster@example.com", PASSWORD, mobile=builders.MOBILE)
    visitor = Visitor(app)
    visitor.open("/console/")
    visitor.sign_in(USERNAME, "grüne Laterne")
    visitor.sign_in(USERNAME)
    told.append(pins_of(app, builders.MOBILE)[-1])
    visitor.send("pin", pin=told[-1])
    visitor.open("/console/?search=Muster")
    made = kept.get_finished_spans()
    written = "\n".join(span.to_json() for span in made)
    names = ["Muster", "max.muster", USERNAME, builders.MOBILE[3:], "211550", builders.NUMBER, "192.0.2.1", PASSWORD, "grüne Laterne"]
    assert len(made) > 120
    assert [found for found in (*names, *told, visitor.session) if found in written] == []


def test_spans_reach_a_collector_by_otlp(database, tmp_path, clock):
    got: list[tuple[str, str, bytes]] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *given):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/v1/traces"
        settings = make_settings(database, tmp_path, tracing_endpoint=address, tracing_sample_ratio=1.0)
        tracing.start(settings)
        with closing_app(settings, clock) as app:
            app.test_client().get("/jwks")
        tracing.stop()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    ((path, kind, body), *_) = got
    assert (path, kind) == ("/v1/traces", "application/x-protobuf")
    assert b"GET /jwks" in body


def test_without_an_endpoint_the_library_is_not_even_imported():
    script = "import sys, idp.app, idp.cli.worker; from idp.operations import tracing; from idp.settings import Settings\n"
    script += "tracing.start(Settings()); sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_a_missing_library_is_named_with_its_mend(monkeypatch, settings):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"install idp\[tracing\]"):
        tracing.start(settings.model_copy(update={"tracing_endpoint": "http://127.0.0.1:9/v1/traces"}))


def test_an_application_that_does_not_trace_is_left_as_it_is(database, tmp_path, clock):
    with closing_app(make_settings(database, tmp_path), clock) as app:
        assert not isinstance(app.wsgi_app, tracing.TracedRequests)


@pytest.mark.parametrize(
    ("call", "name", "address"),
    [
        (lambda settings, job: SmtpSender(settings).send(job), "smtp", "localhost"),
        (lambda settings, job: VonageSender(settings, lambda: NOON).send(job), "vonage sms", "127.0.0.1:9"),
        (lambda settings, job: OutboundClient().get("https://127.0.0.1:9/secret-path"), "outbound GET", "127.0.0.1"),
    ],
)
def test_a_call_to_a_provider_is_a_span_of_its_own(database, tmp_path, kept, call, name, address):
    settings = make_settings(database, tmp_path, smtp_port=9, vonage_host="127.0.0.1:9", vonage_timeout_seconds=1)
    values = {"template": "sms/pin", "to": builders.MOBILE, "locale": "de", "values": {}}
    if name == "smtp":
        values = {"template": "mail/mobile_changed", "to": "max@example.com", "locale": "de", "values": NAMES}
    job = ClaimedJob(JobId("j1"), "sms", values, {"pin": "1234567"}, 1, NOON, NOON, None, None)
    with spans.installed().span("send", spans.Kind.CONSUMER, {}), suppress(OutboundRefused):
        call(settings, job)
    (made,) = named(kept, name)
    assert (made.kind, made.attributes["server.address"]) == (SpanKind.CLIENT, address)
    assert "secret-path" not in made.to_json()
