"""Back-Channel Logout 1.0: the app's end sees what the provider sends."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import flask
import pytest
from sqlalchemy import select

from idp.app import worker_of
from idp.audit.tables import AuditEvent
from idp.authn import sessions
from idp.authn.events import EndReason
from idp.authn.sessions import Session
from idp.directory import accounts
from idp.directory.accounts import Account
from idp.oidc.authorization import consent
from idp.oidc.clients import clients
from idp.oidc.keys.ring import ring_of
from idp.oidc.tokens import session_clients
from idp.outbox.tables import Job
from idp.settings import Settings
from idp.unit_of_work import Units
from tests.conftest import make_settings
from tests.http.oidc import browsing
from tests.http.oidc.browsing import ISSUER


class App(ThreadingHTTPServer):
    """An app's back-channel address; `answers` are its statuses, one after the other, the last one for good."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = [200]
        self.tokens: list[str] = []

    @property
    def address(self) -> str:
        return f"http://localhost:{self.server_address[1]}/backchannel-logout"


class Handler(BaseHTTPRequestHandler):
    server: App

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert set(form) == {"logout_token"}
        self.server.tokens.append(form["logout_token"][0])
        self.send_response(self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def settings(database: str, tmp_path) -> Settings:
    """Apps on this machine may be called."""
    return make_settings(database, tmp_path, outbound_allow=["localhost"])


@pytest.fixture
def listening() -> Iterator[App]:
    """The app's end."""
    server = App()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def account(units: Units) -> Account:
    """A phone administrator."""
    return browsing.with_password(units, browsing.phone_admin)


@pytest.fixture
def session(unit, account: Account, listening: App) -> Session:
    """A session that was used with the listening app and with one that listens to nothing."""
    with unit() as work:
        known = browsing.registered(work, backchannel_logout_uri=listening.address, backchannel_logout_session_required=True)
        deaf = browsing.registered(work, "deaf")
        started, _ = sessions.start(
            work, account, acr="urn:idp:acr:password", amr=("pwd",), browser="b" * 64, signin_id=None, device_label="", replaces=None
        )  # fmt: skip
        session_clients.remember(work, started.id, known.client)
        session_clients.remember(work, started.id, deaf.client)
    return started


@pytest.fixture
def end(unit, session: Session) -> Callable[[EndReason], None]:
    """End the session for a reason."""

    def for_reason(reason: EndReason) -> None:
        with unit() as work:
            sessions.end(work, [session.id], reason)

    return for_reason


@pytest.fixture
def deliver(app: flask.Flask) -> Callable[[], int]:
    """Let the worker send all that is due."""
    return lambda: worker_of(app).drain()


def test_2_4_the_logout_token_says_who_and_which_session(
    units: Units, listening: App, session: Session, account: Account, end, deliver, clock
) -> None:
    end(EndReason.LOGOUT)
    deliver()
    (token,) = listening.tokens
    proven = ring_of(units).current().verify(token, ["RS256"])
    claims = dict(proven.claims)
    now = int(clock().timestamp())
    with units.read() as work:
        sid = session_clients.sid_of(work, session.id, clients.record(work, "app").client)
    assert len(claims.pop("jti")) >= 20
    assert claims == {
        "iss": ISSUER, "aud": "app", "sub": account.sub, "sid": sid, "iat": now, "exp": now + 120,
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }  # fmt: skip
    assert proven.header["typ"] == "logout+jwt"


def test_2_4_it_is_signed_as_the_client_wants_its_id_tokens(units: Units, unit, listening: App, end, deliver) -> None:
    with unit() as work:
        clients.change(work, "app", {"id_token_signed_response_alg": "ES256"})
    end(EndReason.LOGOUT)
    deliver()
    assert ring_of(units).current().verify(listening.tokens[0], ["ES256"]).header["alg"] == "ES256"


@pytest.mark.parametrize("reason", sorted(set(EndReason) - {EndReason.TIMED_OUT}))
def test_every_end_but_a_time_out_tells_the_app(listening: App, end, deliver, reason: EndReason) -> None:
    end(reason)
    deliver()
    assert len(listening.tokens) == 1


def test_a_time_out_tells_nobody(listening: App, end, deliver) -> None:
    end(EndReason.TIMED_OUT)
    deliver()
    assert listening.tokens == []


def test_a_deactivated_account_is_logged_out_of_its_apps(listening: App, session: Session, account: Account, unit, deliver) -> None:
    with unit() as work:
        accounts.deactivate(work, account.customer_id, account.id)
    deliver()
    assert len(listening.tokens) == 1


def test_the_job_holds_plain_ids_only(units: Units, session: Session, account: Account, end) -> None:
    end(EndReason.LOGOUT)
    with units.read() as work:
        sid = session_clients.sid_of(work, session.id, clients.record(work, "app").client)
        (kept,) = work.db.execute(select(Job.payload, Job.sealed).where(Job.kind == "logout_token")).all()
    assert kept == ({"client_id": "app", "sid": sid, "account_id": account.id}, None)


def test_2_8_a_server_error_is_tried_again_with_a_new_token(listening: App, end, deliver, clock) -> None:
    listening.answers = [503, 200]
    end(EndReason.LOGOUT)
    deliver()
    clock.advance(minutes=1)
    deliver()
    first, second = listening.tokens
    assert first != second
    deliver()
    assert len(listening.tokens) == 2


def test_2_5_the_token_of_a_late_attempt_is_fresh(units: Units, listening: App, end, deliver, clock) -> None:
    listening.answers = [500, 200]
    end(EndReason.LOGOUT)
    deliver()
    clock.advance(minutes=30)
    deliver()
    claims = ring_of(units).current().verify(listening.tokens[1]).claims
    assert claims["exp"] == int(clock().timestamp()) + 120


@pytest.mark.parametrize("status", [400, 404, 302])
def test_2_8_what_the_app_refuses_is_not_repeated(listening: App, end, deliver, clock, status: int) -> None:
    listening.answers = [status]
    end(EndReason.LOGOUT)
    deliver()
    clock.advance(hours=2)
    deliver()
    assert len(listening.tokens) == 1


def test_2_8_204_is_success_too(units: Units, listening: App, end, deliver) -> None:
    listening.answers = [204]
    end(EndReason.LOGOUT)
    deliver()
    assert noted(units) == [("logout.delivered", "app")]


def test_an_app_out_of_reach_is_tried_again(units: Units, unit, listening: App, end, deliver, clock, free_port) -> None:
    with unit() as work:
        clients.change(work, "app", {"backchannel_logout_uri": f"http://localhost:{free_port()}/"})
    end(EndReason.LOGOUT)
    deliver()
    with unit() as work:
        clients.change(work, "app", {"backchannel_logout_uri": listening.address})
    clock.advance(minutes=1)
    deliver()
    assert len(listening.tokens) == 1


def test_a_client_that_is_gone_is_not_called(units: Units, unit, listening: App, end, deliver) -> None:
    end(EndReason.LOGOUT)
    with unit() as work:
        clients.enable(work, "app", enabled=False)
    deliver()
    assert listening.tokens == []
    assert noted(units) == [("logout.failed", "app")]


def test_delivery_and_failure_are_noted_in_the_audit_log(units: Units, listening: App, end, deliver) -> None:
    listening.answers = [400]
    end(EndReason.LOGOUT)
    deliver()
    assert noted(units) == [("logout.failed", "app")]


def test_an_internal_address_of_a_client_that_registered_itself_is_not_called(units: Units, unit, listening: App, end, deliver) -> None:
    from idp.oidc.clients.tables import Client  # noqa: PLC0415 - no rule makes such a client

    with unit() as work:
        work.db.execute(Client.__table__.update().where(Client.id == "app").values(origin="dynamic"))
    end(EndReason.LOGOUT)
    deliver()
    assert listening.tokens == []
    assert noted(units) == [("logout.failed", "app")]


# --- a person takes back what an app may have


@pytest.fixture
def take_back(unit, account: Account) -> Callable[..., bool]:
    """Let the account take back what it lets an app have, once it has agreed."""

    def take(client_id: str = "app", *, agreed: bool = True) -> bool:
        with unit() as work:
            client = clients.record(work, client_id).client
            if agreed:
                consent.remember(work, client, account.id, ("openid",))
        with unit() as work:
            return consent.revoke(work, account.id, client.id)

    return take


def told(units: Units, listening: App) -> list[dict]:
    return [dict(ring_of(units).current().verify(token).claims) for token in listening.tokens]


def test_an_app_whose_consent_is_revoked_is_told_and_the_session_goes_on(
    units: Units, listening: App, session: Session, account: Account, take_back, deliver
) -> None:
    assert take_back()
    deliver()
    with units.read() as work:
        sid = session_clients.sid_of(work, session.id, clients.record(work, "app").client)
        assert sessions.find_by_id(work, session.id)
    assert [(claims["sub"], claims["sid"]) for claims in told(units, listening)] == [(account.sub, sid)]


def test_2_4_an_app_that_is_used_in_no_session_is_told_of_the_person(
    units, unit, listening, session, account, end, take_back, deliver
) -> None:
    """It may hold tokens that outlive the session."""
    end(EndReason.TIMED_OUT)
    with unit() as work:
        clients.change(work, "app", {"backchannel_logout_session_required": None})
    take_back()
    deliver()
    assert [(claims["sub"], "sid" in claims) for claims in told(units, listening)] == [(account.sub, False)]


def test_2_2_an_app_that_wants_a_session_named_is_told_of_none_without(listening: App, session: Session, end, take_back, deliver) -> None:
    end(EndReason.TIMED_OUT)
    assert take_back()
    deliver()
    assert listening.tokens == []


@pytest.mark.parametrize(("client_id", "agreed"), [("deaf", True), ("app", False)])
def test_nobody_is_told_who_does_not_listen_or_had_nothing(listening, session, units, take_back, client_id: str, agreed: bool) -> None:
    assert take_back(client_id, agreed=agreed) is agreed
    with units.read() as work:
        assert work.db.execute(select(Job.id).where(Job.kind == "logout_token")).all() == []


def test_a_consent_that_is_revoked_twice_is_told_once(listening: App, session: Session, take_back, deliver) -> None:
    assert take_back()
    assert not take_back(agreed=False)
    deliver()
    assert len(listening.tokens) == 1


def noted(units: Units) -> list[tuple[str, str]]:
    with units.read() as work:
        query = select(AuditEvent.event, AuditEvent.client_id).where(AuditEvent.event.in_(("logout.delivered", "logout.failed")))
        return [tuple(row) for row in work.db.execute(query)]
