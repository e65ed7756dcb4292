"""The sign-in: a state machine kept on the server, bound to the browser that started it.

Each step is one function below; none calls another. Where a sign-in stands is told by `next_step` alone, so that sending a finished
step again leads on instead of to an error. Tabs are independent: everything hangs on the sign-in's id.
"""

from datetime import timedelta

from idp.authn import sessions
from idp.authn.requirements import Requirement, ShownFor
from idp.authn.store import signins as store
from idp.authn.store.sessions import Session
from idp.authn.store.signins import Signin
from idp.identifiers import BrowserHash, SigninId, new_id
from idp.unit_of_work import UnitOfWork

__all__ = ["Requirement", "ShownFor", "Signin", "address", "completed_session", "start"]


def start(work: UnitOfWork, browser: BrowserHash, requirement: Requirement, continue_at: str, shown_for: ShownFor) -> SigninId:
    """Begin a sign-in for a browser; at its end it leads to `continue_at`, an address that the caller built itself."""
    signin_id = SigninId(new_id())
    life = timedelta(minutes=work.settings.authorization_request_minutes)
    store.add(
        work.db,
        Signin(
            id=signin_id,
            browser_hash=browser,
            requirement=requirement,
            continue_at=continue_at,
            shown_for=shown_for,
            created_at=work.now,
            expires_at=work.now + life,
        ),
    )
    return signin_id


def address(signin_id: SigninId) -> str:
    """Give the path of a sign-in's page."""
    return f"/signin/{signin_id}"


def completed_session(work: UnitOfWork, signin_id: SigninId) -> Session | None:
    """Give the session that a completed sign-in made, while it lives; none while the sign-in runs or after it failed."""
    session_id = store.session_of(work.db, signin_id)
    return sessions.find_by_id(work, session_id) if session_id else None
