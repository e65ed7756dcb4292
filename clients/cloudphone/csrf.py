"""The token that each own form carries, so that no other site can send it."""

from __future__ import annotations

import hmac
import secrets

from flask import abort, request, session

KEY = "csrf"


def token() -> str:
    """Give this browser's token, made at first need."""
    if KEY not in session:
        session[KEY] = secrets.token_urlsafe(24)
    value: str = session[KEY]
    return value


def check() -> None:
    """Refuse a form from elsewhere (400)."""
    sent, expected = request.form.get("csrf_token", ""), session.get(KEY, "")
    if request.headers.get("Sec-Fetch-Site") == "cross-site" or not expected:
        abort(400)
    if not hmac.compare_digest(sent.encode(), expected.encode()):
        abort(400)
