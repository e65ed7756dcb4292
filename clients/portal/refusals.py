"""Every failure as a page that says what to do next; never a stack trace."""

from __future__ import annotations

from flask import Flask, current_app, g, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from portal import sessions, signin
from portal.provider import ProviderUnreachable, SignInRefused
from portal.sessions import SessionOver

SIGN_IN_TEXTS = {
    "access_denied": "The sign-in was cancelled or not allowed.",
    "login_required": "This sign-in has expired or was begun in another browser.",
    "unknown_state": "This sign-in has expired or was begun in another browser.",
    "invalid_grant": "This sign-in has expired or was begun in another browser.",
    "foreign_target": "This link does not lead into this portal.",
}
PAGES = {
    400: ("Please try once more", "The form was too old or came from another page. Go back to the overview and repeat the step."),
    403: (
        "Not for your role",
        "Your role does not include this area. The administrator of your customer portal can tell you more.",
    ),
    404: ("Page not found", "This address does not exist here."),
    405: ("Page not found", "This address does not exist here."),
}
OTHERWISE = ("Something went wrong", "We could not show this page. Please try again later.")


def init_app(app: Flask) -> None:
    """Register the page of each kind of failure."""
    app.register_error_handler(SignInRefused, sign_in_refused)
    app.register_error_handler(ProviderUnreachable, provider_unreachable)
    app.register_error_handler(SessionOver, session_over)
    app.register_error_handler(HTTPException, http_error)


def sign_in_refused(error: SignInRefused) -> tuple[str, int]:
    """Say that the sign-in came to nothing, and offer another one."""
    current_app.logger.warning("sign-in refused: %s, request %s", error.code, g.request_number)
    text = SIGN_IN_TEXTS.get(error.code, "The sign-in could not be completed.")
    return render_template("sign_in_refused.html", text=text), 403 if error.code == "access_denied" else 400


def provider_unreachable(error: ProviderUnreachable) -> tuple[str, int, dict[str, str]]:
    """Ask to try again: the portal itself works."""
    current_app.logger.error("identity provider: %s (%r), request %s", error, error.__cause__, g.request_number)
    again = request.path if request.method == "GET" and request.path != "/oidc/callback" else "/"
    return render_template("unreachable.html", again=again), 503, {"Retry-After": "60"}


def session_over(error: SessionOver) -> Response | tuple[str, int]:
    """Sign in again after the provider ended the session, and come back here, unless that was tried just now."""
    again = sessions.may_begin_again()
    sessions.end()
    if not again:
        return sign_in_refused(SignInRefused("session_refused"))
    return signin.start(request.full_path.removesuffix("?") if request.method == "GET" else "/", **error.asks)


def http_error(error: HTTPException) -> Response:
    """Explain refused requests, unknown addresses and own failures."""
    answer = error.get_response()
    if error.code is None or error.code < 400:
        return answer
    if isinstance(error, InternalServerError):
        g.portal_session = None  # perhaps it is the store that failed: this page must not ask it
    title, text = PAGES.get(error.code, OTHERWISE)
    answer.set_data(render_template("problem.html", title=title, text=text))
    answer.content_type = "text/html; charset=utf-8"
    return answer
