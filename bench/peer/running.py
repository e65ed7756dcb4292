"""The peer as a subject of measurement: npm's `oidc-provider` with an adapter for Redis, one process."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from bench import load, subject
from bench.load import Answer, Failed, Load, Operation, Steps
from bench.processes import serving
from bench.relying_app import APP, MACHINE_ES256, MACHINE_RS256, REDIRECT_URI, Addresses, RelyingApp, cookie_header, secret_of
from bench.subject import Subject
from tests import servers

HERE = Path(__file__).parent
PASSWORD = "gruene Laterne am alten Hafen 47"
BROWSERS = 40
PLACES = {"authorization": "/auth", "introspection": "/token/introspection", "userinfo": "/me"}


@contextlib.contextmanager
def measured(redis: servers.Redis, folder: Path) -> Iterator[Subject]:
    """Install what is missing, start, and make the operations."""
    install()
    port = servers.free_port()
    configuration = {
        "app": APP,
        "machines": {MACHINE_ES256: "ES256", MACHINE_RS256: "RS256"},
        "password": PASSWORD,
        "port": port,
        "redirectUri": REDIRECT_URI,
        "secrets": {name: secret_of(name) for name in (APP, MACHINE_ES256, MACHINE_RS256)},
    }
    environment = {"PEER_CONFIGURATION": json.dumps(configuration), "PEER_REDIS": redis.url, "NODE_ENV": "production"}
    command = ["node", str(HERE / "server.mjs")]
    with serving(command, environment, port, "/jwks", folder / "peer.log") as served:
        yield Subject("peer", subject.REDIS, served, redis.process.pid, operations(port))


def install() -> None:
    """Install the locked packages, once."""
    lock, installed = HERE / "package-lock.json", HERE / "node_modules" / ".lock"
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        subprocess.run(["npm", "ci", "--silent"], cwd=HERE, check=True)
        shutil.copyfile(lock, installed)


def operations(port: int) -> dict[str, Operation]:
    """Make every operation; browsers sign in first."""
    app = RelyingApp(Addresses(port, **PLACES))
    browsers: list[dict[str, str]] = []
    collected: list[dict[str, str]] = []
    preparing = Load(port, 1)
    for operation, times in ((login(app, browsers), BROWSERS), (app.first_tokens(browsers, collected), 2 * BROWSERS)):
        done = preparing.run(operation, at_least=times)
        if done.failures:
            raise Failed(done.failures[0])
    preparing.close()
    access_tokens = [tokens["access_token"] for tokens in collected[:BROWSERS]]
    return {
        subject.DISCOVERY: app.get(app.at.discovery),
        subject.JWKS: app.get(app.at.jwks),
        subject.CLIENT_CREDENTIALS_ES256: app.client_credentials(MACHINE_ES256),
        subject.CLIENT_CREDENTIALS_RS256: app.client_credentials(MACHINE_RS256),
        subject.INTROSPECTION: app.introspection(access_tokens),
        subject.USERINFO: app.userinfo(access_tokens),
        subject.REFRESH: app.refresh([tokens["refresh_token"] for tokens in collected[BROWSERS:]]),
        subject.CODE_FLOW: app.code_flow(browsers),
        subject.LOGIN: login(app, None),
    }


def login(app: RelyingApp, keep: list[dict[str, str]] | None) -> Operation:
    """Sign in on a new browser by password; the peer knows no PIN."""
    turn, port = cycle(range(BROWSERS)), app.at.port

    def steps() -> Steps:
        browser: dict[str, str] = {}
        at = follow(browser, (yield app.authorize(browser)))
        page = yield load.get(at, port, **cookie_header(browser))
        page.expect(200)
        typed = {"username": f"person-{next(turn)}", "password": PASSWORD}
        at = follow(browser, (yield load.post(at, port, typed, **cookie_header(browser))))
        answer = yield load.get(at, port, **cookie_header(browser))
        browser |= answer.expect(303).cookies()
        yield from app.redeem(answer)
        if keep is not None:
            keep.append({name: value for name, value in browser.items() if value})

    def follow(browser: dict[str, str], answer: Answer) -> str:
        browser |= answer.expect(303).cookies()
        return answer.header("location").removeprefix(f"http://localhost:{port}")

    return steps
