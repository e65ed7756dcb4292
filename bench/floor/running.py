"""The floor as a subject of measurement: its rows, its process, its operations."""

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from argon2 import PasswordHasher
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlalchemy import Connection, insert

from bench import load, subject
from bench.floor import tables
from bench.load import Failed, Load, Operation, Steps
from bench.processes import serving
from bench.relying_app import APP, MACHINE_ES256, MACHINE_RS256, Addresses, RelyingApp, secret_of
from bench.subject import Subject
from tests import servers

TOKENS = 40
PASSWORD = "grüne Laterne am alten Hafen 47"


@contextlib.contextmanager
def measured(database: str, database_url: str, folder: Path, database_pid: int | None) -> Iterator[Subject]:
    """Make the tables, start, and make the operations."""
    engine = tables.engine_of(database_url)
    tables.metadata.create_all(engine)
    with engine.connect() as connection:
        fill(connection)
    engine.dispose()
    port = servers.free_port()
    command = [sys.executable, "-m", "idp.operations.web", "--port", str(port), "--threads", "1", "bench.floor.application:application"]
    environment = {"FLOOR_DATABASE": database_url, "FLOOR_KEYS": keys(), "PYTHONPATH": "."}
    with serving(command, environment, port, "/jwks", folder / "floor.log") as served:
        yield Subject("floor", database, served, database_pid, operations(port))


def keys() -> str:
    """Make the signing keys."""
    made = {"ES256": ec.generate_private_key(ec.SECP256R1()), "RS256": rsa.generate_private_key(65537, 2048)}
    shape = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return json.dumps({name: key.private_bytes(*shape).decode() for name, key in made.items()})


def fill(connection: Connection) -> None:
    """Put in apps, people and sessions."""
    clients = {APP: "ES256", MACHINE_ES256: "ES256", MACHINE_RS256: "RS256"}
    rows = [{"id": name, "secret": hashed(secret_of(name)), "document": algorithm} for name, algorithm in clients.items()]
    password = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash(PASSWORD)
    people = [{"id": f"person-{n}", "name": f"name-{n}", "email": f"{n}@example.com", "password": password} for n in range(TOKENS)]
    connection.execute(insert(tables.client), rows)
    connection.execute(insert(tables.account), people)
    connection.execute(insert(tables.session), [{"token": hashed(f"session-{n}"), "account": f"person-{n}"} for n in range(TOKENS)])


def hashed(value: str) -> str:
    """Hash a token as it is stored."""
    return hashlib.sha256(value.encode()).hexdigest()


def operations(port: int) -> dict[str, Operation]:
    """Make every operation; those that need tokens fetch some first."""
    app = RelyingApp(Addresses(port))
    browsers = [{"session": f"session-{n}"} for n in range(TOKENS)]
    collected: list[dict[str, str]] = []
    fetching = Load(port, 1)
    done = fetching.run(app.first_tokens(browsers, collected), at_least=2 * TOKENS)
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
        subject.CODE_FLOW: app.code_flow(browsers),
        subject.LOGIN: login(app),
    }


def login(app: RelyingApp) -> Operation:
    """Sign in by the same requests as at the product."""
    port, turn = app.at.port, cycle(range(TOKENS))

    def steps() -> Steps:
        answer = yield app.authorize({})
        at = answer.expect(303).header("location")
        (yield load.get(at, port)).expect(200)
        typed = {"username": f"name-{next(turn)}", "password": PASSWORD}
        (yield load.post(f"{at}/password", port, typed)).expect(303)
        page = yield load.get(at, port)
        answer = yield load.post(f"{at}/pin", port, {"pin": page.expect(200).body.decode()})
        answer = yield app.authorize(answer.expect(303).cookies())
        yield from app.redeem(answer)

    return steps
