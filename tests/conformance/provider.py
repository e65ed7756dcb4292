"""The provider as a process of its own, with demo transports and without the two demo apps; registers clients and people beside it."""

import itertools
import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from idp.authn import passwords
from idp.directory.accounts import Account
from idp.oidc.clients import clients
from idp.oidc.clients.clients import Registered
from idp.unit_of_work import SYSTEM, Units
from tests import builders
from tests.browser.stack import Stack
from tests.servers import ROOT, wait_until
from tests.visitor import PASSWORD

_numbers = itertools.count(1)


@dataclass
class Provider(Stack):
    """One running `idp serve` on a database of its own; commands, messages and the application beside it as a demo's."""

    def start(self) -> None:
        """Start, and wait until it is ready."""
        with (self.data_dir / "serve.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "idp.cli", "serve", "--profile", "demo", "--port", str(self.port)],
                cwd=ROOT,
                env=self.variables,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        wait_until(self._answers, seconds=60, process=self.process)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    @property
    def variables(self) -> dict[str, str]:
        """The environment; a caller's own settings do not reach it."""
        return (
            {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
            | {
                "IDP_DATA_DIR": str(self.data_dir),
                "IDP_METRICS_PORT": "0",
            }
            | self.environment
        )

    @property
    def units(self) -> Units:
        """Units of work on the provider's database."""
        units: Units = self.app.extensions["idp.units"]
        return units

    def register(self, redirect_uri: str, **metadata: Any) -> Registered:
        """Register a first-party app, unless told otherwise."""
        options = {"first_party": True} | {name: metadata.pop(name) for name in ("first_party", "profile", "client_id") if name in metadata}
        known = {
            "redirect_uris": [redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile email phone roles contracts offline_access",
            "require_pkce": True,
        }
        with self.units.write(SYSTEM) as work:
            return clients.register(work, known | metadata, **options)

    @cached_property
    def administrator(self) -> Account:
        """An Administrator Kundenportal with a mobile number, who signs in by password and PIN."""
        hashed = passwords.hasher(self.units.settings).hash(PASSWORD)
        with self.units.write(SYSTEM) as work:
            account = builders.administrator(work, builders.customer(work))
            passwords.set_hash(work, account.id, hashed)
        return account

    def log(self) -> list[dict[str, Any]]:
        """What the processes have written down."""
        lines = (self.data_dir / "serve.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]
