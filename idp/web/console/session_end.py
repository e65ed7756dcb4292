"""When the public area's session ends, for the pages that say so in time, and the one click that extends it.

Asking leaves the session alone, so that an open page keeps nobody signed in. Both answer in JSON to the script of the page; without script
nothing asks.
"""

from flask import Blueprint, Response, url_for

from idp.authn.sessions import Session
from idp.pages.render import SessionEnds
from idp.unit_of_work import UnitOfWork, read_work, unit_of_work
from idp.web import session_ends
from idp.web.callers import current_session

blueprint = Blueprint("console_session", __name__, url_prefix="/console/session")


def ends_of(work: UnitOfWork, session: Session) -> SessionEnds:
    """Tell when a session ends."""
    return session_ends.ends_of(work, session, url_for("console_session.ask"))


@blueprint.get("")
def ask() -> Response:
    """Tell when the session ends."""
    with read_work() as work:
        session = current_session(work)
        return session_ends.answer(ends_of(work, session) if session else None)


@blueprint.post("")
def extend() -> Response:
    """Use the session, and tell when it ends now."""
    with unit_of_work() as work:
        session = session_ends.extended(work, current_session(work))
        return session_ends.answer(ends_of(work, session) if session else None)
