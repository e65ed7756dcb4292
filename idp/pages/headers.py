"""Security headers of every answer; a page adds the few origins that its own forms and frames may reach.

Content-Security-Policy Level 3; nothing inline, nothing from elsewhere.
"""

import re
from urllib.parse import urlsplit

from flask import Flask, Response, g

from idp.settings import Settings

_ONE_YEAR = 31_536_000
_SOURCE = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+|[A-Za-z][A-Za-z0-9+.-]*:")
"""One origin and no more: a `*` would stand for all hosts, a `;` would begin a directive."""
_FEATURES = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


def init_app(app: Flask, settings: Settings) -> None:
    """Put the headers on each answer."""

    def protect(response: Response) -> Response:
        headers = response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        if settings.over_https:
            headers["Strict-Transport-Security"] = f"max-age={_ONE_YEAR}"
        headers.setdefault("Referrer-Policy", g.get("referrer_policy", "same-origin"))
        if (response.content_type or "").startswith("text/html"):
            _protect_page(response)
        return response

    app.after_request(protect)


def allow_form_redirect(redirect_uri: str) -> None:
    """Let this page's forms end at a proven redirect URI: Chromium checks the whole redirect chain after a POST."""
    _add("form_origins", redirect_uri)


def allow_frame(address: str) -> None:
    """Let this page load a proven address in a frame (front-channel logout)."""
    _add("frame_origins", address)


def hide_address() -> None:
    """Send no referrer from this page, because its own address holds a secret."""
    g.referrer_policy = "no-referrer"


def _protect_page(response: Response) -> None:
    headers = response.headers
    forms: list[str] = g.get("form_origins", [])
    headers.setdefault(
        "Content-Security-Policy",
        "; ".join(
            [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "img-src 'self' data:",
                "font-src 'self'",
                "connect-src 'self'",
                " ".join(["form-action 'self'", *forms]),
                " ".join(["frame-src", *(g.get("frame_origins") or ["'none'"])]),
                "frame-ancestors 'none'",
                "base-uri 'none'",
            ]
        ),
    )
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Frame-Options"] = "DENY"
    headers["Permissions-Policy"] = _FEATURES
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if not forms:  # an app that opened the sign-in in a window of its own must find that window again
        headers["Cross-Origin-Opener-Policy"] = "same-origin"


def _add(list_name: str, address: str) -> None:
    origins: list[str] = g.setdefault(list_name, [])
    parts = urlsplit(address)
    web = parts.scheme in ("http", "https")
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if web else f"{parts.scheme}:"
    if _SOURCE.fullmatch(origin) and origin not in origins:
        origins.append(origin)
