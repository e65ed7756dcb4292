"""The pages on which a person connects a device (RFC 8628 §3.3): its code, sign-in where needed, what it gets, done.

Opening a page decides nothing; an address that holds a code only fills in the field.
"""

import structlog
from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from idp.authn import sessions, signins
from idp.authn.devices import label_of
from idp.authn.errors import OtherBrowser, Throttled
from idp.authn.requirements import Requirement, ShownFor
from idp.authn.sessions import Session
from idp.authn.throttling import Caller, network_of
from idp.oidc.authorization import device_decision, devices
from idp.oidc.authorization.device_decision import Decision, Device, DeviceNotAllowed, DeviceOver, UserCodeWrong
from idp.oidc.authorization.next_step import ConsentNeeded, SignInNeeded
from idp.oidc.endpoints import client_logos, consent_page
from idp.oidc.protocol import Path
from idp.pages import cookies, headers
from idp.pages.failures import failure_page
from idp.pages.forms import Form, LineField
from idp.pages.render import render
from idp.pages.request_number import request_number
from idp.texts import text
from idp.unit_of_work import UnitOfWork, current_units, unit_of_work

blueprint = Blueprint("device", __name__)
log = structlog.get_logger(__name__)


class UserCodeField(LineField):
    """The code that a device shows."""

    style = "form-control pin"
    tokens = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "autocorrect": "off"}  # noqa: RUF012
    missing = text("Please enter the code that your device shows.")


class UserCodeForm(Form):
    """The first page's form."""

    user_code = UserCodeField(text("Code"), hint=text("Spaces, dashes and small letters do not matter."))


@blueprint.get(Path.DEVICE.value)
def enter() -> Response:
    """Show the field, filled in from `verification_uri_complete`."""
    cookies.bind_browser()
    headers.hide_address()
    typed = request.args.get("user_code", "")
    known = devices.read_user_code(typed)
    return render("oidc/device.html", form=UserCodeForm(user_code=devices.shown(known) if known else ""), prefilled=known is not None)


@blueprint.post(Path.DEVICE.value)
def submit() -> Response:
    """Take the code, and go on with the device that shows it."""
    caller = _caller()
    form = UserCodeForm()
    if not form.validate_on_submit():
        return render("oidc/device.html", form=form)
    try:
        with unit_of_work() as work:
            session = _session(work)
            found = device_decision.take_up(work, form.user_code.data or "", caller, session.account_id if session else None)
    except UserCodeWrong as error:
        form.add_problem("user_code", error.text)
        return render("oidc/device.html", form=form)
    except Throttled as error:
        return failure_page(error.status, sentence=error.text, again=url_for("device.enter"), retry_after=error.retry_after)
    return _see(url_for("device.confirm", request_id=found))


@blueprint.get(f"{Path.DEVICE.value}/<request_id>")
def confirm(request_id: str) -> Response:
    """Show what the device needs next: a sign-in, the person's word, or nothing more."""
    browser = cookies.bind_browser()
    with unit_of_work() as work:
        device = device_decision.find(work, request_id, browser.hash)
        if device.decided:
            return render("oidc/device_done.html", device=device)
        step = device_decision.needs(work, device, _session(work))
        if isinstance(step, SignInNeeded):
            return _sign_in(work, device, step.requirement)
        return _ask(work, device, step)


@blueprint.post(f"{Path.DEVICE.value}/<request_id>")
def decide(request_id: str) -> Response:
    """Take the person's word: connect, decline, or sign in as somebody else."""
    browser = cookies.bound_browser()
    decision = request.form.get("decision")
    with unit_of_work() as work:
        device = device_decision.find(work, request_id, browser.hash if browser else None)
        session = _session(work)
        if decision == "other":
            return _sign_in(work, device, Requirement(fresh=True))
        if decision == "deny":
            device_decision.refuse(work, device, session.account_id if session else None)
        # what was shown to one account is not agreed to by another that has signed in meanwhile
        elif decision == "allow" and session and request.form.get("account") == session.account_id:
            device_decision.approve(work, device, session)
    return _see(url_for("device.confirm", request_id=request_id))


@blueprint.errorhandler(DeviceOver)
def over(error: DeviceOver) -> Response:
    """Lead back to the code."""
    log.info("device_over", detail=error.detail)
    return render("oidc/device_over.html", status=error.status)


@blueprint.errorhandler(DeviceNotAllowed)
def not_allowed(error: DeviceNotAllowed) -> Response:
    """Tell whose account may not, and offer another."""
    log.info("device_not_allowed", client=error.device.client.id)
    return render("oidc/device_not_allowed.html", status=error.status, device=error.device, account=error.account, number=request_number())


def _ask(work: UnitOfWork, device: Device, step: Decision) -> Response:
    permissions = consent_page.permissions(work, device.request, ConsentNeeded(step.account, step.scopes))
    return render(
        "oidc/device_confirm.html",
        device=device,
        account=step.account,
        permissions=permissions,
        same_network=device.network == network_of(request.remote_addr),
    )


def _sign_in(work: UnitOfWork, device: Device, requirement: Requirement) -> Response:
    app = device.client
    shown_for = ShownFor(app.name, client_logos.address_of(work, app), app.policy_uri, app.tos_uri, first_party=app.first_party)
    back = url_for("device.confirm", request_id=device.id)
    signin_id = signins.start(work, device.browser, requirement, back, shown_for)
    device_decision.note_signin(work, device, signin_id)
    return _see(current_units().settings.issuer_address + signins.address(signin_id))


def _caller() -> Caller:
    """Give the caller of a form. Raises: OtherBrowser when the browser keeps no cookie."""
    browser = cookies.bound_browser()
    if browser is None:
        raise OtherBrowser("no idp_browser cookie")
    return Caller(browser.hash, network_of(request.remote_addr), label_of(request.user_agent.string))


def _session(work: UnitOfWork) -> Session | None:
    token = cookies.session_token()
    return sessions.find(work, token) if token else None


def _see(address: str) -> Response:
    response = redirect(address, 303)
    response.headers["Cache-Control"] = "no-store"
    return response
