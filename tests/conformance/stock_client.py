"""Node.js with openid-client, a certified client library: one process, asked line by line."""

import json
import subprocess
from types import TracebackType
from typing import Any

from idp.oidc.keys.jose import Algorithm, generate
from tests.servers import ROOT

FOLDER = ROOT / "tests" / "stock_client"


class Refused(Exception):
    """The library did not go on; `error` is the provider's code or its own."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(f"{error}: {message}")
        self.error = error


class StockClient:
    """The library's process."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def __enter__(self) -> "StockClient":
        self.process = subprocess.Popen(["node", "driver.mjs"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def ask(self, command: str, **asked: Any) -> Any:
        """Let the library do something. Raises: Refused."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"command": command} | asked) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise Refused(answer["error"], f"{answer['message']} {answer['cause']}")
        return answer["result"]


class App:
    """One app that uses the library; without secret and key it is a public client."""

    def __init__(self, library: StockClient, name: str, **asked: Any) -> None:
        self.library = library
        self.name = name
        self.asked = asked
        self.provider_metadata: dict[str, Any] = {}

    def __getattr__(self, command: str) -> Any:
        return lambda **asked: self.library.ask(command, app=self.name, **asked)

    def discover(self, client_id: str) -> "App":
        """Read the provider's metadata."""
        self.provider_metadata = self.library.ask("discover", app=self.name, issuer=self.library.issuer, client_id=client_id, **self.asked)
        return self

    def begin(self, how: str = "query", **parameters: str) -> str:
        """Give the address to which the browser goes."""
        address: str = self.library.ask("begin", app=self.name, how=how, parameters=parameters)
        return address


def key_pair(alg: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make an app's key: the whole for the library, the public part for the registration."""
    kid, public, private = generate(Algorithm(alg))
    return json.loads(private) | {"kid": kid}, public
