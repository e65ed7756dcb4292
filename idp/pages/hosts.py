"""One public address: a page asked for under another host name is found at the issuer's, where its cookies are.

Behind proxies the configured number of hops is believed for scheme, host and caller. An issuer with a path works whether the proxy
passes the path on or strips it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, redirect, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from idp.pages.machines import asks_machine
from idp.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


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
    path = urlsplit(issuer).path
    if path:
        app.wsgi_app = Mounted(app.wsgi_app, path)  # type: ignore[method-assign]
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


class Mounted:
    """The application under the issuer's path; addresses that it makes carry the path."""

    def __init__(self, application: "WSGIApplication", path: str) -> None:
        self.application = application
        self.path = path

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Take the path off the asked address, unless a proxy has done so."""
        asked = environ.get("PATH_INFO", "")
        if asked == self.path or asked.startswith(self.path + "/"):
            environ["PATH_INFO"] = asked[len(self.path) :]
        environ["SCRIPT_NAME"] = self.path
        return self.application(environ, start_response)


def _authority(address: str) -> tuple[str, int]:
    """Give host and port; the scheme is the proxy's affair, so both default ports mean the same."""
    parts = urlsplit(address)
    try:
        port = parts.port
    except ValueError:
        port = -1
    return (parts.hostname or "").lower(), 443 if port in (None, 80, 443) else port or 0
