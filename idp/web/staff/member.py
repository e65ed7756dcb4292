"""Who may enter staff's pages: the carrier's own people by a session of their own; the apps are for operators alone."""

from dataclasses import dataclass, replace
from typing import cast

from flask import Blueprint, g, request, url_for
from werkzeug.wrappers import Response

from idp.authn import levels, sessions
from idp.authn.areas import Area
from idp.authn.sessions import Session
from idp.authn.signins import Requirement
from idp.directory import accounts
from idp.directory.accounts import Account
from idp.directory.entries import Role
from idp.errors import NotAllowed
from idp.pages.render import Frame, NavEntry, SessionEnds
from idp.texts import Text, text
from idp.unit_of_work import Actor, ActorKind, UnitOfWork, acts_in_request, read_work, unit_of_work
from idp.web.callers import current_session
from idp.web.entering import lead_to_signin
from idp.web.session_ends import ends_of

blueprint = Blueprint("staff", __name__, url_prefix="/staff")
operators = Blueprint("operators", __name__, url_prefix="/staff")

_OPERATORS_ONLY = text("Apps are managed by operators. Please ask a colleague of operations if you need something there.")
_AREAS: tuple[tuple[Text, str], ...] = (
    (text("Apps"), "operators.list_clients"),
    (text("Resources"), "operators.list_resources"),
    (text("Registration tokens"), "operators.list_tokens"),
)


@dataclass(frozen=True, slots=True)
class Member:
    """Who asks, and when the session ends."""

    account: Account
    session: Session
    session_ends: SessionEnds

    @property
    def is_operator(self) -> bool:
        """Whether the role is »Betrieb«."""
        return self.account.role is Role.OPERATOR


def admit() -> Response | None:
    """Let staff in, and lead everybody else to staff's sign-in (and back)."""
    with read_work() as work:
        found = _find_member(work)
        to_note = found is not None and sessions.needs_touch(work, found.session)
    if found is None:
        return lead_to_signin(Requirement(acr=levels.ACR_MFA, staff_only=True), home=url_for("staff.home"), area=Area.STAFF)
    acts_in_request(Actor(ActorKind.STAFF, found.account.id, session_id=found.session.id))
    if to_note:
        with unit_of_work() as work:
            sessions.touch(work, found.session)
            found = replace(found, session_ends=_ends(work, replace(found.session, active_at=work.now)))
    g.member = found
    return None


def admit_operator() -> None:
    """Let operators go on. Raises: NotAllowed."""
    if not member().is_operator:
        raise NotAllowed("staff: wrong role", text=_OPERATORS_ONLY)


def member() -> Member:
    """Give whom `admit` let in."""
    return cast("Member", g.member)


def frame() -> Frame:
    """Give the page frame."""
    who = member()
    here = request.path
    entries = [NavEntry(label, url_for(endpoint), here.startswith(url_for(endpoint))) for label, endpoint in _AREAS]
    return Frame(
        person=who.account.name,
        role=who.account.role.label,
        entries=tuple(entries) if who.is_operator else (),
        logout_address=url_for("staff.sign_out"),
        home_address=url_for("staff.home"),
        area=text("Operations"),
        session_ends=who.session_ends,
    )


def _find_member(work: UnitOfWork) -> Member | None:
    session = current_session(work, Area.STAFF)
    account = accounts.find(work, session.account_id) if session else None
    if session is None or account is None or not account.is_active or not account.is_staff:
        return None
    if levels.rank(session.acr) < levels.rank(levels.ACR_MFA):
        return None
    return Member(account, session, _ends(work, session))


def _ends(work: UnitOfWork, session: Session) -> SessionEnds:
    return ends_of(work, session, url_for("staff_session.ask"))
