"""How staff's pages answer with a form, and what they do when somebody else was quicker."""

from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from idp.errors import IdpError
from idp.oidc.clients import clients
from idp.oidc.clients.clients import ChangedMeanwhile, ClientRecord
from idp.pages.forms import Form
from idp.pages.render import render, tell
from idp.texts import Text
from idp.unit_of_work import read_work
from idp.web.staff.member import frame, operators


def show(template: str, *, form: Form | None = None, status: int | None = None, **values: Any) -> Response:
    """Answer with a page in staff's frame."""
    return render(template, form=form, status=status, frame=frame(), **values)


def ask(question: Text, consequence: Text, words: Text, back: str, *, form: Form, tone: str = "danger") -> Response:
    """Ask before something with a consequence."""
    return show("staff/confirm.html", form=form, question=question, consequence=consequence, words=words, back=back, tone=tone)


def find_record(client_id: str) -> ClientRecord:
    """Give an app, enabled or not. Raises: ClientUnknown."""
    with read_work() as work:
        return clients.record(work, client_id)


@operators.errorhandler(ChangedMeanwhile)
def open_anew(error: IdpError) -> Response:
    """Say what has happened in the meantime above the app's page."""
    tell(error.text, "warn")
    return redirect(url_for("operators.show_client", client_id=(request.view_args or {})["client_id"]), 303)
