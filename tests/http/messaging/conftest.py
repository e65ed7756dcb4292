"""Real ends of messages: a mail server with TLS and authentication, a server that plays Vonage's API, a private authority."""

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from smtpdfix import SMTPDFix
from smtpdfix.configuration import Config
from smtpdfix.controller import AuthController

from idp.identifiers import AccountId, JobId
from idp.outbox.senders import ClaimedJob
from idp.settings import Settings
from idp.unit_of_work import Units
from tests.http.messaging.vonage_server import VonageServer, vonage_server
from tests.units import opened_units

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LINK = "https://login.example/activate/3q2-7wXyZ"


@pytest.fixture
def units(settings: Settings, clock: Callable) -> Iterator[Units]:
    """Units of work without the application: messaging knows nothing of it."""
    with opened_units(settings, clock) as opened:
        yield opened


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that only settings can make trusted."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    """The authority's certificate as a file."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


def _closing_probe(server: AuthController) -> None:
    """Connect as the server's start does to see whether it listens; its own way leaves the TLS socket open."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((server.hostname, server.port), 1.0) as plain:
        if server.config.use_ssl:
            with context.wrap_socket(plain) as wrapped:
                wrapped.recv(1024)
        else:
            plain.recv(1024)


@pytest.fixture
def mail_server(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AuthController]]:
    """Start a mail server that demands user name and password: `mail_server("starttls")` or `mail_server("tls")`."""
    certificate = authority.issue_cert("localhost")
    cert_file, key_file = tmp_path / "smtp.pem", tmp_path / "smtp.key"
    cert_file.write_bytes(b"".join(part.bytes() for part in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(str(key_file))
    started: list[SMTPDFix] = []
    monkeypatch.setattr(AuthController, "_trigger_server", _closing_probe)

    def start(security: str) -> AuthController:
        config = Config()
        config.ssl_cert_files = (str(cert_file), str(key_file))
        config.use_starttls = security == "starttls"
        config.use_ssl = security == "tls"
        config.enforce_auth = True
        config.auth_require_tls = security != "tls"  # the server knows TLS only as STARTTLS
        config.login_username, config.login_password = "idp", "mail password"
        server = SMTPDFix("localhost", config=config)
        controller = server.__enter__()
        started.append(server)
        return controller

    yield start
    for server in started:
        server.__exit__(None, None, None)


@pytest.fixture
def smtp_settings(ca_file: str) -> Callable[..., Settings]:
    """Settings for a mail server of `mail_server`."""

    def made(server: AuthController, security: str = "starttls", **other: object) -> Settings:
        values = {
            "issuer": "https://login.example",
            "portal_url": "https://portal.example",
            "mail_from": "e:service <noreply@carrier.example>",
            "smtp_host": "localhost",
            "smtp_port": server.port,
            "smtp_security": security,
            "smtp_username": "idp",
            "smtp_password": "mail password",
            "smtp_ca_file": ca_file,
            "smtp_timeout_seconds": 5,
        }
        return Settings(**(values | other))

    return made


@pytest.fixture
def vonage(authority: trustme.CA) -> Iterator[VonageServer]:
    """A server that plays Vonage's SMS API."""
    with vonage_server(authority) as server:
        yield server


@pytest.fixture
def vonage_settings(vonage: VonageServer, ca_file: str) -> Settings:
    """Settings for `vonage`."""
    return Settings(
        issuer="https://login.example",
        sms_from="eservice",
        vonage_api_key="key",
        vonage_api_secret="vonage secret",
        vonage_host=vonage.address,
        vonage_ca_file=ca_file,
        vonage_timeout_seconds=1,
    )


def mail_job(**changes: object) -> ClaimedJob:
    """An invitation on its way."""
    values = {"salutation": "Herr", "given_name": "Max", "family_name": "Muster", "username": "customer2300229"}
    payload = {"template": "mail/invitation", "to": "max@customer.example", "locale": "de", "values": values}
    job = {
        "id": JobId("job-1"),
        "kind": "mail",
        "payload": payload | dict(changes.pop("payload", {})),
        "secret": {"link": LINK},
        "attempt": 1,
        "created_at": NOON,
        "due": NOON,
        "useless_after": None,
        "account_id": AccountId("a"),
    }
    return ClaimedJob(**(job | changes))


def sms_job(**changes: object) -> ClaimedJob:
    """A PIN on its way."""
    payload = {"template": "sms/pin", "to": "+4915112345678", "locale": "de", "values": {}} | dict(changes.pop("payload", {}))
    return mail_job(kind="sms", **({"id": JobId("job-2"), "secret": {"pin": "2623565"}, "payload": payload} | changes))
