"""Opening a contract and signing out: the redirects to the identity provider and back."""

from __future__ import annotations

from urllib.parse import quote, unquote

from flask import Blueprint, Flask, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from cloudphone import csrf, grants, sessions
from cloudphone.provider import ProviderUnreachable, SignInRefused, provider
from cloudphone.texts import chosen_language

CONTRACTS = "/contracts/"
LONGEST_CONTRACT = 64
blueprint = Blueprint("signin", __name__)


class LinkRefused(Exception):
    """A link of somebody else's wants a sign-in that we do not begin."""


def init_app(app: Flask) -> None:
    """Mount the sign-in's addresses."""
    app.register_blueprint(blueprint)


def start(contract: str, login_hint: str | None = None) -> Response:
    """Send the browser to the provider, to be signed in for one contract."""
    wishes = {"ui_locales": chosen_language(), "login_hint": login_hint}
    known = {name: value for name, value in wishes.items() if value}
    return redirect(provider().begin(sessions.parts().settings.redirect_uri, contract, **known))


@blueprint.route("/login/initiate", methods=["GET", "POST"])
def initiate() -> Response:
    """Let another site begin the sign-in (Core §4): our provider's issuer only, and a target on our own origin only."""
    own = sessions.parts().settings
    if request.values.get("iss") != own.issuer:
        raise LinkRefused("foreign issuer")
    target, login_hint = request.values.get("target_link_uri") or f"{own.base_url}/", request.values.get("login_hint")
    if not target.startswith(f"{own.base_url}/"):
        raise LinkRefused("foreign target")
    if request.method == "POST":  # comes without our Lax cookie: answer with a GET that brings it
        return redirect(url_for(".initiate", iss=own.issuer, target_link_uri=target, login_hint=login_hint), 303)
    contract = contract_of(target.removeprefix(own.base_url))
    return start(contract, login_hint) if contract else redirect(url_for("pages.home"))


def contract_of(path: str) -> str | None:
    """Give the contract that an own path names, if it names one."""
    contract = unquote(path.partition("?")[0].removeprefix(CONTRACTS)) if path.startswith(CONTRACTS) else ""
    plausible = 0 < len(contract) <= LONGEST_CONTRACT and contract.isprintable() and "/" not in contract
    return contract if plausible else None


@blueprint.get("/oidc/callback")
def callback() -> Response:
    """Take the provider's answer: sign this browser in and keep the grant."""
    try:
        answer = provider().finish()
    except SignInRefused as error:
        found = sessions.current()
        if error.code == "unknown_state" and found:  # »back« after the sign-in, or a second click
            return redirect(url_for("pages.home"))
        if error.contract and found:
            sessions.parts().store.delete_grant(found.id_hash, error.contract)
        raise
    begun = sessions.begin(answer.id_claims, answer.token["id_token"], answer.profile)
    try:
        grants.accept(begun, answer.token, answer.contract)
    except SignInRefused:
        sessions.parts().store.delete_grant(begun.id_hash, answer.contract)
        raise
    return redirect(f"{CONTRACTS}{quote(answer.contract, safe='')}")


@blueprint.post("/logout")
def logout() -> Response:
    """End the own session, then the provider's (RP-Initiated Logout §2), which ends it in all other apps."""
    csrf.check()
    found = sessions.current()
    sessions.end()
    session.pop(csrf.KEY, None)
    if found is None:
        return redirect(url_for(".signed_out"), 303)
    own = sessions.parts().settings
    try:
        at_provider = provider().create_logout_url(
            post_logout_redirect_uri=own.post_logout_redirect_uri, id_token_hint=found.id_token, client_id=own.client_id
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
