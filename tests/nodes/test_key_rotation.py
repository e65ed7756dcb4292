"""Signing keys are rotated under load: no token, from whichever process, is ever refused by a relying party or a resource."""

import json
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from base64 import b64encode

import pytest

from idp.oidc.clients import clients
from idp.oidc.keys.jose import BadToken, VerifyingKey, load_public_keys, verify
from tests.nodes.cluster import Cluster, Load
from tests.nodes.test_nodes import start

pytestmark = pytest.mark.slow

NOTICED = 10.0
"""Seconds after which all processes know of a rotation (PROTOCOL: Keys)."""


class RelyingParty:
    """Gets tokens, verifies them by keys that it fetches anew for an unknown one only, and has them introspected."""

    def __init__(self, cluster: Cluster, client_id: str, secret: str) -> None:
        self.address = f"http://127.0.0.1:{cluster.port}"
        self.host = cluster.issuer.removeprefix("http://")
        self.authorization = "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()
        self.keys: tuple[VerifyingKey, ...] = ()
        self.verified: set[str] = set()
        self.done = 0
        self.failures: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            try:
                self.use_a_token()
                self.done += 1
            except (OSError, BadToken, AssertionError) as failure:
                self.failures.append(f"{type(failure).__name__}: {failure}")

    def use_a_token(self) -> None:
        token = self.ask("/token", grant_type="client_credentials")["access_token"]
        header = verify(token, self.keys_for(token)).header
        self.verified.add(header["kid"])
        assert self.ask("/introspect", token=token)["active"], "a living token is told as dead"

    def keys_for(self, token: str) -> tuple[VerifyingKey, ...]:
        try:
            verify(token, self.keys)
        except BadToken:
            self.keys = load_public_keys(self.ask("/jwks"))
        return self.keys

    def ask(self, path: str, **form: str) -> dict:
        data = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(self.address + path, data=data, headers={"Host": self.host})
        if form:
            request.add_header("Authorization", self.authorization)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def registered(load: Load) -> tuple[str, str]:
    """Register a machine client."""
    with load.units.write() as work:
        made = clients.register(
            work, {"grant_types": ["client_credentials"], "scope": "provisioning", "id_token_signed_response_alg": "ES256"}
        )
    assert made.secret
    return made.client.id, made.secret


def test_no_verification_fails_while_keys_are_rotated(cluster):
    _, load = start(cluster)
    party = RelyingParty(cluster, *registered(load))
    thread = threading.Thread(target=party.run, daemon=True)
    with load:
        load.wait_for(2)
        thread.start()
        for _ in range(3):
            subprocess.run([sys.executable, "-m", "idp.cli", "keys", "rotate", "--now"], env=cluster.environment("rotate"), check=True)
            time.sleep(NOTICED + 1)
            load.wait_for(2)
        party.over.set()
        thread.join(30)
    assert party.failures == []
    assert load.failures == [], "\n".join(load.failures)
    assert len(party.verified) == 4  # the first key, and each one that followed
    print(f"\n{party.done} tokens by {len(party.verified)} keys, {load.done} sign-ins, no failed verification")
