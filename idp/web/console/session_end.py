"""When the session ends, for the pages that say so in time, and the one click that extends it.

Asking leaves the session alone, so that an open page keeps nobody signed in. Both answer in JSON to the script of the page; without script
nothing asks.
"""

from flask import Blueprint, Response, jsonify, url_for

from idp.authn import sessions
from idp.authn.sessions import Session
from idp.pages import cookies
from idp.pages.render import SessionEnds
from idp.unit_of_work import UnitOfWork, read_work, unit_of_work

blueprint = Blueprint("console_session", __name__, url_prefix="/console/session")

_OVER = 401


def ends_of(work: UnitOfWork, session: Session) -> SessionEnds:
    """Tell when a session ends."""
    idle_in, ends_in = sessions.idle_end(work, session) - work.now, session.expires_at - work.now
    return SessionEnds(url_for("console_session.ask"), int(idle_in.total_seconds()), int(ends_in.total_seconds()))


@blueprint.get("")
def ask() -> Response:
    """Tell when the session ends."""
    with read_work() as work:
        session = _session(work)
        return _answer(ends_of(work, session) if session else None)


@blueprint.post("")
def extend() -> Response:
    """Use the session, and tell when it ends now."""
    with unit_of_work() as work:
        session = _session(work)
        if session:
            sessions.touch(work, session)
            session = sessions.find_by_id(work, session.id)
        return _answer(ends_of(work, session) if session else None)


def _session(work: UnitOfWork) -> Session | None:
    token = cookies.session_token()
    return sessions.find(work, token) if token else None


def _answer(ends: SessionEnds | None) -> Response:
    answer = jsonify(idle_in=ends.idle_in, ends_in=ends.ends_in) if ends else jsonify(error="session_over")
    answer.status_code = 200 if ends else _OVER
    answer.headers["Cache-Control"] = "no-store"
    return answer
