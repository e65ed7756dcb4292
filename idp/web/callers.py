"""Who asks, as far as the request tells: the browser, the network, the session."""

from typing import TypeVar

from flask import request

from idp.authn import devices, sessions, signins, throttling
from idp.authn.areas import Area
from idp.authn.errors import OtherBrowser, SigninOver
from idp.authn.sessions import Session
from idp.authn.signins import LockedSignin, Signin
from idp.authn.throttling import Caller
from idp.identifiers import BrowserHash
from idp.pages import cookies, hosts
from idp.unit_of_work import UnitOfWork

Found = TypeVar("Found", bound=Signin)


def bound_caller() -> Caller:
    """Give the caller of a form. Raises: OtherBrowser when the browser keeps no cookie."""
    browser = cookies.bound_browser()
    if browser is None:
        raise OtherBrowser("no idp_browser cookie")
    return Caller(browser.hash, network(), devices.label_of(request.user_agent.string))


def network() -> str:
    """Name the network that the request comes from."""
    return throttling.network_of(request.remote_addr)


def current_session(work: UnitOfWork, area: Area = Area.PUBLIC) -> Session | None:
    """Give the live session that the browser has in an area."""
    token = cookies.session_token(area)
    return sessions.find(work, token, area) if token else None


def find_signin(work: UnitOfWork, signin_id: str, browser: BrowserHash) -> Signin:
    """Give a sign-in to the browser that started it, where its area is at home. Raises: SigninOver, OtherBrowser."""
    return _at_home(signins.find(work, signin_id, browser))


def lock_signin(work: UnitOfWork, signin_id: str, browser: BrowserHash) -> LockedSignin:
    """Give the same for a step, for which others wait. Raises: SigninOver, OtherBrowser."""
    return _at_home(signins.lock(work, signin_id, browser))


def _at_home(signin: Found) -> Found:
    if not hosts.is_home_of(signin.area):
        raise SigninOver("a sign-in of another host")
    return signin
