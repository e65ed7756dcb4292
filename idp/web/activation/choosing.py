"""The page behind a mail's link. Opening it uses nothing up; a link that is over says so before anything is typed.

The address holds a secret: no referrer leaves, and the form leads on to an address without it.
"""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from idp.authn import activations, links, passwords
from idp.authn.activations import Choice
from idp.authn.links import Link, LinkState, Purpose
from idp.authn.passwords import Judgement
from idp.directory import invitations
from idp.directory.accounts import Role
from idp.errors import InvalidField, TooMany
from idp.identifiers import ActivationId
from idp.pages import cookies, headers
from idp.pages.failures import failure_page
from idp.pages.render import render
from idp.unit_of_work import current_units, read_work, unit_of_work
from idp.web.activation.forms import NewPasswordForm
from idp.web.callers import bound_caller
from idp.web.ways_to_signin import login_address

blueprint = Blueprint("activation", __name__)


@blueprint.route("/activate/<token>", methods=("GET", "POST"))
def activate(token: str) -> Response:
    """Set the first password."""
    return _choose(Purpose.INVITATION, token) if request.method == "POST" else _open(Purpose.INVITATION, token)


@blueprint.route("/password/reset/<token>", methods=("GET", "POST"))
def reset(token: str) -> Response:
    """Set a forgotten password anew."""
    return _choose(Purpose.RESET, token) if request.method == "POST" else _open(Purpose.RESET, token)


@blueprint.post("/activate/<token>/renew")
def renew(token: str) -> Response:
    """Send a new invitation to the address on file, for an expired link."""
    headers.hide_address()
    with unit_of_work() as work:
        invitations.resend_expired(work, token)
    return redirect(url_for("activation.renewed"), 303)


@blueprint.get("/activate/renewed")
def renewed() -> Response:
    """Tell that a new invitation is on its way."""
    return render("activation/renewed.html")


def _open(purpose: Purpose, token: str) -> Response:
    """Ask for a new password, or say what is the matter with the link."""
    headers.hide_address()
    cookies.bind_browser()
    with read_work() as work:
        link = links.find(work, purpose, token)
    if link is None or link.state is not LinkState.OPEN:
        return _show_over(purpose, link, token)
    return _ask(link, NewPasswordForm())


def _choose(purpose: Purpose, token: str) -> Response:
    """Take the new password."""
    headers.hide_address()
    caller = bound_caller()
    form = NewPasswordForm()
    with read_work() as work:
        choice = activations.read_choice(work, purpose, token)
    if choice is None:
        return _open(purpose, token)
    if not form.validate_on_submit():
        return _ask(choice.link, form)
    try:
        password_hash, judgement = _judge(choice, form.new_password.data or "")
        with unit_of_work() as work:
            activation_id = activations.begin(work, choice, password_hash, judgement, caller)
    except InvalidField as error:
        form.refuse(error)
        return _ask(choice.link, form)
    except TooMany as error:
        return failure_page(error.status, sentence=error.text, again=_address(choice.link, token), retry_after=error.retry_after)
    return redirect(_step(activation_id), 303)


def _ask(link: Link, form: NewPasswordForm) -> Response:
    saves = link.account.role is not Role.ADMINISTRATOR_TELEFONANLAGE
    avoid = [word for word in (link.account.given_name, link.account.family_name, link.account.username) if word]
    return render("activation/choose.html", form=form, account=link.account, saves=saves, avoid=avoid, shortest=passwords.SHORTEST)


def _show_over(purpose: Purpose, link: Link | None, token: str) -> Response:
    status = 404 if link is None else 410
    return render(
        "activation/link_over.html", status=status, link=link, resets=purpose is Purpose.RESET, token=token, login=login_address()
    )


def _judge(choice: Choice, password: str) -> tuple[str, Judgement]:
    """Judge and hash a chosen password, outside of any transaction. Raises: InvalidField."""
    settings = current_units().settings
    judgement = passwords.judge(settings, password, choice.avoid, choice.not_again)
    judgement.insist()
    return passwords.hasher(settings).hash(password), judgement


def _address(link: Link, token: str) -> str:
    return url_for("activation.activate" if link.purpose is Purpose.INVITATION else "activation.reset", token=token)


def _step(activation_id: ActivationId) -> str:
    return url_for("confirmation.page", activation_id=activation_id)
