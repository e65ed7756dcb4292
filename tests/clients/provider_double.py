"""A tiny OpenID provider on a loopback port: the relying apps are tested against answers that a real one would never give.

A double, because the refusals need forged, foreign and out-of-date tokens; the journeys run against the real provider.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Response as WerkzeugResponse

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
KEYS: dict[str, RSAKey | ECKey] = {
    kid: RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"}) for kid in ("k1", "k2", "stranger")
}
KEYS["es256"] = ECKey.generate_key("P-256", {"kid": "es256", "use": "sig", "alg": "ES256"})
MAX = {
    "sub": "sub-max",
    "name": "Max Muster",
    "preferred_username": "customer2300229",
    "email": "max.muster@example.com",
    "roles": ["administrator-kundenportal"],
    "customer_number": "2300229",
    "locale": "de",
}
CONTRACTS = [
    {"id": "CP-4711", "product": "cloud_phone", "label": "Zentrale", "active": True},
    {"id": "CP-4712", "product": "cloud_phone", "label": "Filiale", "active": True},
    {"id": "FI-0815", "product": "fiber", "label": "Glasfaser", "active": True},
]


class ProviderDouble:
    """What the provider says next; a test changes the attribute that matters to it."""

    def __init__(self) -> None:
        self.issuer = ""
        self.reset()

    def reset(self) -> None:
        self.claims: dict[str, Any] = dict(MAX)
        self.contracts: list[dict[str, Any]] = [dict(contract) for contract in CONTRACTS]
        self.sid = "sid-1"
        self.clock: Callable[[], float] = time.time  # the apps' own, for what they check by it
        self.signing_kid = "k1"
        self.published = ["k1"]
        self.down = False
        self.metadata: dict[str, Any] = {}
        self.answer: dict[str, str] = {}  # laid over the parameters of the authorization answer
        self.id_claims: dict[str, Any] = {}  # laid over the ID token's; None takes a claim away
        self.access_claims: dict[str, Any] = {}
        self.access_header: dict[str, Any] = {}
        self.token: dict[str, Any] = {}  # laid over the token answer
        self.grants_details: Callable[[list[Any]], list[Any] | None] = lambda asked: asked
        self.refresh_error: str | None = None
        self.contracts_status = 200
        self.contracts_challenge = ""
        self.push_error: str | None = None
        self.pushed: dict[str, dict[str, str]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.details_of_refresh: dict[str, str] = {}
        self.calls: list[str] = []

    def sign(self, claims: dict[str, Any], header: dict[str, Any] | None = None, kid: str | None = None) -> str:
        kid = kid or self.signing_kid
        kept = {name: value for name, value in claims.items() if value is not None}
        for name in {"exp", "iat"} & kept.keys():
            if abs(kept[name]) < 10_000:  # a test says how far from now
                kept[name] += int(time.time())
        algorithm = str(KEYS[kid].alg)
        return jwt.encode({"alg": algorithm, "kid": kid, **(header or {})}, kept, KEYS[kid], algorithms=[algorithm])

    def logout_token(self, client_id: str, *, typ: str = "logout+jwt", kid: str | None = None, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": client_id,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(8),
            "sid": self.sid,
            "sub": self.claims["sub"],
            "events": {LOGOUT_EVENT: {}},
            **changes,
        }
        return self.sign(claims, {"typ": typ}, kid)

    def sign_in(self, address: str, error: str | None = None) -> str:
        """Play the person: take the authorization request, give the address that the browser is sent back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        asked = self.pushed.pop(query["request_uri"]) if "request_uri" in query else query
        answer = {"state": asked["state"], "iss": self.issuer}
        if error:
            answer["error"] = error
        else:
            answer["code"] = secrets.token_hex(8)
            self.codes[answer["code"]] = asked
        answer |= self.answer
        return f"{asked['redirect_uri']}?{urlencode({name: value for name, value in answer.items() if value})}"

    def tokens(self, asked: dict[str, str], client_id: str) -> dict[str, Any]:
        now = int(time.time())
        details = self.grants_details(json.loads(asked["authorization_details"])) if "authorization_details" in asked else None
        access = {
            "iss": self.issuer,
            "sub": self.claims["sub"],
            "aud": self.issuer,
            "client_id": client_id,
            "iat": int(self.clock()),
            "exp": int(self.clock()) + 300,
            "jti": secrets.token_hex(8),
            "scope": asked.get("scope"),
            "authorization_details": details,
            **self.access_claims,
        }
        identity = {
            "iss": self.issuer,
            "sub": self.claims["sub"],
            "aud": client_id,
            "iat": now,
            "exp": now + 300,
            "sid": self.sid,
            "nonce": asked.get("nonce"),
            **self.id_claims,
        }
        refresh = secrets.token_hex(8)
        self.details_of_refresh[refresh] = asked.get("authorization_details", "")
        answer = {
            "access_token": self.sign(access, {"typ": "at+jwt", **self.access_header}),
            "id_token": self.sign(identity),
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": 300,
            "authorization_details": details,
            **self.token,
        }
        return {name: value for name, value in answer.items() if value is not None}


def build_app(double: ProviderDouble) -> Flask:
    app = Flask("provider_double")

    @app.before_request
    def away() -> tuple[str, int] | None:
        double.calls.append(request.path)
        return ("<h1>bad gateway</h1>", 502) if double.down else None

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        issuer = double.issuer
        return jsonify(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "jwks_uri": f"{issuer}/jwks",
                "pushed_authorization_request_endpoint": f"{issuer}/par",
                "end_session_endpoint": f"{issuer}/logout",
                "id_token_signing_alg_values_supported": ["RS256", "HS256"],
                "authorization_response_iss_parameter_supported": True,
                **double.metadata,
            }
        )

    @app.get("/jwks")
    def jwks() -> Response:
        return jsonify({"keys": [KEYS[kid].as_dict(private=False) for kid in double.published]})

    _add_authorization(app, double)
    _add_resources(app, double)
    return app


def _add_authorization(app: Flask, double: ProviderDouble) -> None:
    @app.get("/authorize")
    def authorize() -> WerkzeugResponse:
        return redirect(double.sign_in(request.url))

    @app.post("/par")
    def push() -> tuple[Response, int]:
        if double.push_error:
            return jsonify({"error": double.push_error}), 400
        if not request.authorization:
            return jsonify({"error": "invalid_client"}), 401
        reference = f"urn:ietf:params:oauth:request_uri:{secrets.token_hex(8)}"
        double.pushed[reference] = request.form.to_dict()
        return jsonify({"request_uri": reference, "expires_in": 90}), 201

    @app.post("/token")
    def token() -> tuple[Response, int]:
        form, client = request.form, request.authorization
        if client is None or client.password is None:
            return jsonify({"error": "invalid_client"}), 401
        if form["grant_type"] == "refresh_token":
            details = double.details_of_refresh.pop(form["refresh_token"], None)
            if double.refresh_error or details is None:
                return jsonify({"error": double.refresh_error or "invalid_grant"}), 400
            asked = {"authorization_details": details} if details else {}
            return jsonify(double.tokens(asked, str(client.username))), 200
        asked = double.codes.pop(form["code"], {})
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if not asked or asked.get("code_challenge_method") != "S256" or asked.get("code_challenge") != challenge:
            return jsonify({"error": "invalid_grant"}), 400
        return jsonify(double.tokens(asked, str(client.username))), 200


def _add_resources(app: Flask, double: ProviderDouble) -> None:
    @app.get("/userinfo")
    def userinfo() -> Response:
        return jsonify(double.claims)

    @app.get("/api/v1/me/contracts")
    def contracts() -> tuple[Response, int, dict[str, str]]:
        challenge = {"WWW-Authenticate": double.contracts_challenge} if double.contracts_challenge else {}
        return jsonify({"contracts": double.contracts}), double.contracts_status, challenge

    @app.get("/logout")
    def logout() -> WerkzeugResponse:
        back = f"{request.args['post_logout_redirect_uri']}?{urlencode({'state': request.args['state']})}"
        return redirect(back)


class RunningDouble:
    """The double behind a real socket."""

    def __init__(self) -> None:
        self.double = ProviderDouble()
        self.server = make_server("127.0.0.1", 0, build_app(self.double), threaded=True)
        self.double.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
