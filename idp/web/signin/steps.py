"""One view per step of a sign-in. Opening a page sends nothing and changes nothing; an SMS costs a form."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from idp.authn import passwords, signins
from idp.authn.errors import PinRefused, WrongCredentials
from idp.authn.hashing import Checked
from idp.authn.signins import AskPassword, AskPin, PasswordAttempt
from idp.authn.throttling import Caller
from idp.errors import NotAllowed, TooMany
from idp.pages import cookies
from idp.unit_of_work import current_units, read_work, unit_of_work
from idp.web.callers import bound_caller, current_session, find_signin, lock_signin
from idp.web.signin.answers import go_on, page_address, show, show_where_it_stands
from idp.web.signin.forms import PasswordForm, PinForm

blueprint = Blueprint("signin", __name__)

FORM = ("GET", "POST")
"""Who opens a form's own address (a reload, another language) is led to the page."""


@blueprint.get("/signin/<signin_id>")
def page(signin_id: str) -> Response:
    """Show where a sign-in stands; `?other=1` asks for a password although the session's would do."""
    browser = cookies.bind_browser()
    with read_work() as work:
        signin = find_signin(work, signin_id, browser.hash)
        session = None if request.args.get("other") else current_session(work, signin.area)
        step = signins.next_step(work, signin, session)
    return show(signin, step)


@blueprint.route("/signin/<signin_id>/password", methods=FORM)
def submit_password(signin_id: str) -> Response:
    """Take user ID and password."""
    if request.method == "GET":
        return redirect(page_address(signin_id), 303)
    caller = bound_caller()
    form = PasswordForm()
    with read_work() as work:
        signin = find_signin(work, signin_id, caller.browser)
        attempt = signins.read_password_attempt(work, signin, caller, form.username.data or "")
    if attempt is None:
        return redirect(page_address(signin.id), 303)
    if not form.validate_on_submit():
        return show(signin, AskPassword(""), form)
    checked = _compare(form.password.data or "", attempt)
    try:
        with unit_of_work() as work:
            progress = signins.enter_password(work, attempt, checked, caller, current_session(work, signin.area))
    except (WrongCredentials, NotAllowed, TooMany) as error:
        return show_where_it_stands(signin, form, error)
    return go_on(signin, progress)


@blueprint.route("/signin/<signin_id>/pin/send", methods=FORM)
def send_pin(signin_id: str) -> Response:
    """Send the PIN, or send it again."""
    if request.method == "GET":
        return redirect(page_address(signin_id), 303)
    caller = bound_caller()
    try:
        with unit_of_work() as work:
            signin = lock_signin(work, signin_id, caller.browser)
            signins.send_pin(work, signin, caller, current_session(work, signin.area))
    except (PinRefused, NotAllowed, TooMany) as error:
        return show_where_it_stands(signin, None, error)
    return redirect(page_address(signin.id), 303)


@blueprint.route("/signin/<signin_id>/pin", methods=FORM)
def submit_pin(signin_id: str) -> Response:
    """Take the PIN."""
    if request.method == "GET":
        return redirect(page_address(signin_id), 303)
    caller = bound_caller()
    form = PinForm()
    if not form.validate_on_submit():
        return _show_mistyped(signin_id, caller, form)
    try:
        with unit_of_work() as work:
            signin = lock_signin(work, signin_id, caller.browser)
            progress = signins.confirm_pin(work, signin, form.pin.data or "", caller, current_session(work, signin.area))
    except (PinRefused, NotAllowed, TooMany) as error:
        return show_where_it_stands(signin, form, error)
    return go_on(signin, progress)


def _show_mistyped(signin_id: str, caller: Caller, form: PinForm) -> Response:
    """Show what is no PIN at all again, where one is asked for."""
    with read_work() as work:
        signin = find_signin(work, signin_id, caller.browser)
        step = signins.next_step(work, signin, None)
    return show(signin, step, form) if isinstance(step, AskPin) else redirect(page_address(signin.id), 303)


def _compare(password: str, attempt: PasswordAttempt) -> Checked:
    """Compare a password outside of any transaction; spare it while attempts are refused anyway."""
    if attempt.refused:
        return Checked(attempt.hash, fits=False)
    return passwords.hasher(current_units().settings).check(password, attempt.hash)
