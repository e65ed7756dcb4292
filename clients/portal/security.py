"""What each answer must carry, and on which name the portal answers."""

from __future__ import annotations

import secrets
from urllib.parse import quote, urlsplit

from flask import Flask, g, redirect, request
from werkzeug.wrappers import Response

from portal.settings import Settings

MACHINES = ("/health/", "/backchannel-logout", "/static/")


def init_app(app: Flask, settings: Settings) -> None:
    """Set the cookie's attributes, the headers and the own name."""
    app.config.update(
        SECRET_KEY=settings.session_secret,
        SESSION_COOKIE_NAME=settings.cookie_name,
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    policy = content_security_policy(settings)

    @app.before_request
    def number_the_request() -> None:
        g.request_number = secrets.token_hex(4)

    @app.before_request
    def answer_on_own_name() -> Response | None:
        """Lead 127.0.0.1 to localhost (or the other way): the cookie of one is unknown on the other."""
        own = urlsplit(settings.base_url).netloc
        if not settings.on_loopback or request.method != "GET" or request.host == own:
            return None
        if request.path.startswith(MACHINES):
            return None
        query = request.query_string.decode("ascii", "ignore")
        return redirect(settings.base_url + quote(request.path) + (f"?{query}" if query else ""))

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if settings.secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response


def is_own_path(path: str) -> bool:
    """Tell whether an address is a page of ours.

    Browsers take a second slash or a backslash for the beginning of another host, and leave tabs and line breaks out before they look.
    """
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()


def content_security_policy(settings: Settings) -> str:
    """Nothing but own styles and pictures; forms may lead to the provider, because the logout's answer redirects there."""
    parts = urlsplit(settings.issuer)
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {parts.scheme}://{parts.netloc}"
    )
