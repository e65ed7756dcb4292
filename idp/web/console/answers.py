"""How the console answers with a form's page, and what it does with a question that came too late."""

from typing import Any

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from idp.directory.errors import AlreadyDecided, InvitationGone, InvitedMeanwhile
from idp.errors import Conflict, IdpError, InvalidField, NotAllowed, TooMany
from idp.pages.render import render, tell
from idp.web.console.admin import blueprint, frame
from idp.web.console.forms import ConsoleForm

REFUSALS = (InvalidField, NotAllowed, Conflict, TooMany)
"""What a form's page can show. A database that asks to try again is none: then the whole view runs once more."""


def show(template: str, form: ConsoleForm, **values: Any) -> Response:
    """Answer with a form's page, with the status and waiting time of the refusal that the form shows."""
    refusal = form.refusal
    response = render(template, status=refusal.status if refusal else None, form=form, frame=frame(), **values)
    if refusal and refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


@blueprint.errorhandler(InvitationGone)
@blueprint.errorhandler(InvitedMeanwhile)
def back_to_accounts(error: IdpError) -> AnyResponse:
    """Say what has happened in the meantime above the list, where it can be seen."""
    tell(error.text, "info")
    return redirect(url_for("console.list_accounts"), 303)


@blueprint.errorhandler(AlreadyDecided)
def back_to_requests(error: IdpError) -> AnyResponse:
    """Say above the requests that there is nothing to decide any more."""
    tell(error.text, "info")
    return redirect(url_for("console.list_requests"), 303)
