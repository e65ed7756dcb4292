"""The three running servers of the demo, as `make run` starts them, and what an operator and the ordering system do beside them."""

import base64
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

from flask import Flask

from idp.app import create_app
from idp.database import db
from idp.directory.provisioning import ContractEntry
from idp.messaging import demo
from idp.messaging.demo import DemoMessage
from idp.settings import load_settings
from idp.unit_of_work import SYSTEM, Units
from tests import builders
from tests.servers import ROOT, free_port, wait_until
from tests.visitor import give_password

GOOD_PASSWORD = "grüne Laterne am alten Hafen 47"


def three_ports() -> int:
    """Give a port of which the two above are ours too."""
    return free_port(following=2)


@dataclass
class Stack:
    """One running demo with a data folder of its own."""

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=three_ports)
    process: subprocess.Popen[str] | None = None
    _provisioning: dict[str, str] | None = None

    @property
    def idp(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def portal(self) -> str:
        return f"http://localhost:{self.port + 1}"

    @property
    def cloudphone(self) -> str:
        return f"http://localhost:{self.port + 2}"

    @property
    def variables(self) -> dict[str, str]:
        return os.environ | {"IDP_DATA_DIR": str(self.data_dir), "IDP_METRICS_PORT": "0"} | self.environment

    def start(self) -> None:
        log = (self.data_dir / "stack.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "idp.cli", "demo", "--port", str(self.port)],
            cwd=ROOT,
            env=self.variables,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        log.close()
        wait_until(self._is_ready, seconds=120, process=self.process)

    def _is_ready(self) -> bool:
        return "ready" in (self.data_dir / "stack.log").read_text().splitlines()

    def stop(self) -> None:
        if "app" in self.__dict__:
            with self.app.app_context():
                for engine in db.engines.values():
                    engine.dispose()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def command(self, *arguments: str) -> Any:
        """Run an `idp` command and give its JSON answer."""
        done = subprocess.run(
            [sys.executable, "-m", "idp.cli", *arguments, "--json"],
            cwd=ROOT,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    @cached_property
    def app(self) -> Flask:
        """The provider on the stack's database, to read messages without a process for each."""
        with mock.patch.dict(os.environ, self.variables):
            return create_app(load_settings("demo", port=self.port))

    def message(self, to: str, kind: str, after: int = 0) -> DemoMessage:
        """Wait for the newest message to an address or number."""
        found: list[DemoMessage | None] = [None]

        def arrived() -> bool:
            with self.app.extensions["idp.units"].read() as work:
                found[0] = demo.latest(work, to, kind, after)
            return found[0] is not None

        wait_until(arrived)
        assert found[0]
        return found[0]

    def newest(self, to: str, kind: str) -> int:
        """Tell the id of the newest message to an address or number, 0 if there is none."""
        with self.app.extensions["idp.units"].read() as work:
            found = demo.latest(work, to, kind)
        return found.id if found else 0

    def demo_user(self, username: str) -> dict[str, Any]:
        return next(user for user in self.demo_users if user["username"] == username)

    @cached_property
    def demo_users(self) -> list[dict[str, Any]]:
        """What `idp demo users --json` says."""
        return self.command("demo", "users")

    def active_firm(self, firm: "Firm | None" = None, **contact_changes: str) -> "Firm":
        """Make up a customer whose first administrator has a password already: activation by link and PIN is another test's subject."""
        firm = firm or new_firm()
        units: Units = self.app.extensions["idp.units"]
        with units.write(SYSTEM) as work:
            contact = builders.main_contact(email=firm.email, mobile=firm.mobile, **contact_changes)
            contracts = tuple(ContractEntry(one["id"], one["product"], one["label"]) for one in firm.document["contracts"])
            customer = builders.customer(work, firm.number, name=firm.document["name"], main_contact=contact, contracts=contracts)
            account = builders.administrator(work, customer)
        give_password(units, account, GOOD_PASSWORD)
        return firm

    # --- the ordering system

    def provision(self, number: str, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Send the ordering system's document of a customer."""
        request = urllib.request.Request(
            f"{self.idp}/api/v1/customers/{number}",
            data=json.dumps(document).encode(),
            method="PUT",
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._ordering_token()}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.load(refusal)

    def _ordering_token(self) -> str:
        if self._provisioning is None:
            self._provisioning = self.command(
                "client", "create", "--name", "Ordering system", "--grant", "client_credentials", "--scope", "provisioning"
            )
        client = self._provisioning
        credentials = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
        request = urllib.request.Request(
            f"{self.idp}/token",
            data=urllib.parse.urlencode({"grant_type": "client_credentials", "scope": "provisioning"}).encode(),
            headers={"Authorization": f"Basic {credentials}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["access_token"]


@dataclass(frozen=True)
class Firm:
    """A customer as the ordering system knows it, with a number and contact of its own for one test."""

    number: str
    email: str
    mobile: str
    document: dict[str, Any]

    @property
    def username(self) -> str:
        return f"customer{self.number}"

    @property
    def phone_contract(self) -> str:
        return self.document["contracts"][0]["id"]


def new_firm(*, locale: str = "de") -> Firm:
    """Make up a customer that no other test has: two cloud phone contracts and an internet line."""
    number = str(3_000_000 + secrets.randbelow(6_000_000))
    email, mobile = f"max.muster@k{number}.example", f"+49151{secrets.randbelow(90_000_000) + 10_000_000}"
    return Firm(
        number,
        email,
        mobile,
        {
            "name": "Muster GmbH",
            "contracts": [
                {"id": f"CP-{number}-1", "product": "cloud_phone", "label": "Zentrale", "active": True},
                {"id": f"CP-{number}-2", "product": "cloud_phone", "label": "Lager", "active": True},
                {"id": f"NET-{number}", "product": "internet", "label": "Internet", "active": True},
            ],
            "main_contact": {
                "salutation": "Herr",
                "given_name": "Max",
                "family_name": "Muster",
                "email": email,
                "mobile": mobile,
                "locale": locale,
            },
        },
    )


def masked(number: str) -> str:
    """The number as the PIN page shows it."""
    return re.sub(r".*(\d{4})$", r"…\1", number)
