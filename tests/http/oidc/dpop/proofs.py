"""Keys that prove themselves (RFC 9449), client assertions (RFC 7523), and apps that send both: what tests of DPoP and FAPI share."""

import hashlib
import itertools
import json
from base64 import urlsafe_b64encode
from typing import Any

import flask
from joserfc.jwk import ECKey, Key
from joserfc.jws import JWSRegistry
from werkzeug.test import TestResponse

from idp.oidc.tokens import dpop
from tests.http.oidc.browsing import ISSUER
from tests.http.oidc.relying import RelyingParty

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = JWSRegistry.algorithms
_numbers = itertools.count()


def signed(header: dict[str, Any], claims: dict[str, Any], key: Key) -> str:
    """Sign anything as a compact token; the library's own way refuses wrong headers, which tests are about."""
    signed_part = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
    return f"{signed_part}.{_encoded(_ALGORITHMS[header['alg']].sign(signed_part.encode(), key))}"


class Prover:
    """A key, and proofs of holding it; as long as nothing else is asked for, each has a fresh nonce of the provider."""

    def __init__(self, app: flask.Flask, key: Key | None = None, alg: str = "ES256") -> None:
        self.units = app.extensions["idp.units"]
        self.key = key or ECKey.generate_key("P-256")
        self.alg = alg

    @property
    def jkt(self) -> str:
        """The name of the key."""
        return self.key.thumbprint()

    def proof(self, method: str, address: str, token: str | None = None, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """Prove the key for one request; changes of header and claims, None leaves one out."""
        now = self.units.clock()
        known = {
            "jti": f"proof {next(_numbers)}",
            "htm": method,
            "htu": address if "://" in address else ISSUER + address,
            "iat": int(now.timestamp()),
            "nonce": dpop.nonce(self.units.secrets, now),
        }
        if token is not None:
            known["ath"] = _encoded(hashlib.sha256(token.encode()).digest())
        heading = {"typ": "dpop+jwt", "alg": self.alg, "jwk": self.key.as_dict(private=False)} | (header or {})
        return signed(_without_none(heading), _without_none(known | changes), self.key)

    def shows(self, method: str, address: str, token: str, scheme: str = "DPoP", **changes: Any) -> dict[str, str]:
        """The headers of a request to a resource."""
        return {"Authorization": f"{scheme} {token}", "DPoP": self.proof(method, address, token, **changes)}


class Signer:
    """A client's key, and assertions of who the client is."""

    def __init__(self, app: flask.Flask, client_id: str, key: Key | None = None, alg: str = "ES256") -> None:
        self.units = app.extensions["idp.units"]
        self.client_id = client_id
        self.key = key or ECKey.generate_key("P-256")
        self.alg = alg

    @property
    def jwks(self) -> dict[str, Any]:
        """What the client registers."""
        return {"keys": [self.key.as_dict(private=False)]}

    def assertion(self, header: dict[str, Any] | None = None, **changes: Any) -> dict[str, str]:
        """The parameters of a signed assertion; changes of claims, None leaves one out."""
        now = int(self.units.clock().timestamp())
        known = {"iss": self.client_id, "sub": self.client_id, "aud": ISSUER, "exp": now + 60, "iat": now, "jti": f"a {next(_numbers)}"}
        token = signed({"alg": self.alg} | (header or {}), _without_none(known | changes), self.key)
        return {"client_assertion_type": JWT_BEARER, "client_assertion": token}


class KeyHolder(RelyingParty):
    """An app that proves a key with each request, and signs assertions if it has a signer."""

    def __init__(self, app: flask.Flask, client_id: str = "app", *, signer: Signer | None = None, prover: Prover | None = None) -> None:
        super().__init__(app, client_id)
        self.prover = prover or Prover(app)
        self.signer = signer
        if signer:
            self.auth = None

    def post(self, path: str, data: Any, **options: Any) -> TestResponse:
        """Send a form with the app's credentials and a proof; `prover=None` leaves the proof out."""
        prover = options.pop("prover", self.prover)
        headers = {"DPoP": prover.proof("POST", path)} if prover and path in ("/token", "/par") else {}
        known = self.signer.assertion() if self.signer else {}
        return super().post(path, known | data, **({"headers": headers} | options))

    def redeem(self, code: str, **changes: Any) -> TestResponse:
        """Exchange a code; with another prover, or none."""
        return self._with_prover(super().redeem, code, changes)

    def refresh(self, token: str, **changes: Any) -> TestResponse:
        """Exchange a refresh token; with another prover, or none."""
        return self._with_prover(super().refresh, token, changes)

    def userinfo(self, token: str, **options: Any) -> TestResponse:
        """Ask who it is, with a proof."""
        return self.client.get("/userinfo", headers=self.prover.shows("GET", "/userinfo", token), **options)

    def _with_prover(self, call: Any, token: str, changes: dict[str, Any]) -> TestResponse:
        if "prover" not in changes:
            return call(token, **changes)
        usual, self.prover = self.prover, changes.pop("prover")
        try:
            return call(token, **changes)
        finally:
            self.prover = usual


def _encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).decode().rstrip("=")


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
