"""One public address: a page asked for under another host name is found at the issuer's, where its cookies are."""

from urllib.parse import urlsplit

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from idp.pages.machines import asks_machine
from idp.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Send pages on foreign host names to the issuer's address (or leave them, on the staff's own origin)."""
    issuer = settings.issuer_address
    own = {_authority(issuer), _authority(settings.staff_origin)}

    def to_own_address() -> Response | None:
        if request.method not in ("GET", "HEAD") or asks_machine() or _authority(f"{request.scheme}://{request.host}") in own:
            return None
        query = request.query_string.decode("ascii", "ignore")
        return redirect(issuer + request.path + (f"?{query}" if query else ""), 302)

    app.before_request(to_own_address)


def _authority(address: str) -> tuple[str, int]:
    """Give host and port; the scheme is the proxy's affair, so both default ports mean the same."""
    parts = urlsplit(address)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return (parts.hostname or "").lower(), 443 if port in (None, 80, 443) else port or 0
