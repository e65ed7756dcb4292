"""Forms of other sites are refused: Flask-WTF's token in each form, and beside it the browser's own word on where a form came from.

The token is bound to `idp_state`, lives as long as that cookie and works over several tabs. Referrers are not asked for: pages whose
address holds a secret send none.
"""

from typing import Any

from flask import Blueprint, Flask, request
from flask_wtf.csrf import CSRFError, CSRFProtect

CHANGING = ("POST", "PUT", "PATCH", "DELETE")


class CrossSiteGuard(CSRFProtect):
    """Flask-WTF's protection that also believes `Sec-Fetch-Site` (W3C Fetch Metadata)."""

    def protect(self, apply_exemptions: bool = False) -> None:
        """Check the request. Raises: CSRFError."""
        if apply_exemptions and (not request.endpoint or self._is_exempt()):
            return
        if request.method in CHANGING and request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise CSRFError("The form was sent by another site.")
        super().protect(apply_exemptions=apply_exemptions)


_guard = CrossSiteGuard()


def init_app(app: Flask) -> None:
    """Protect every view that changes something."""
    app.config.update(WTF_CSRF_SSL_STRICT=False, WTF_CSRF_TIME_LIMIT=None)
    _guard.init_app(app)


def exempt_view(view: Any) -> Any:
    """Take one view (a decorator under its route) from the check, because it decides nothing by cookie."""
    return _guard.exempt(view)


def exempt_blueprint(blueprint: Blueprint) -> None:
    """Take a whole blueprint of machine endpoints from the check."""
    _guard.exempt(blueprint)
