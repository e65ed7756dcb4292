"""Clients that sign their requests, and tokens of the provider that a client verifies by its published keys."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp.oidc.keys.jose import Algorithm, SigningKey, Verified, generate, load_public_keys, load_signing_key, sign, verify
from tests.http.oidc.browsing import ISSUER, Browser, asking

OBJECT = "oauth-authz-req+jwt"
REFERENCE = "https://app.example/request.jwt"


class Signer:
    """A client's key pair."""

    def __init__(self, algorithm: Algorithm) -> None:
        kid, self.public, private = generate(algorithm)
        self.key: SigningKey = load_signing_key(kid, algorithm, private)
        self.jwks = {"keys": [self.public]}

    def sign(self, claims: Mapping[str, Any], *, typ: str = OBJECT, algorithm: Algorithm | None = None) -> str:
        """Sign claims as they are."""
        return sign(claims, self.key, typ=typ, algorithm=algorithm)


@cache
def signer(algorithm: Algorithm = Algorithm.ES256, number: int = 0) -> Signer:
    """Give one of the test process's key pairs; making them takes time."""
    return Signer(algorithm)


def encoded(document: Any) -> str:
    """Write one part of a token."""
    return urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


def unsigned(claims: Any, **header: Any) -> str:
    """Make an unsigned token."""
    return f"{encoded({'alg': 'none'} | header)}.{encoded(claims)}."


def claims_at(now: datetime, **changes: Any) -> dict[str, Any]:
    """The claims of a request object of the client `app`; None leaves one out."""
    seconds = int(now.timestamp())
    known = asking() | {"iss": "app", "aud": ISSUER, "nbf": seconds, "exp": seconds + 300}
    return {name: value for name, value in (known | changes).items() if value is not None}


def proven(client: FlaskClient, token: str) -> Verified:
    """Prove a token by the provider's published keys."""
    return verify(token, load_public_keys(client.get("/jwks").json))


def send(browser: Browser, request: str, **outside: Any) -> TestResponse:
    """Open the authorization endpoint with an object, in the form of RFC 9101 §5: with the client's id outside, and nothing else."""
    return browser.get("/authorize?" + urlencode({"client_id": "app", "request": request} | outside, doseq=True))


def refused(response: TestResponse, error: str) -> bool:
    """Tell whether a page says so, and nothing leads away from it."""
    return (response.status_code, response.location) == (400, None) and f"<code>{error}</code>" in response.text
