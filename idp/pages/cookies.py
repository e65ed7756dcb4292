"""The cookies of a browser: session (one for each area), binding of the browser, and Flask's signed state.

`idp_session` proves who is signed in, `idp_staff` the same among the carrier's own people (their tokens are stored hashed by
`authn.sessions`). `idp_browser` names the device: made on a GET,
never set or replaced by a POST, stored hashed. `idp_state` is Flask's session: CSRF token, flash messages, language, never identity.
On https all are Secure and carry the `__Host-` prefix; none has a Domain, so no other host of the domain sees or sets them.
"""

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask, Response, g, request

from idp import crypto
from idp.authn.areas import Area
from idp.identifiers import BrowserHash, new_token
from idp.pages.state_cookie import StateCookie
from idp.settings import Settings
from idp.unit_of_work import current_units

TWO_YEARS = int(timedelta(days=730).total_seconds())
_TOKEN_LENGTH = 43
"""Characters of `new_token()`; anything else in the cookie was not made here."""
_OF_AREA = {Area.PUBLIC: "idp_session", Area.STAFF: "idp_staff"}


@dataclass(frozen=True, slots=True)
class Browser:
    """The browser that sends the request; `known` is false when its cookie is only being made with this answer."""

    hash: BrowserHash
    known: bool


def init_app(app: Flask, settings: Settings) -> None:
    """Name and protect Flask's own cookie, and send a new `idp_browser` with the answer that needs it."""
    app.session_interface = StateCookie()
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name("idp_state", settings),
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_SECURE=settings.over_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.after_request(_send_new_browser)


def cookie_name(name: str, settings: Settings) -> str:
    """Give the name under which a cookie travels."""
    return f"__Host-{name}" if settings.over_https else name


def bound_browser() -> Browser | None:
    """Tell which browser asks; none if it carries no `idp_browser` cookie. For POST: no cookie means another browser."""
    made: str | None = g.get("new_browser")
    token = request.cookies.get(cookie_name("idp_browser", current_units().settings), "")
    if made is None and len(token) != _TOKEN_LENGTH:
        return None
    return Browser(BrowserHash(crypto.hash_token(made or token)), known=made is None)


def bind_browser() -> Browser:
    """Tell which browser asks, giving it a cookie if it has none. Only for GET. Raises: RuntimeError elsewhere."""
    found = bound_browser()
    if found:
        return found
    if request.method not in ("GET", "HEAD"):
        raise RuntimeError("a POST never makes the idp_browser cookie")
    g.new_browser = new_token()
    return Browser(BrowserHash(crypto.hash_token(g.new_browser)), known=False)


def session_token(area: Area = Area.PUBLIC) -> str | None:
    """Give the token of the caller's session cookie of an area, unproven."""
    return request.cookies.get(cookie_name(_OF_AREA[area], current_units().settings)) or None


def set_session(response: Response, token: str, area: Area = Area.PUBLIC) -> None:
    """Give the browser a session of an area; it ends with the browser, and earlier by the session's own lives."""
    _set(response, _OF_AREA[area], token, None)


def clear_session(response: Response, area: Area = Area.PUBLIC) -> None:
    """Take the area's session from the browser."""
    _set(response, _OF_AREA[area], "", 0)


def _send_new_browser(response: Response) -> Response:
    token = g.get("new_browser")
    if token:
        _set(response, "idp_browser", token, TWO_YEARS)
    return response


def _set(response: Response, name: str, value: str, max_age: int | None) -> None:
    settings = current_units().settings
    response.set_cookie(
        cookie_name(name, settings), value, max_age=max_age, path="/", secure=settings.over_https, httponly=True, samesite="Lax"
    )
