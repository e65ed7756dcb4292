"""One public address: a page asked for under another host name is found at the issuer's, where its cookies are.

Staff's pages may have an origin of their own: then they exist only there, and there nearly nothing else does. Behind proxies the
configured number of hops is believed for scheme, host and caller. An issuer with a path works whether the proxy passes the path on or
strips it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from flask import Blueprint, Flask, redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from idp.authn.areas import Area
from idp.pages.machines import asks_machine
from idp.settings import Settings
from idp.unit_of_work import current_units

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


_EVERYWHERE = frozenset({"health", "signin"})
"""Health checks ask any host; a sign-in belongs to the area for which it was started (`web.callers.find_signin`)."""
STAFF_HOME = "staff.home"
"""The view at which staff begin; the root of their own origin leads there."""
_staff_blueprints: set[str] = set()


def init_app(app: Flask, settings: Settings) -> None:
    """Send pages on foreign host names to the issuer's address (or leave them, on the staff's own origin)."""
    issuer = settings.issuer_address
    own = {authority(address) for address in (issuer, settings.staff_origin) if address}  # never the name that is none

    def to_own_address() -> Response | None:
        if request.method not in ("GET", "HEAD") or asks_machine() or authority(f"{request.scheme}://{request.host}") in own:
            return None
        query = request.query_string.decode("ascii", "ignore")
        return redirect(issuer + quote(request.path) + (f"?{query}" if query else ""), 302)

    app.before_request(to_own_address)
    if _staff_has_own_host(settings):
        app.before_request(_stay_in_area)
    path = urlsplit(issuer).path
    if path:
        app.wsgi_app = Mounted(app.wsgi_app, path)  # type: ignore[method-assign]
    hops = settings.trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def of_staff(blueprint: Blueprint) -> None:
    """Declare that a blueprint is staff's: with an origin of their own it exists only there, and nearly nothing else does."""
    _staff_blueprints.add(blueprint.name)


def is_home_of(area: Area) -> bool:
    """Tell whether an area's pages exist on the host that is asked."""
    settings = current_units().settings
    if not _staff_has_own_host(settings):
        return True
    on_staff_host = authority(f"{request.scheme}://{request.host}") == authority(settings.staff_origin)
    return on_staff_host == (area is Area.STAFF)


def _staff_has_own_host(settings: Settings) -> bool:
    return bool(settings.staff_origin) and authority(settings.staff_origin) != authority(settings.issuer_address)


def _stay_in_area() -> Response | None:
    if request.path == "/" and is_home_of(Area.STAFF):
        return redirect(url_for(STAFF_HOME), 302)
    if request.endpoint == "assets" or request.blueprint in _EVERYWHERE:
        return None
    if not is_home_of(Area.STAFF if request.blueprint in _staff_blueprints else Area.PUBLIC):
        raise NotFound
    return None


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


def authority(address: str) -> tuple[str, int]:
    """Give host and port, of what is none an empty host; the scheme is the proxy's affair, so both default ports mean the same."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "", -1
    return (parts.hostname or "").lower(), 443 if port in (None, 80, 443) else port or 0
