"""Many nodes on one machine: web processes and workers on PostgreSQL and Redis behind HAProxy, each startable and killable by itself."""

import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from sqlalchemy import select

from idp.app import create_app
from idp.authn import hashing, passwords
from idp.authn.tables import Session
from idp.crypto import hash_token
from idp.database import db
from idp.directory.accounts import Account
from idp.errors import TryAgain
from idp.messaging import demo
from idp.settings import Settings
from tests import builders
from tests.servers import ROOT, free_port, wait_until

PASSWORD = "grüne Laterne am alten Hafen 47"
MASTER_SECRET = "a-master-secret-that-all-nodes-of-the-test-share"

_spec = importlib.util.spec_from_file_location("login", ROOT / "helm" / "idp" / "files" / "login.py")
assert _spec
assert _spec.loader
login = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(login)

HAPROXY = """
global
  stats socket {folder}/haproxy.sock mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  option redispatch 1
  retries 3
  retry-on conn-failure empty-response
  http-reuse never
frontend public
  bind 127.0.0.1:{port}
  default_backend web
backend web
  balance roundrobin
  option httpchk
  http-check send meth GET uri /health/ready hdr Host localhost
  http-check expect status 200
  default-server check inter 300ms fall 2 rise 1
{servers}
"""


@dataclass
class Node:
    """One process, `idp serve` without a worker or `idp worker`, of this version or of another tree."""

    name: str
    kind: str
    port: int
    environment: dict[str, str]
    tree: Path
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "idp.cli",
            *(["serve", "--no-worker", "--port", str(self.port)] if self.kind == "web" else ["worker"]),
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.tree, env=self.environment, stdout=log, stderr=log, start_new_session=True)

    def end(self) -> None:
        """Ask for the end and wait for it."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(15)

    def kill(self) -> None:
        """End it with all its children, as a lost machine does."""
        assert self.process
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        self.process.wait(10)


@dataclass
class Cluster:
    """The whole of it."""

    folder: Path
    database_url: str
    redis_url: str
    direct_url: str = ""  # when `database_url` goes through a pooler
    port: int = field(default_factory=free_port)
    nodes: dict[str, Node] = field(default_factory=dict)
    proxy: subprocess.Popen[bytes] | None = None

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def settings(self) -> Settings:
        return Settings(
            issuer=self.issuer,
            database_url=self.database_url,
            redis_url=self.redis_url,
            master_secret=MASTER_SECRET,
            data_dir=self.folder / "test",
            sms_sender="demo",
            mail_sender="demo",
            limits_factor=1000,
            database_direct_url=self.direct_url,
            database_pooler=bool(self.direct_url),
            embedded_worker=False,
        )

    def environment(self, name: str) -> dict[str, str]:
        given = {
            "IDP_ISSUER": self.issuer,
            "IDP_DATABASE_URL": self.database_url,
            "IDP_REDIS_URL": self.redis_url,
            "IDP_MASTER_SECRET": MASTER_SECRET,
            "IDP_DATA_DIR": str(self.folder / name),
            "IDP_METRICS_PORT": "0",
            "IDP_TRUSTED_PROXIES": "1",
            "IDP_SMS_SENDER": "demo",
            "IDP_MAIL_SENDER": "demo",
            "IDP_LIMITS_FACTOR": "1000",
            "IDP_PROFILE": "small",
        } | ({"IDP_DATABASE_POOLER": "true", "IDP_DATABASE_DIRECT_URL": self.direct_url} if self.direct_url else {})
        return {name: value for name, value in os.environ.items() if not name.startswith("IDP_")} | given

    def add(self, name: str, kind: str, tree: Path = ROOT, **more: str) -> Node:
        """Describe a node; it is not started by this."""
        node = Node(name, kind, free_port(), self.environment(name) | more, tree, self.folder / f"{name}.log")
        self.nodes[name] = node
        return node

    def upgrade(self, tree: Path = ROOT) -> None:
        subprocess.run([sys.executable, "-m", "idp.cli", "db", "upgrade"], cwd=tree, env=self.environment("upgrade"), check=True)

    def start_proxy(self) -> None:
        web = [node for node in self.nodes.values() if node.kind == "web"]
        servers = "\n".join(f"  server {node.name} 127.0.0.1:{node.port}" for node in web)
        config = self.folder / "haproxy.cfg"
        config.write_text(HAPROXY.format(folder=self.folder, port=self.port, servers=servers))
        with (self.folder / "haproxy.log").open("wb") as log:
            self.proxy = subprocess.Popen(["/usr/sbin/haproxy", "-db", "-f", str(config)], stderr=log)
        wait_until((self.folder / "haproxy.sock").exists, process=self.proxy)

    def tell_proxy(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as talk:
            talk.connect(str(self.folder / "haproxy.sock"))
            talk.sendall(f"{command}\n".encode())
            return b"".join(iter(lambda: talk.recv(4096), b"")).decode()

    def is_up(self, name: str) -> bool:
        rows = [row.split(",") for row in self.tell_proxy("show stat").splitlines()]
        return any(row[0] == "web" and row[1] == name and row[17].startswith("UP") for row in rows if len(row) > 17)

    def join(self, name: str) -> None:
        """Start a web node and let requests go to it."""
        self.nodes[name].start()
        self.tell_proxy(f"set server web/{name} state ready")
        wait_until(lambda: self.is_up(name), seconds=60, process=self.nodes[name].process)

    def leave(self, name: str) -> None:
        """Take a web node out as Kubernetes does: no new requests, some time for the running ones, then the end."""
        self.tell_proxy(f"set server web/{name} state drain")
        time.sleep(1)
        self.nodes[name].end()

    def stop(self) -> None:
        for node in self.nodes.values():
            if node.process and node.process.poll() is None:
                node.kill()
        if self.proxy:
            self.proxy.terminate()
            self.proxy.wait(10)


@dataclass
class Load:
    """People who sign in one after the other, with password and PIN, by way of the proxy; what fails is kept."""

    cluster: Cluster
    people: int = 3
    done: int = 0
    failures: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def prepare(self) -> None:
        """Make the accounts, on a database that stands at this version."""
        self.app = create_app(self.cluster.settings())
        self.units = self.app.extensions["idp.units"]
        hashed = hashing.hasher(self.units.settings).hash(PASSWORD)
        self.accounts: list[Account] = []
        for number in range(self.people):
            mobile = f"+49151555200{number:02d}"
            with self.units.write() as work:
                of = builders.customer(work, str(2_400_001 + number), main_contact=builders.main_contact(mobile=mobile))
                account = builders.administrator(work, of)
                passwords.set_hash(work, account.id, hashed)
                self.accounts.append(account)

    def __enter__(self) -> "Load":
        for account in self.accounts:
            thread = threading.Thread(target=self._sign_in_again_and_again, args=(account,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        with self.app.app_context():
            for engine in db.engines.values():
                engine.dispose()

    def wait_for(self, more: int, seconds: float = 90) -> None:
        """Wait for so many further sign-ins."""
        until = self.done + more
        wait_until(lambda: self.done >= until, seconds=seconds)

    def _sign_in_again_and_again(self, account: Account) -> None:
        while not self._stop.is_set():
            try:
                self.sign_in(account)
                self.done += 1
            except (SystemExit, OSError, AssertionError, TryAgain, HTTPException) as failure:
                self.failures.append(f"{type(failure).__name__}: {failure}")
                time.sleep(0.2)

    def sign_in(self, account: Account) -> None:
        """Walk through one sign-in; every answer has to be a good one."""
        browser = login.Browser(f"http://127.0.0.1:{self.cluster.port}", self.cluster.issuer)
        browser.network = f"192.0.2.{self.done % 250 + 1}"  # as many people, each from a network of their own
        before = self._newest_sms(account)
        page = browser.open(f"{self.cluster.issuer}/signin")
        page = browser.fill(page, "login", username=account.username, password=PASSWORD)
        wait_until(lambda: self._newest_sms(account) != before, seconds=30)
        status, url, _ = browser.fill(page, "PIN", pin=self._pin(account))
        assert status < 400, f"{status} at {url}"
        assert "/signin/" not in url, url
        (token,) = [value for name, value in browser.cookies.items() if name.endswith("idp_session")]
        self.acknowledged.append(hash_token(token))

    def lost(self) -> list[str]:
        """Tell which sign-ins were acknowledged and are not in the database."""
        with self.units.read() as work:
            kept = set(work.db.scalars(select(Session.token_hash)))
        return [one for one in self.acknowledged if one not in kept]

    def _newest_sms(self, account: Account) -> int:
        with self.units.read() as work:
            found = demo.latest(work, str(account.mobile), "sms")
        return found.id if found else 0

    def _pin(self, account: Account) -> str:
        with self.units.read() as work:
            found = demo.latest(work, str(account.mobile), "sms")
        assert found
        return str(found.pin)
