"""Who may enter the console: the own customer's Administrator Kundenportal, signed in with a second factor."""

from dataclasses import dataclass, replace
from typing import cast

from flask import Blueprint, g, request, url_for
from werkzeug.wrappers import Response

from idp.authn import levels, sessions
from idp.authn.sessions import Session
from idp.authn.signins import Requirement
from idp.directory import access_requests, accounts, customers
from idp.directory.accounts import Account
from idp.directory.entries import Customer, Role
from idp.errors import NotAllowed
from idp.pages.render import Frame, NavEntry, SessionEnds
from idp.texts import text
from idp.unit_of_work import Actor, ActorKind, UnitOfWork, acts_in_request, read_work, unit_of_work
from idp.web.callers import current_session
from idp.web.console.session_end import ends_of
from idp.web.entering import lead_to_signin

blueprint = Blueprint("console", __name__, url_prefix="/console")

_WRONG_ROLE = text("The user management is for customer portal administrators. Please ask your administrator if you need something there.")


@dataclass(frozen=True, slots=True)
class Admin:
    """The administrator who asks, and when the session ends; `waiting` counts the access requests to decide."""

    account: Account
    customer: Customer
    session: Session
    session_ends: SessionEnds
    waiting: int


def admit() -> Response | None:
    """Let administrators in, and lead everybody else to the sign-in (and back). Raises: NotAllowed."""
    with read_work() as work:
        found = _find_admin(work)
        to_note = found is not None and sessions.needs_touch(work, found.session)
    if found is None:
        return lead_to_signin(Requirement(acr=levels.ACR_MFA), home=url_for("console.list_accounts"))
    acts_in_request(Actor(ActorKind.PERSON, found.account.id, session_id=found.session.id))
    if to_note:
        with unit_of_work() as work:
            sessions.touch(work, found.session)
            found = replace(found, session_ends=ends_of(work, replace(found.session, active_at=work.now)))
    g.admin = found
    return None


def admin() -> Admin:
    """Give the administrator whom `admit` let in."""
    return cast("Admin", g.admin)


def frame() -> Frame:
    """Give the page frame: person, customer, areas."""
    who = admin()
    return Frame(
        person=who.account.name,
        role=who.account.role.label,
        customer_name=who.customer.name,
        customer_number=who.customer.number,
        entries=(
            NavEntry(text("User accounts"), url_for("console.list_accounts"), not _in_requests()),
            NavEntry(
                text("Access requests ({count})", count=who.waiting) if who.waiting else text("Access requests"),
                url_for("console.list_requests"),
                _in_requests(),
            ),
        ),
        logout_address=url_for("end_session.confirm"),
        account_address=url_for("account.list_apps"),
        area=text("User management"),
        session_ends=who.session_ends,
    )


def _in_requests() -> bool:
    return request.path.startswith(url_for("console.list_requests"))


def _find_admin(work: UnitOfWork) -> Admin | None:
    session = current_session(work)
    account = accounts.find(work, session.account_id) if session else None
    if session is None or account is None or not account.is_active:
        return None
    if account.role is not Role.ADMINISTRATOR_KUNDENPORTAL or account.customer_id is None:
        raise NotAllowed("console: wrong role", text=_WRONG_ROLE)
    if levels.rank(session.acr) < levels.rank(levels.ACR_MFA):
        return None
    customer = customers.find(work, account.customer_id)
    if customer is None:
        raise NotAllowed("console: no customer")
    return Admin(account, customer, session, ends_of(work, session), access_requests.count_waiting(work, customer.id))
