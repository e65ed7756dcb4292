"""When a session ends, for the pages that say so in time (`layout/session_end.html`), and the JSON by which their script asks anew."""

from flask import Response, jsonify

from idp.authn import sessions
from idp.authn.sessions import Session
from idp.pages.render import SessionEnds
from idp.unit_of_work import UnitOfWork

_OVER = 401


def ends_of(work: UnitOfWork, session: Session, address: str) -> SessionEnds:
    """Tell when a session ends; `address` tells it anew by GET and extends it by POST."""
    idle_in, ends_in = sessions.idle_end(work, session) - work.now, session.expires_at - work.now
    return SessionEnds(address, int(idle_in.total_seconds()), int(ends_in.total_seconds()))


def extended(work: UnitOfWork, session: Session | None) -> Session | None:
    """Use a session, and give it as it is now."""
    if session is None:
        return None
    sessions.touch(work, session)
    return sessions.find_by_id(work, session.id, session.area)


def answer(ends: SessionEnds | None) -> Response:
    """Tell the page's script; None: the session is over."""
    told = jsonify(idle_in=ends.idle_in, ends_in=ends.ends_in) if ends else jsonify(error="session_over")
    told.status_code = 200 if ends else _OVER
    told.headers["Cache-Control"] = "no-store"
    return told
