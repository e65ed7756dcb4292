"""Tokens by which others register their apps themselves (RFC 7591 §3): make, list, end."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from idp.errors import InvalidField
from idp.oidc.clients import initial_tokens
from idp.oidc.clients.initial_tokens import InitialToken, InitialTokenUnknown
from idp.oidc.protocol import Path
from idp.pages.forms import Form
from idp.pages.lists import list_work
from idp.pages.render import tell
from idp.texts import text
from idp.unit_of_work import current_units, read_work, unit_of_work
from idp.web.staff.answers import ask, show
from idp.web.staff.forms import InitialTokenForm
from idp.web.staff.member import operators as blueprint

__all__ = ["blueprint"]

_ENDS = text("Nobody can register apps with it any more. Apps that were registered with it stay.")


@blueprint.get("/registration-tokens")
def list_tokens() -> Response:
    """List those that have not expired."""
    with list_work() as work:
        found = initial_tokens.list_all(work)
    return show("staff/tokens.html", tokens=found)


@blueprint.route("/registration-tokens/new", methods=["GET", "POST"])
def new_token() -> Response:
    """Ask for whom, and make one; it is shown on the answer and nowhere else."""
    form = InitialTokenForm()
    if form.validate_on_submit():
        try:
            with unit_of_work() as work:
                made = initial_tokens.create(work, form.name.data or "", days=form.number("days") or 0, uses=form.number("uses"))
        except InvalidField as error:
            form.refuse(error)
        else:
            endpoint = Path.REGISTRATION.below(current_units().settings)
            return show("staff/token.html", status=201, token=made.token, secret=made.secret, endpoint=endpoint)
    return show("staff/new_token.html", form=form)


@blueprint.route("/registration-tokens/<token_id>/end", methods=["GET", "POST"])
def end_token(token_id: str) -> Response:
    """Ask, then end one."""
    token = _find(token_id)
    form = Form()
    if token is not None and form.validate_on_submit():
        with unit_of_work() as work:
            initial_tokens.end(work, token_id)
        tell(text("The registration token for {name} has ended.", name=token.name))
    elif token is not None:
        question = text("End the registration token for {name}?", name=token.name)
        return ask(question, _ENDS, text("End token"), url_for("operators.list_tokens"), form=form)
    return redirect(url_for("operators.list_tokens"), 303)


@blueprint.errorhandler(InitialTokenUnknown)
def back_to_list(_: InitialTokenUnknown) -> Response:
    """Say that somebody was quicker."""
    tell(text("This registration token had ended already."), "info")
    return redirect(url_for("operators.list_tokens"), 303)


def _find(token_id: str) -> InitialToken | None:
    with read_work() as work:
        return next((token for token in initial_tokens.list_all(work) if token.id == token_id and not token.ended_at), None)
