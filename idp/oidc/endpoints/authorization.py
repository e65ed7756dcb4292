"""The authorization endpoint and the way back to it (RFC 6749 §3.1, Core §3.1.2, RFC 9207).

GET /authorize answers at once where nothing is missing; else the request is kept and the browser goes on at `/authorize/<id>`. POST
/authorize only keeps it: it comes from another site and carries no cookie.
"""

from urllib.parse import urlencode, urlsplit

import structlog
from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from idp.authn import sessions, signins
from idp.authn.requirements import ShownFor
from idp.authn.sessions import Session
from idp.identifiers import AuthorizationRequestId
from idp.oidc.authorization import answers, consent, granting, opening, parameters, request_objects, validation
from idp.oidc.authorization.answers import FormPost, ToClient
from idp.oidc.authorization.next_step import AccessRequestNeeded, Answer, ConsentNeeded, SignInNeeded, next_step
from idp.oidc.authorization.request import AnsweredByRedirect, OpenRequest, StartAgain
from idp.oidc.clients.clients import Client
from idp.oidc.endpoints import client_logos, consent_page
from idp.oidc.keys.ring import Keys, current_keys
from idp.oidc.protocol import ErrorCode, OAuthError, Path
from idp.pages import cookies, headers, language
from idp.pages.csrf import exempt_view
from idp.pages.render import render
from idp.pages.request_number import request_number
from idp.unit_of_work import UnitOfWork, current_units, read_work, unit_of_work

blueprint = Blueprint("authorization", __name__)
log = structlog.get_logger(__name__)

Outcome = Response | ToClient
"""What a unit of work ends in: a page or the way to one, or an answer to the client."""


@blueprint.get(Path.AUTHORIZATION.value)
def authorize() -> Response:
    """Take a request, and answer it at once if nothing is missing."""
    keys = current_keys()
    browser = cookies.bind_browser()
    incoming = request_objects.gather(current_units(), parameters.read(request.args.items(multi=True)))
    with unit_of_work() as work:
        client, asked = validation.validate(work, keys, incoming)
        outcome = _go_on(work, opening.begin(work, asked, browser.hash), client)
    return _send(outcome, keys)


@blueprint.post(Path.AUTHORIZATION.value)
@exempt_view
def authorize_by_form() -> Response:
    """Take a request that another site's form sends, and go on where the browser's cookies are."""
    keys = current_keys()
    incoming = request_objects.gather(current_units(), parameters.read(request.form.items(multi=True)))
    with unit_of_work() as work:
        _, asked = validation.validate(work, keys, incoming)
        opened = opening.begin(work, asked, None)
        opening.keep(work, opened)
    return _see(_address(opened.id))


@blueprint.get(f"{Path.AUTHORIZATION.value}/<request_id>")
def resume(request_id: str) -> Response:
    """Take a request up again: after the sign-in, after consent, or for the first time."""
    keys = current_keys()
    browser = cookies.bind_browser()
    with unit_of_work() as work:
        opened = opening.take_up(work, request_id, browser.hash)
        outcome = _go_on(work, opened, opening.client_of(work, opened))
    return _send(outcome, keys)


@blueprint.post(f"{Path.AUTHORIZATION.value}/<request_id>/consent")
def decide(request_id: str) -> Response:
    """Take the person's yes or no."""
    keys = current_keys()
    browser = cookies.bound_browser()
    outcome: Outcome | None = None
    with unit_of_work() as work:
        opened = opening.find(work, request_id, browser.hash if browser else None)
        client, session = opening.client_of(work, opened), _session(work)
        if request.form.get("decision") == "deny":
            outcome = _refused_by_person(work, opened)
        # what was shown to one account is not agreed to by another that has signed in meanwhile
        elif session and request.form.get("account") == session.account_id:
            consent.give(work, opened, client, session.account_id)
    return _send(outcome or _see(_address(opened.id)), keys)


@blueprint.get(f"{Path.AUTHORIZATION.value}/<request_id>/cancel")
def cancel(request_id: str) -> Response:
    """Go back to the app without an answer, from the page that asks for an account."""
    keys = current_keys()
    browser = cookies.bound_browser()
    with unit_of_work() as work:
        opened = opening.find(work, request_id, browser.hash if browser else None)
        opening.client_of(work, opened)
        outcome = _refused_by_person(work, opened)
    return _send(outcome, keys)


@blueprint.errorhandler(OAuthError)
def refuse(error: OAuthError) -> Response:
    """Tell the client; or the person, while nobody has proven who asks."""
    log.info("authorization_refused", error=error.error.value, detail=error.detail)
    if isinstance(error, AnsweredByRedirect):
        return _send(answers.with_error(error.target, error), current_keys())
    return render("oidc/refused.html", status=error.status, error=error, number=request_number())


@blueprint.errorhandler(StartAgain)
def start_again(error: StartAgain) -> Response:
    """Tell the person that only the app can begin anew; lead on to it where the request was answered already (the back button)."""
    log.info("authorization_over", detail=error.detail)
    browser = cookies.bound_browser()
    with read_work() as work:
        client = opening.answered_to(work, (request.view_args or {}).get("request_id", ""), browser.hash if browser else None)
    if client:
        return render("oidc/answered.html", status=error.status, client=client, on=_front_door(client))
    return render("oidc/start_again.html", status=error.status, number=request_number())


def _front_door(client: Client) -> str:
    """Give an address at which people begin in an app (Core §4: it may start a sign-in there), else the portal's."""
    settings = current_units().settings
    if client.initiate_login_uri:
        separator = "&" if urlsplit(client.initiate_login_uri).query else "?"
        return f"{client.initiate_login_uri}{separator}{urlencode({'iss': settings.issuer_address})}"
    return client.client_uri or settings.portal_url


def _go_on(work: UnitOfWork, opened: OpenRequest, client: Client) -> Outcome:
    """Do what the request needs next."""
    token = cookies.session_token()
    step = next_step(work, opened, client, *((sessions.find_with_account(work, token) if token else None) or (None, None)))
    if isinstance(step, Answer):
        return granting.grant(work, opened, step)
    if not isinstance(step, SignInNeeded):
        opening.keep(work, opened)
    match step:
        case SignInNeeded(requirement):
            assert opened.browser_hash is not None
            signin_id = signins.start(work, opened.browser_hash, requirement, _address(opened.id), _shown_for(work, opened, client))
            opening.keep_with_signin(work, opened, signin_id, requirement.acr)
            return _see(current_units().settings.issuer_address + signins.address(signin_id))
        case ConsentNeeded() if not opened.stored:
            return _see(_address(opened.id))
        case ConsentNeeded():
            language.prefer_languages(opened.asked.ui_locales)
            headers.allow_form_redirect(opened.asked.target.redirect_uri)
            return consent_page.show(work, opened, client, step)
        case AccessRequestNeeded():
            return _see(f"{current_units().settings.issuer_address}/access-request?authorization={opened.id}")


def _session(work: UnitOfWork) -> Session | None:
    token = cookies.session_token()
    return sessions.find(work, token) if token else None


def _refused_by_person(work: UnitOfWork, opened: OpenRequest) -> ToClient:
    opening.close(work, opened)
    target = opened.asked.target
    return answers.with_error(target, AnsweredByRedirect(target, ErrorCode.ACCESS_DENIED, "the person did not agree"))


def _send(outcome: Outcome, keys: Keys) -> Response:
    """Send what a unit of work has come to; after it, because an answer to the client may have to be signed."""
    if not isinstance(outcome, ToClient):
        return outcome
    units = current_units()
    answer = answers.send(outcome, units.settings, keys, units.clock())
    if isinstance(answer, FormPost):
        headers.allow_form_redirect(answer.address)
        return render("oidc/form_post.html", answer=answer)
    return _see(answer.address)


def _see(address: str) -> Response:
    """Redirect by 303, so that no form is ever posted on (RFC 9700 §4.12); nobody may keep where to."""
    response = redirect(address, 303)
    response.headers["Cache-Control"] = "no-store"
    return response


def _address(request_id: AuthorizationRequestId) -> str:
    return url_for("authorization.resume", request_id=request_id)


def _shown_for(work: UnitOfWork, opened: OpenRequest, client: Client) -> ShownFor:
    parts = urlsplit(opened.asked.target.redirect_uri)
    origin = f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
    return ShownFor(
        app_name=client.name,
        logo=client_logos.address_of(work, client),
        policy_uri=client.policy_uri,
        tos_uri=client.tos_uri,
        form_action_origin=origin,
        locale=opened.asked.ui_locales,
        first_party=client.first_party,
    )
