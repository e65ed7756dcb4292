"""Which page a step of a sign-in is, and what a refusal looks like on it."""

from flask import make_response, redirect, url_for
from werkzeug.wrappers import Response

from idp.authn import signins
from idp.authn.errors import PinTooSoon, PinWrong
from idp.authn.pins import Sight
from idp.authn.signins import AskPassword, AskPin, Done, OfferPin, Over, Progress, Signin, Step
from idp.errors import IdpError, NotAllowed, TooMany
from idp.pages import cookies, headers, language
from idp.pages.failures import failure_page
from idp.pages.render import render
from idp.texts import text
from idp.unit_of_work import read_work
from idp.web.callers import current_session
from idp.web.signin.forms import PasswordForm, PinForm


def show(signin: Signin, step: Step, form: PasswordForm | PinForm | None = None, *, refused: IdpError | None = None) -> Response:
    """Answer with the page on which a sign-in stands."""
    language.prefer_languages(signin.shown_for.locale)
    if signin.shown_for.form_action_origin:
        headers.allow_form_redirect(signin.shown_for.form_action_origin)
    match step:
        case Done():
            return redirect(signin.continue_at, 303)
        case Over():
            return render("signin/over.html", status=410, signin=signin, step=step, shown_for=signin.shown_for)
        case AskPassword(username):
            shown = form or PasswordForm(username=username)
            return _page("signin/password.html", signin, shown, refused)
        case OfferPin(number, had_one):
            addresses = pin_addresses(signin)
            if not had_one:
                addresses["start_again"] = url_for("signin.page", signin_id=signin.id, other=1)
            return _page("signin/offer_pin.html", signin, None, refused, number=number, had_one=had_one, **addresses)
        case AskPin(sight):
            return _page("signin/pin.html", signin, form or PinForm(), refused, sight=sight, **pin_addresses(signin))


def show_where_it_stands(signin: Signin, form: PasswordForm | PinForm | None, error: IdpError) -> Response:
    """Show a refusal on the page on which the sign-in stands now."""
    if isinstance(error, TooMany) and not isinstance(error, PinTooSoon):
        return failure_page(error.status, sentence=error.text, again=page_address(signin.id), retry_after=error.retry_after)
    with read_work() as work:
        step = signins.next_step(work, signin, current_session(work, signin.area))
    if isinstance(step, Done | Over):
        return show(signin, step)
    fitting = form if isinstance(form, PinForm if isinstance(step, AskPin) else PasswordForm) else None
    if isinstance(error, NotAllowed) and isinstance(step, AskPin | OfferPin):
        return failure_page(error.status, text("Sign-in not possible"), error.text)
    if fitting is not None and isinstance(error, PinWrong):
        fitting.add_problem("pin", error.text)
    elif fitting is not None:
        fitting.refuse(error)
    return show(signin, step, fitting, refused=error)


def go_on(signin: Signin, progress: Progress) -> Response:
    """Lead on after a step that succeeded."""
    response = make_response(redirect(signin.continue_at if progress.done else page_address(signin.id), 303))
    if progress.session_token:
        cookies.set_session(response, progress.session_token, signin.area)
    return response


def page_address(signin_id: str) -> str:
    """Give the address of the sign-in's page."""
    return url_for("signin.page", signin_id=signin_id)


def pin_addresses(signin: Signin) -> dict[str, str]:
    """Give the addresses that the page of a PIN needs."""
    return {
        "confirm_address": url_for("signin.submit_pin", signin_id=signin.id),
        "resend_address": url_for("signin.send_pin", signin_id=signin.id),
        "start_again": signin.continue_at,
    }


def _page(
    template: str, signin: Signin, form: PasswordForm | PinForm | None, refused: IdpError | None, **values: str | bool | Sight
) -> Response:
    status = refused.status if refused else None
    response = render(template, status=status, form=form, signin=signin, shown_for=signin.shown_for, refused=refused, **values)
    if refused and refused.retry_after:
        response.headers["Retry-After"] = str(refused.retry_after)
    return response
