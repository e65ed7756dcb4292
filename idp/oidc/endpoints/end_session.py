"""The end session endpoint and its pages (RP-Initiated Logout 1.0 §2 to §4).

GET decides. A POST of an app comes from another site and carries no cookie, so it goes on as a GET; the POST of our own confirmation
page has an address of its own and its CSRF token.
"""

from urllib.parse import urlencode

import structlog
from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from idp.authn import sessions
from idp.authn.sessions import Session
from idp.directory import accounts
from idp.oidc.keys.ring import current_keys
from idp.oidc.logout import rp_initiated
from idp.oidc.logout.rp_initiated import LogoutRequest, Wish
from idp.oidc.protocol import ErrorCode, OAuthError, Path
from idp.pages import cookies, headers, language
from idp.pages.csrf import exempt_view
from idp.pages.render import render
from idp.pages.request_number import request_number
from idp.unit_of_work import UnitOfWork, current_units, unit_of_work

blueprint = Blueprint("end_session", __name__)
log = structlog.get_logger(__name__)

_PARAMETERS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
_CARRIED = (*_PARAMETERS, "ui_locales")


@blueprint.get(Path.END_SESSION.value)
def end_session() -> Response:
    """Log out at once where the hint is of this browser's session, else ask; nobody signed in: tell so."""
    keys = current_keys()
    language.prefer_languages(request.args.get("ui_locales"))
    with unit_of_work() as work:
        asked = _asked()
        wish = rp_initiated.validate(work, keys, asked)
        session = _session(work)
        if session is None:
            # without a hint nobody has proven that the address is where the person came from
            return _over(wish, wish.return_to if wish.hint else None)
        if not rp_initiated.is_of_session(work, wish.hint, session):
            return _confirm(work, wish, session)
        frames = rp_initiated.end(work, session, wish.client)
    return _over(wish, wish.return_to, frames)


@blueprint.post(Path.END_SESSION.value)
@exempt_view
def end_session_by_form() -> Response:
    """Go on where the browser's cookies are."""
    _refuse_repeated()
    carried = {name: request.form[name] for name in _CARRIED if request.form.get(name)}
    address = Path.END_SESSION.below(current_units().settings)
    return _see(f"{address}?{urlencode(carried)}" if carried else address)


@blueprint.post(f"{Path.END_SESSION.value}/confirm")
def confirm() -> Response:
    """Log out after the person's yes."""
    keys = current_keys()
    with unit_of_work() as work:
        wish = rp_initiated.validate(work, keys, _asked())
        session = _session(work)
        frames = rp_initiated.end(work, session, wish.client) if session else ()
    return _over(wish, wish.return_to, frames)


@blueprint.errorhandler(OAuthError)
def refuse(error: OAuthError) -> Response:
    """Tell the person that the app asked wrongly, and offer to log out all the same."""
    log.info("logout_refused", error=error.error.value, detail=error.detail)
    return render("oidc/logout_refused.html", status=error.status, error=error, number=request_number())


def _asked() -> LogoutRequest:
    """Read the parameters. Raises: OAuthError for what is repeated or cannot be."""
    _refuse_repeated()
    values = {name: request.values.get(name) or None for name in _PARAMETERS}
    if any("\x00" in value for value in values.values() if value):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "a parameter has characters that are not allowed")
    return LogoutRequest(**values)


def _refuse_repeated() -> None:
    if any(len(request.values.getlist(name)) > 1 for name in _CARRIED):
        raise OAuthError(ErrorCode.INVALID_REQUEST, "a parameter is repeated")


def _session(work: UnitOfWork) -> Session | None:
    token = cookies.session_token()
    return sessions.find_to_end(work, token) if token else None


def _confirm(work: UnitOfWork, wish: Wish, session: Session) -> Response:
    """Ask whether the person wants to log out."""
    if wish.return_to:
        headers.allow_form_redirect(wish.return_to)
    carried = {name: request.values[name] for name in _PARAMETERS if request.values.get(name)}
    account = accounts.find(work, session.account_id)
    return render("oidc/logout.html", account=account, client=wish.client, carried=carried)


def _over(wish: Wish, return_to: str | None, frames: tuple[str, ...] = ()) -> Response:
    """Show the end, or go back to the app, after the frames of those apps that are told by the browser (Front-Channel Logout 1.0 §3).

    The session's cookie goes either way, the browser's name stays.
    """
    for address in frames:
        headers.allow_frame(address)
    page_needed = frames or not return_to
    response = (
        render("oidc/logged_out.html", client=wish.client, back=wish.return_to, frames=frames) if page_needed else _see(return_to or "")
    )
    cookies.clear_session(response)  # type: ignore[arg-type]
    return response


def _see(address: str) -> Response:
    response = redirect(address, 303)
    response.headers["Cache-Control"] = "no-store"
    return response
