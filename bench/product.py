"""The product as production would run it (`idp serve`, one web process), with accounts, sessions and apps in its database."""

import contextlib
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median

from flask import Flask
from sqlalchemy import bindparam, select

from bench import load, relying_app, subject
from bench.load import Failed, Load, Operation, Steps
from bench.processes import Served, cpu_seconds, serving, tree
from bench.relying_app import APP, MACHINE_ES256, MACHINE_RS256, Addresses, RelyingApp, cookie_header, secret_of
from bench.subject import Subject
from idp import crypto
from idp.app import create_app
from idp.authn import passwords, pins, sessions
from idp.authn.levels import ACR_PASSWORD, AMR_OF
from idp.authn.tables import PinChallenge
from idp.database import db
from idp.directory.accounts import Account
from idp.identifiers import new_token
from idp.oidc.clients import clients
from idp.oidc.keys import creation
from idp.operations import schema
from idp.settings import Settings
from idp.unit_of_work import SYSTEM, UnitOfWork
from tests import builders, servers

PASSWORD = "grüne Laterne am alten Hafen 47"
BROWSERS = 40
PEOPLE = 40
TOKENS = 40
MASTER_SECRET = "a secret for measuring that is long enough"
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
_challenge = select(PinChallenge.id).where(PinChallenge.round_id == bindparam("round_id")).order_by(PinChallenge.created_at.desc())


def settings_for(database_url: str, folder: Path, port: int) -> Settings:
    """Describe an installation with real password hashes, metrics and log lines; limits do not stop the load."""
    return Settings(
        profile="small",
        issuer=f"http://localhost:{port}",
        port=port,
        data_dir=folder,
        database_url=database_url,
        master_secret=MASTER_SECRET,
        metrics_port=servers.free_port(),
        limits_factor=1000,
        mail_sender="demo",
        sms_sender="demo",
        session_idle_minutes=600,
        access_token_seconds=36_000,
    )


def environment_of(settings: Settings) -> dict[str, str]:
    """Write settings as environment variables."""
    told = settings.model_dump(include=settings.model_fields_set)
    shown = {name: value.get_secret_value() if hasattr(value, "get_secret_value") else str(value) for name, value in told.items()}
    return {f"IDP_{name.upper()}": value for name, value in shown.items()}


@dataclass(slots=True)
class Installation:
    """An installation's settings, and an application on its database in this process."""

    settings: Settings
    app: Flask
    browsers: list[dict[str, str]]
    people: list[Account]


@contextlib.contextmanager
def installed(database_url: str, folder: Path) -> Iterator[Installation]:
    """Make the tables, and what is measured with."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = settings_for(database_url, folder, servers.free_port())
    schema.upgrade(settings)
    app = create_app(settings)
    units = app.extensions["idp.units"]
    creation.ensure(units)
    hashed = passwords.hasher(settings).hash(PASSWORD)
    with units.write(SYSTEM) as work:
        register_apps(work)
        people = [person(work, number, hashed) for number in range(PEOPLE)]
        browsers = [signed_in(work, builders.active_account(work)) for _ in range(BROWSERS)]
    try:
        yield Installation(settings, app, browsers, people)
    finally:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


def register_apps(work: UnitOfWork) -> None:
    """Register one app for people and two that ask in their own right."""
    person_app = {
        "client_name": "Measured App",
        "redirect_uris": [relying_app.REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": relying_app.SCOPE,
        "id_token_signed_response_alg": "ES256",
        "require_pkce": True,
    }
    clients.register(work, person_app, client_id=APP, secret=secret_of(APP), first_party=True)
    for client_id, algorithm in ((MACHINE_ES256, "ES256"), (MACHINE_RS256, "RS256")):
        machine = {"grant_types": ["client_credentials"], "scope": "provisioning", "id_token_signed_response_alg": algorithm}
        clients.register(work, machine, client_id=client_id, secret=secret_of(client_id))


def person(work: UnitOfWork, number: int, hashed: str) -> Account:
    """Make an administrator, who signs in by password and PIN, with a mobile phone of their own."""
    contact = builders.main_contact(mobile=f"+49151555{10_000 + number}")
    account = builders.administrator(work, builders.customer(work, str(4_000_000 + number), main_contact=contact))
    passwords.set_hash(work, account.id, hashed)
    return account


def signed_in(work: UnitOfWork, account: Account) -> dict[str, str]:
    """Give the cookies of a browser in which an account has a session."""
    browser = new_token()
    _, token = sessions.start(
        work,
        account,
        acr=ACR_PASSWORD,
        amr=AMR_OF[ACR_PASSWORD],
        browser=crypto.hash_token(browser),
        signin_id=None,
        device_label="Bench",
        replaces=None,
    )
    return {"idp_browser": browser, "idp_session": token}


@contextlib.contextmanager
def started(installation: Installation) -> Iterator[Served]:
    """Run `idp serve`."""
    settings = installation.settings
    command = [sys.executable, "-m", "idp.cli", "serve", "--profile", "small"]
    with serving(command, environment_of(settings), settings.port, "/health/ready", settings.data_dir / "serve.log") as served:
        yield served


@contextlib.contextmanager
def measured(database: str, database_url: str, folder: Path, database_pid: int | None) -> Iterator[Subject]:
    """Install, start, and make the operations."""
    with ExitStack() as stack:
        installation = stack.enter_context(installed(database_url, folder))
        served = stack.enter_context(started(installation))
        yield Subject("product", database, served, database_pid, operations(installation))


def cold_starts(folder: Path, times: int = 3) -> dict[str, float]:
    """Start an installation that exists, again and again; give the seconds to the first answer, and the CPU seconds until then."""
    with installed(f"sqlite:///{folder / 'data.sqlite3'}", folder) as installation:
        found = []
        for _ in range(times):
            with started(installation) as served:
                found.append((served.first_answer, sum(map(cpu_seconds, tree(served.process.pid)))))
    return {"wall clock": round(median(wall for wall, _ in found), 2), "CPU": round(median(cpu for _, cpu in found), 2)}


def operations(installation: Installation) -> dict[str, Operation]:
    """Make every operation; those that need tokens fetch some first."""
    app = RelyingApp(Addresses(installation.settings.port))
    collected: list[dict[str, str]] = []
    fetching = Load(app.at.port, 1)
    done = fetching.run(app.first_tokens(installation.browsers, collected), at_least=2 * TOKENS)
    fetching.close()
    if done.failures:
        raise Failed(done.failures[0])
    access_tokens = [tokens["access_token"] for tokens in collected[:TOKENS]]
    return {
        subject.DISCOVERY: app.get(app.at.discovery),
        subject.JWKS: app.get(app.at.jwks),
        subject.CLIENT_CREDENTIALS_ES256: app.client_credentials(MACHINE_ES256),
        subject.CLIENT_CREDENTIALS_RS256: app.client_credentials(MACHINE_RS256),
        subject.INTROSPECTION: app.introspection(access_tokens),
        subject.USERINFO: app.userinfo(access_tokens),
        subject.REFRESH: app.refresh([tokens["refresh_token"] for tokens in collected[TOKENS:]]),
        subject.CODE_FLOW: app.code_flow(installation.browsers),
        subject.LOGIN: login(app, installation),
    }


def login(app: RelyingApp, installation: Installation) -> Operation:
    """Sign in on a new browser: authorize, page, password, page, PIN, back, token."""
    turn = cycle(installation.people)
    port = installation.settings.port

    def steps() -> Steps:
        person, browser = next(turn), {}
        answer = yield app.authorize(browser)
        browser |= answer.expect(303).cookies()
        at = answer.header("location").partition(f":{port}")[2]
        page = yield load.get(at, port, **cookie_header(browser))
        browser |= page.expect(200).cookies()
        typed = {"csrf_token": csrf_token(page.body), "username": person.username, "password": PASSWORD}
        answer = yield load.post(f"{at}/password", port, typed, **cookie_header(browser))
        browser |= answer.expect(303).cookies()
        page = yield load.get(at, port, **cookie_header(browser))
        typed = {"csrf_token": csrf_token(page.expect(200).body), "pin": pin_of(installation, at.rpartition("/")[2])}
        answer = yield load.post(f"{at}/pin", port, typed, **cookie_header(browser))
        browser |= answer.expect(303).cookies()
        answer = yield load.get(answer.header("location").removeprefix(f"http://localhost:{port}"), port, **cookie_header(browser))
        yield from app.redeem(answer)

    return steps


def csrf_token(page: bytes) -> str:
    """Read the token of a page's form. Raises: Failed."""
    found = _CSRF.search(page.decode())
    if not found:
        raise Failed(f"no form: {page[:2000]!r}")
    return found[1]


def pin_of(installation: Installation, signin_id: str) -> str:
    """Derive the PIN that was sent in a sign-in."""
    with installation.app.extensions["idp.units"].read() as work:
        challenge = work.db.execute(_challenge, {"round_id": signin_id}).scalars().first()
        if challenge is None:
            raise Failed("no PIN was sent")
        return pins.derive(work.secrets, challenge)
