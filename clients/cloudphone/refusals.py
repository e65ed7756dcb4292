"""Every failure as a page that says what to do next; never a stack trace."""

from __future__ import annotations

from flask import Flask, current_app, g, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from cloudphone.provider import ProviderUnreachable, SignInRefused
from cloudphone.signin import LinkRefused

NOT_GRANTED = frozenset({"access_denied", "invalid_authorization_details", "contract_not_granted"})
EXPIRED = frozenset({"unknown_state", "login_required", "invalid_grant", "invalid_request_uri"})
PAGES = {
    400: ("Please try once more", "The form was too old or came from another page. Go back and repeat the step."),
    404: ("Page not found", "This address does not exist here."),
    405: ("Page not found", "This address does not exist here."),
}
OTHERWISE = ("Something went wrong", "We could not show this page. Please try again later.")


def init_app(app: Flask) -> None:
    """Register the page of each kind of failure."""
    app.register_error_handler(SignInRefused, sign_in_refused)
    app.register_error_handler(LinkRefused, link_refused)
    app.register_error_handler(ProviderUnreachable, provider_unreachable)
    app.register_error_handler(HTTPException, http_error)


def sign_in_refused(error: SignInRefused) -> tuple[str, int]:
    """Say that the contract may not be opened, or that the sign-in came to nothing."""
    current_app.logger.warning("sign-in refused: %s, request %s", error.code, g.request_number)
    if error.code in NOT_GRANTED:
        return render_template("not_granted.html", contract=error.contract), 403
    text = "The sign-in could not be completed."
    if error.code in EXPIRED:
        text = "This sign-in has expired or was begun in another browser."
    return render_template("sign_in_refused.html", text=text, contract=error.contract), 400


def link_refused(error: LinkRefused) -> tuple[str, int]:
    """Stop at a link that would lead elsewhere."""
    current_app.logger.warning("link refused: %s, request %s", error, g.request_number)
    return render_template("sign_in_refused.html", text="This link does not lead into this application.", contract=""), 400


def provider_unreachable(error: ProviderUnreachable) -> tuple[str, int, dict[str, str]]:
    """Ask to try again: this application itself works."""
    current_app.logger.error("identity provider: %s (%r), request %s", error, error.__cause__, g.request_number)
    again = request.path if request.endpoint == "pages.telephone_system" else "/"
    if request.endpoint == "signin.initiate" and request.method == "GET":
        again = request.full_path
    return render_template("unreachable.html", again=again), 503, {"Retry-After": "60"}


def http_error(error: HTTPException) -> Response:
    """Explain refused requests, unknown addresses and own failures."""
    answer = error.get_response()
    if error.code is None or error.code < 400:
        return answer
    if isinstance(error, InternalServerError):
        g.cloudphone_session = None  # perhaps it is the store that failed: this page must not ask it
    title, text = PAGES.get(error.code, OTHERWISE)
    answer.set_data(render_template("problem.html", title=title, text=text))
    answer.content_type = "text/html; charset=utf-8"
    return answer
