"""Which endpoints scripts of other origins may call (W3C Fetch, CORS protocol): those of registered origins, without cookies.

Never the authorization endpoint, which only a browser's navigation asks (FAPI 2.0 §5.3.2.2), nor what machines alone ask.
"""

from flask import Flask, Response, request

from idp.errors import TryAgain
from idp.oidc.clients import origins
from idp.pages.running import running_request
from idp.unit_of_work import read_work

FOR_BROWSER_APPS = frozenset({"discovery", "jwks", "token", "userinfo", "revocation", "par", "contracts"})
"""Blueprints."""
_SENT = "Authorization, Content-Type, DPoP"
_TOLD = "DPoP-Nonce, WWW-Authenticate, Retry-After"
_MAX_AGE = "600"


def init_app(app: Flask) -> None:
    """Answer what browsers ask beforehand, and say in each answer who may read it."""
    app.before_request(_preflight)
    app.after_request(_allow)


def _preflight() -> Response | None:
    """Answer an OPTIONS request for another origin's script; nothing else of it is looked at."""
    if running_request().method != "OPTIONS":
        return None
    if request.blueprint not in FOR_BROWSER_APPS or "Access-Control-Request-Method" not in request.headers:
        return None
    response = Response(status=204)
    if _origin_is_registered():
        asked = request.url_rule.methods if request.url_rule and request.url_rule.methods else set()
        response.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(asked - {"OPTIONS", "HEAD"}))
        response.headers["Access-Control-Allow-Headers"] = _SENT
        response.headers["Access-Control-Max-Age"] = _MAX_AGE
    return response


def _allow(response: Response) -> Response:
    """Let scripts of a registered origin read the answer; whoever asks, it depends on the origin."""
    rule = running_request().url_rule
    if rule is None or rule.endpoint.partition(".")[0] not in FOR_BROWSER_APPS:
        return response
    response.headers.add("Vary", "Origin")
    if _origin_is_registered():
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Expose-Headers"] = _TOLD
    return response


def _origin_is_registered() -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    try:
        with read_work() as work:
            return origins.is_registered(work, origin)
    except TryAgain:
        return False  # the answer itself is worth more than who may read it
