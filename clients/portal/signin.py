"""Signing in and out: the redirects to the identity provider and back."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from portal import csrf, sessions
from portal.provider import ProviderUnreachable, SignInRefused, provider
from portal.security import is_own_path
from portal.settings import Settings
from portal.texts import chosen_language

blueprint = Blueprint("signin", __name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Mount the sign-in's addresses."""
    app.extensions["portal.settings"] = settings
    app.register_blueprint(blueprint)


def settings() -> Settings:
    """Give the running application's settings."""
    found: Settings = current_app.extensions["portal.settings"]
    return found


def start(wanted: str, **asks: str) -> Response:
    """Send the browser to the provider; `wanted` is the own path to come back to, `asks` are further parameters of the request."""
    parameters = {"ui_locales": language} if (language := chosen_language()) else {}
    return redirect(provider().begin(settings().redirect_uri, wanted, **parameters, **asks))


@blueprint.get("/login")
def login() -> Response:
    """Begin a sign-in that ends at the overview."""
    return start("/")


@blueprint.route("/login/initiate", methods=["GET", "POST"])
def initiate() -> Response:
    """Let another site begin the sign-in, for our provider only (Core §4)."""
    own = settings()
    if request.values.get("iss") != own.issuer:
        raise SignInRefused("wrong_issuer")
    wanted = request.values.get("target_link_uri") or f"{own.base_url}/"
    path = wanted.removeprefix(own.base_url)
    if path == wanted or not is_own_path(path):
        raise SignInRefused("foreign_target")
    if request.method == "POST":  # comes without our Lax cookie: answer with a GET that brings it
        return redirect(url_for(".initiate", iss=own.issuer, target_link_uri=wanted), 303)
    return redirect(path)  # a protected page, which starts the sign-in


@blueprint.get("/oidc/callback")
def callback() -> Response:
    """Take the provider's answer and sign this browser in."""
    try:
        answer = provider().finish()
    except SignInRefused as error:
        if error.code == "unknown_state" and sessions.current():  # »back« after the sign-in, or a second click
            return redirect(url_for("pages.home"))
        raise
    sessions.begin(answer.id_claims, answer.token, answer.profile)
    return redirect(answer.wanted)


@blueprint.post("/logout")
def logout() -> Response:
    """End the own session, then the provider's (RP-Initiated Logout §2), which ends it in all other apps."""
    csrf.check()
    found = sessions.current()
    sessions.end()
    session.pop(csrf.KEY, None)
    if found is None:
        return redirect(url_for(".signed_out"), 303)
    try:
        at_provider = provider().create_logout_url(
            post_logout_redirect_uri=settings().post_logout_redirect_uri,
            id_token_hint=found.token["id_token"],
            client_id=settings().client_id,
        )
    except (ProviderUnreachable, RuntimeError):
        session["only_here"] = True
        return redirect(url_for(".signed_out"), 303)
    session["logout_state"] = at_provider["state"]
    return redirect(at_provider["url"], 303)


@blueprint.get("/signed-out")
def signed_out() -> Response | str:
    """Confirm the logout, to nobody who is still signed in."""
    if sessions.current():
        return redirect(url_for("pages.home"))
    only_here = session.pop("only_here", False)
    expected = session.pop("logout_state", None)
    complete = expected is not None and request.args.get("state") == expected
    return render_template("signed_out.html", only_here=only_here, complete=complete)
