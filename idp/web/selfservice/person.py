"""»Mein Konto«: whoever is signed in, at the level that the account itself demands; everybody else is led to the sign-in and back."""

from dataclasses import dataclass, replace
from typing import cast

from flask import Blueprint, g, request, url_for
from werkzeug.wrappers import Response

from idp.authn import levels, sessions
from idp.authn.sessions import Session
from idp.authn.signins import Requirement
from idp.directory import accounts, customers
from idp.directory.accounts import Account
from idp.directory.entries import Customer, Role
from idp.pages.render import Frame, NavEntry, SessionEnds
from idp.texts import Text, text
from idp.unit_of_work import Actor, ActorKind, UnitOfWork, acts_in_request, read_work, unit_of_work
from idp.web.callers import current_session
from idp.web.entering import lead_to_signin
from idp.web.session_ends import ends_of

blueprint = Blueprint("account", __name__, url_prefix="/account")

_PAGES: tuple[tuple[Text, str, frozenset[str]], ...] = (
    (text("Apps with access"), "account.list_apps", frozenset({"account.list_apps", "account.revoke"})),
    (text("Where you are signed in"), "account.list_places", frozenset({"account.list_places", "account.sign_out"})),
)
"""Each entry's words, the page that it leads to, and the pages on which it is the current one."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, and when the session ends; staff have no customer."""

    account: Account
    customer: Customer | None
    session: Session
    session_ends: SessionEnds


@blueprint.before_request
def admit() -> Response | None:
    """Let in whoever is signed in well enough."""
    with read_work() as work:
        found = _find_person(work)
        to_note = found is not None and sessions.needs_touch(work, found.session)
    if found is None:
        return lead_to_signin(Requirement(), home=url_for("account.list_apps"))
    kind = ActorKind.STAFF if found.account.is_staff else ActorKind.PERSON
    acts_in_request(Actor(kind, found.account.id, session_id=found.session.id))
    if to_note:
        with unit_of_work() as work:
            sessions.touch(work, found.session)
            found = replace(found, session_ends=_ends(work, replace(found.session, active_at=work.now)))
    g.person = found
    return None


def person() -> Person:
    """Give the person whom `admit` let in."""
    return cast("Person", g.person)


def frame() -> Frame:
    """Give the page frame."""
    who = person()
    entries = [NavEntry(label, url_for(endpoint), request.endpoint in here) for label, endpoint, here in _PAGES]
    if who.account.role is Role.ADMINISTRATOR_KUNDENPORTAL:
        entries.append(NavEntry(text("User management"), url_for("console.list_accounts")))
    return Frame(
        person=who.account.name,
        role=who.account.role.label,
        customer_name=who.customer.name if who.customer else "",
        customer_number=who.customer.number if who.customer else "",
        entries=tuple(entries),
        logout_address=url_for("end_session.confirm"),
        account_address=url_for("account.list_apps"),
        area=text("My account"),
        session_ends=who.session_ends,
    )


def _find_person(work: UnitOfWork) -> Person | None:
    session = current_session(work)
    account = accounts.find(work, session.account_id) if session else None
    if session is None or account is None or not account.is_active:
        return None
    if levels.rank(session.acr) < levels.rank(levels.required_acr(account)):
        return None
    customer = customers.find(work, account.customer_id) if account.customer_id else None
    return Person(account, customer, session, _ends(work, session))


def _ends(work: UnitOfWork, session: Session) -> SessionEnds:
    return ends_of(work, session, url_for("console_session.ask"))
