"""What an app sends in the flows that are measured; the same bytes go to the product, to the floor and to the peer."""

import hashlib
import json
from base64 import b64encode, urlsafe_b64encode
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import parse_qs, urlencode, urlsplit

from bench import load
from bench.load import Answer, Failed, Operation, Steps

REDIRECT_URI = "https://app.example/callback"
APP, MACHINE_ES256, MACHINE_RS256 = "bench-app", "bench-machine-es256", "bench-machine-rs256"
SCOPE = "openid profile email"
VERIFIER = "a-verifier-of-at-least-43-characters-for-pkce-1"
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def secret_of(client_id: str) -> str:
    """Give the secret of a client."""
    return f"the-secret-of-the-client-{client_id}"


def basic(client_id: str) -> str:
    """Authenticate a client by its secret."""
    return "Basic " + b64encode(f"{client_id}:{secret_of(client_id)}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a server answers."""

    port: int
    authorization: str = "/authorize"
    token: str = "/token"
    jwks: str = "/jwks"
    introspection: str = "/introspect"
    userinfo: str = "/userinfo"
    discovery: str = "/.well-known/openid-configuration"


class RelyingApp:
    """Makes operations for one server."""

    def __init__(self, at: Addresses) -> None:
        self.at = at

    def get(self, path: str) -> Operation:
        """Fetch a document."""
        request = load.get(path, self.at.port)

        def steps() -> Steps:
            (yield request).expect(200)

        return steps

    def client_credentials(self, client_id: str, **form: str) -> Operation:
        """Get a token in a client's own right."""
        asked = {"grant_type": "client_credentials"} | form
        request = load.post(self.at.token, self.at.port, asked, authorization=basic(client_id))

        def steps() -> Steps:
            answer = yield request
            if answer.expect(200).body.count(b".") < 2:
                raise Failed(f"no JWT: {answer.body!r}")

        return steps

    def introspection(self, tokens: list[str]) -> Operation:
        """Ask about one access token after the other."""
        at, headers = self.at, {"authorization": basic(APP)}
        requests = cycle([load.post(at.introspection, at.port, {"token": token}, **headers) for token in tokens])

        def steps() -> Steps:
            answer = yield next(requests)
            if not json.loads(answer.expect(200).body)["active"]:
                raise Failed("the token is not active")

        return steps

    def userinfo(self, tokens: list[str]) -> Operation:
        """Ask who it is, for one access token after the other."""
        requests = cycle([load.get(self.at.userinfo, self.at.port, authorization=f"Bearer {token}") for token in tokens])

        def steps() -> Steps:
            answer = yield next(requests)
            if "sub" not in json.loads(answer.expect(200).body):
                raise Failed(f"no sub: {answer.body!r}")

        return steps

    def refresh(self, tokens: list[str]) -> Operation:
        """Redeem one refresh token after the other; each leaves its successor."""
        waiting = deque(tokens)

        def steps() -> Steps:
            token = waiting.popleft()
            form = {"grant_type": "refresh_token", "refresh_token": token}
            answer = yield load.post(self.at.token, self.at.port, form, authorization=basic(APP))
            successor = json.loads(answer.expect(200).body)["refresh_token"]
            if successor == token:
                raise Failed("the refresh token was not rotated")
            waiting.append(successor)

        return steps

    def code_flow(self, browsers: list[dict[str, str]]) -> Operation:
        """Let one signed-in browser after the other fetch a code, and redeem it."""
        turn = cycle(browsers)

        def steps() -> Steps:
            browser = next(turn)
            answer = yield self.authorize(browser)
            yield from self.redeem(answer)

        return steps

    def authorize(self, browser: dict[str, str]) -> bytes:
        """Send a browser to the authorization endpoint."""
        query = {
            "client_id": APP,
            "redirect_uri": REDIRECT_URI,
            "response_type": "code",
            "scope": SCOPE,
            "state": "a-state-of-the-app",
            "nonce": "a-nonce-of-the-app",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return load.get(f"{self.at.authorization}?{urlencode(query)}", self.at.port, **cookie_header(browser))

    def redeem(self, answer: Answer) -> Steps:
        """Exchange the code of an answer for tokens."""
        self.tokens_in((yield self.redemption(answer)))

    def redemption(self, answer: Answer) -> bytes:
        """Write the request that redeems the code of an answer."""
        if answer.status not in (302, 303):
            answer.expect(303)
        location = answer.header("location")
        if not location.startswith(REDIRECT_URI):
            raise Failed(f"led to {location}")
        code = parse_qs(urlsplit(location).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
        return load.post(self.at.token, self.at.port, form, authorization=basic(APP))

    def tokens_in(self, answer: Answer) -> dict[str, str]:
        """Read the tokens of an answer."""
        tokens: dict[str, str] = json.loads(answer.expect(200).body)
        if not {"access_token", "id_token", "refresh_token"} <= tokens.keys():
            raise Failed(f"tokens are missing: {answer.body!r}")
        return tokens

    def first_tokens(self, browsers: list[dict[str, str]], collected: list[dict[str, str]]) -> Operation:
        """Fetch tokens and keep them, for the operations that need some."""
        turn: Iterator[dict[str, str]] = cycle(browsers)

        def steps() -> Steps:
            answer = yield self.authorize(next(turn))
            collected.append(self.tokens_in((yield self.redemption(answer))))

        return steps


def cookie_header(browser: dict[str, str]) -> dict[str, str]:
    """Send a browser's cookies."""
    return {"cookie": "; ".join(f"{name}={value}" for name, value in browser.items())} if browser else {}
