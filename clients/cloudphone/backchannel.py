"""Back-channel logout: the provider tells that a session is over (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from flask import Blueprint, Flask, current_app, jsonify, request
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry
from werkzeug.wrappers import Response

from cloudphone.provider import LEEWAY, Provider, ProviderUnreachable, provider
from cloudphone.store import Store

EVENT = "http://schemas.openid.net/event/backchannel-logout"
blueprint = Blueprint("backchannel", __name__)


class LogoutTokenRefused(Exception):
    """The token is none of ours, out of date or malformed; the text is for the provider's log."""


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """What a valid logout token says."""

    jti: str
    expires: float
    sid: str | None
    sub: str | None


def init_app(app: Flask, store: Store, clock: Callable[[], float] = time.time) -> None:
    """Mount the logout endpoint."""
    app.extensions["cloudphone.backchannel"] = (store, clock)
    app.register_blueprint(blueprint)


@blueprint.post("/backchannel-logout")
def backchannel_logout() -> Response:
    """End the sessions that the logout token names: 200 done, 400 refused, 503 try again (§2.8)."""
    parts: tuple[Store, Callable[[], float]] = current_app.extensions["cloudphone.backchannel"]
    store, clock = parts
    try:
        notice = read_logout_token(request.form.get("logout_token", ""), provider(), clock())
        if not store.spend_logout_token(notice.jti, notice.expires + LEEWAY):
            raise LogoutTokenRefused("jti was used before")
    except LogoutTokenRefused as error:
        current_app.logger.warning("logout token refused: %s", error)
        return _answer({"error": "invalid_request", "error_description": str(error)}, 400)
    except ProviderUnreachable:
        return _answer({"error": "temporarily_unavailable"}, 503)
    store.end_sessions_of(notice.sid, notice.sub)
    return _answer({}, 200)


def read_logout_token(token: str, idp: Provider, now: float) -> LogoutNotice:
    """Verify a logout token (§2.6).

    Raises: LogoutTokenRefused, ProviderUnreachable (its keys cannot be fetched).
    """
    try:
        decoded = idp.decode(token)
        _check_claims(decoded.claims, idp, now)
    except requests.RequestException as error:
        raise ProviderUnreachable("the keys cannot be fetched") from error
    except (JoseError, ValueError) as error:
        raise LogoutTokenRefused(str(error) or "not a JWT") from error
    claims = decoded.claims
    if str(decoded.header.get("typ", "")).lower() != "logout+jwt":
        raise LogoutTokenRefused("typ is not logout+jwt")
    if not isinstance(claims["events"], dict) or not isinstance(claims["events"].get(EVENT), dict):
        raise LogoutTokenRefused("events does not name a logout")
    if "nonce" in claims:
        raise LogoutTokenRefused("nonce is not allowed")
    sid, sub = claims.get("sid"), claims.get("sub")
    if not (sid or sub) or not isinstance(sid or "", str):
        raise LogoutTokenRefused("neither sid nor sub")
    return LogoutNotice(claims["jti"], claims["exp"], sid or None, sub or None)


def _check_claims(claims: dict[str, Any], idp: Provider, now: float) -> None:
    JWTClaimsRegistry(
        now=int(now),
        leeway=LEEWAY,
        iss={"essential": True, "value": idp.server_metadata["issuer"]},
        aud={"essential": True, "value": idp.client_id},
        iat={"essential": True},
        exp={"essential": True},
        jti={"essential": True},
        events={"essential": True},
    ).validate(claims)


def _answer(body: dict[str, str], status: int) -> Response:
    answer = jsonify(body)
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    return answer
