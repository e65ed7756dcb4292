"""The programs of the relying party's guide, taken from its page and run as they stand there, against the running provider."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from idp.oidc.clients import clients
from idp.unit_of_work import SYSTEM
from tests.conformance.person import Person
from tests.conformance.provider import Provider
from tests.conformance.stock_client import FOLDER, key_pair
from tests.servers import ROOT, free_port, wait_until

GUIDE = ROOT / "docs" / "relying-apps.md"
ISSUER, PORT, CALLBACK = "http://localhost:8000", "8650", "https://app.example/callback"
"""What the page says; the tests' provider and app have other ports."""


def program(language: str, containing: str, provider: Provider, port: int = 0) -> str:
    """Take a program from the page, and let it speak with the tests' provider."""
    (found,) = [
        text for text in re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL) if containing in text
    ]
    return found.replace(ISSUER, provider.idp).replace(PORT, str(port))


def registered(provider: Provider, port: int) -> str:
    """Register `my-app` as the page does, anew for each program; gives its secret."""
    with provider.units.write(SYSTEM) as work:
        if clients.find(work, "my-app"):
            clients.delete(work, "my-app")
    here = f"http://localhost:{port}"
    scope = "openid profile roles contracts"
    metadata = {"scope": scope, "authorization_details_types": ["cloud_phone"], "post_logout_redirect_uris": [f"{here}/"]}
    return str(provider.register(f"{here}/callback", client_id="my-app", **metadata).secret)


@contextmanager
def running(command: list[str], address: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run an app until the end of the block; it is ready when it answers at all."""

    def answers() -> bool:
        try:
            requests.get(address, timeout=5, allow_redirects=False)
        except requests.ConnectionError:
            return False
        return True

    with subprocess.Popen(command, text=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **options) as process:
        try:
            wait_until(answers, process=process)
            yield process
        finally:
            process.terminate()


def test_the_python_program_signs_a_person_in_and_out(provider: Provider, person: Person, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "app.py").write_text(program("python", "OAuth(app)", provider, port))
    environment = os.environ | {"CLIENT_SECRET": registered(provider, port)}
    command = [sys.executable, "-m", "flask", "--app", "app", "run", "--port", str(port)]
    with running(command, f"http://localhost:{port}/static/none", cwd=tmp_path, env=environment):
        person.signed_in(f"http://localhost:{port}/", provider.administrator)
        assert person.page.json()["preferred_username"] == provider.administrator.username
        done = person.browser.post(f"http://localhost:{port}/logout", allow_redirects=False, timeout=20)
        assert person.open(done.headers["Location"]).startswith(f"{provider.idp}/signin/"), "home asks for a sign-in again"


def test_the_node_program_gets_tokens_for_one_contract(provider: Provider, person: Person) -> None:
    port = free_port()
    text = program("js", "createServer", provider, port)
    environment = os.environ | {"CLIENT_SECRET": registered(provider, port)}
    command = ["node", "--input-type=module", "--eval", text]
    with running(command, f"http://localhost:{port}/callback", cwd=FOLDER, env=environment):
        person.signed_in(f"http://localhost:{port}/?contract=CP-4711", provider.administrator)
        told = person.page.json()
        person.open(f"http://localhost:{port}/?contract=CP-0000")
        refused = person.page
    assert told["granted"] == [{"type": "cloud_phone", "contract": "CP-4711"}]
    assert told["user"]["preferred_username"] == provider.administrator.username
    assert (refused.status_code, refused.text) == (403, "access_denied")


def test_the_fapi_program_gets_tokens_bound_to_its_key(provider: Provider, person: Person, tmp_path: Path) -> None:
    private, public = key_pair("ES256")
    (tmp_path / "private.json").write_text(json.dumps(private))
    provider.register(CALLBACK, client_id="my-fapi-app", profile="fapi2", jwks={"keys": [public]}, scope="openid contracts")
    command = ["node", "--input-type=module", "--eval", program("js", "getDPoPHandle", provider)]
    environment = os.environ | {"PRIVATE_KEY": str(tmp_path / "private.json")}
    with subprocess.Popen(command, cwd=FOLDER, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        arrived = person.signed_in(process.stdout.readline().strip(), provider.administrator)
        output, _ = process.communicate(f"{arrived}\n", timeout=20)
    told = json.loads(output)
    assert told["sub"] == provider.administrator.sub
    assert {contract["id"] for contract in told["contracts"]} == {"CP-4711", "CP-4712", "IN-1001"}


def test_the_page_registers_what_its_programs_use() -> None:
    text = GUIDE.read_text()
    assert "--client-id my-app " in text
    assert "--client-id my-fapi-app --first-party --profile fapi2 --jwks" in text


@pytest.mark.parametrize("value", ["/authorize", "/par", "/device-authorization", "/register", "/introspect", "/revoke", "/end-session"])
def test_the_addresses_that_the_page_names_are_those_of_discovery(provider: Provider, value: str) -> None:
    metadata = requests.get(f"{provider.idp}/.well-known/openid-configuration", timeout=20).json()
    assert f"{provider.idp}{value}" in metadata.values()
    assert f"`{value}`" in GUIDE.read_text() or f"`<issuer>{value}`" in GUIDE.read_text()
