"""The steps after a password was chosen, at addresses that hold no secret: PIN, and the end."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from idp.authn import activations
from idp.authn.activations import Activation, AskPin, Done, OfferPin, Over, Step
from idp.authn.errors import PinRefused, PinTooSoon, PinWrong
from idp.errors import IdpError, TooMany
from idp.pages import cookies
from idp.pages.failures import failure_page
from idp.pages.render import render
from idp.unit_of_work import read_work, unit_of_work
from idp.web.callers import bound_caller
from idp.web.signin.forms import PinForm
from idp.web.ways_to_signin import login_address

blueprint = Blueprint("confirmation", __name__)

FORM = ("GET", "POST")
"""Who opens a form's own address (a reload, another language) is led to the page."""


@blueprint.get("/activation/<activation_id>")
def page(activation_id: str) -> Response:
    """Show where an activation stands."""
    browser = cookies.bind_browser()
    with read_work() as work:
        activation = activations.find(work, activation_id, browser.hash)
        step = activations.next_step(work, activation)
    return _show(activation, step)


@blueprint.route("/activation/<activation_id>/pin/send", methods=FORM)
def send_pin(activation_id: str) -> Response:
    """Send the PIN again."""
    if request.method == "GET":
        return redirect(_address(activation_id), 303)
    caller = bound_caller()
    with read_work() as work:
        activation = activations.find(work, activation_id, caller.browser)
    try:
        with unit_of_work() as work:
            activations.send_pin(work, activation.id, caller)
    except (PinRefused, TooMany) as error:
        return _show_refused(activation, PinForm(), error)
    return redirect(_address(activation.id), 303)


@blueprint.route("/activation/<activation_id>/pin", methods=FORM)
def submit_pin(activation_id: str) -> Response:
    """Take the PIN."""
    if request.method == "GET":
        return redirect(_address(activation_id), 303)
    caller = bound_caller()
    form = PinForm()
    with read_work() as work:
        activation = activations.find(work, activation_id, caller.browser)
        step = activations.next_step(work, activation)
    if not isinstance(step, AskPin):
        return redirect(_address(activation.id), 303)
    if not form.validate_on_submit():
        return _show(activation, step, form)
    try:
        with unit_of_work() as work:
            activations.confirm_pin(work, activation.id, form.pin.data or "", caller)
    except (PinRefused, TooMany) as error:
        return _show_refused(activation, form, error)
    return redirect(_address(activation.id), 303)


def _show(activation: Activation, step: Step, form: PinForm | None = None, *, refused: IdpError | None = None) -> Response:
    status = refused.status if refused else None
    match step:
        case Done():
            return render("activation/done.html", login=login_address())
        case Over(wrong_pins):
            return render("activation/over.html", status=410, wrong_pins=wrong_pins, login=login_address())
        case OfferPin(number):
            return render("signin/offer_pin.html", status=status, number=number, had_one=True, refused=refused, **_addresses(activation))
        case AskPin(sight):
            shown = form or PinForm()
            values = _addresses(activation) | {"sight": sight}
            return render("signin/pin.html", status=status, form=shown, refused=refused, **values)


def _show_refused(activation: Activation, form: PinForm, error: IdpError) -> Response:
    """Show a refusal on the page on which the activation stands now."""
    if isinstance(error, TooMany) and not isinstance(error, PinTooSoon):
        return failure_page(error.status, sentence=error.text, again=_address(activation.id), retry_after=error.retry_after)
    with read_work() as work:
        step = activations.next_step(work, activation)
    if isinstance(error, PinWrong):
        form.add_problem("pin", error.text)
    elif isinstance(step, AskPin) and not isinstance(error, PinTooSoon):
        form.refuse(error)
    response = _show(activation, step, form, refused=error)
    if error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _addresses(activation: Activation) -> dict[str, Any]:
    return {
        "confirm_address": url_for("confirmation.submit_pin", activation_id=activation.id),
        "resend_address": url_for("confirmation.send_pin", activation_id=activation.id),
        "start_again": "",
    }


def _address(activation_id: str) -> str:
    return url_for("confirmation.page", activation_id=activation_id)
