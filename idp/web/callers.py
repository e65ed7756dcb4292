"""Who asks, as far as the request tells: the browser, the network, the session."""

from flask import request

from idp.authn import devices, sessions, throttling
from idp.authn.errors import OtherBrowser
from idp.authn.sessions import Session
from idp.authn.throttling import Caller
from idp.pages import cookies
from idp.unit_of_work import UnitOfWork


def bound_caller() -> Caller:
    """Give the caller of a form. Raises: OtherBrowser when the browser keeps no cookie."""
    browser = cookies.bound_browser()
    if browser is None:
        raise OtherBrowser("no idp_browser cookie")
    return Caller(browser.hash, network(), devices.label_of(request.user_agent.string))


def network() -> str:
    """Name the network that the request comes from."""
    return throttling.network_of(request.remote_addr)


def current_session(work: UnitOfWork) -> Session | None:
    """Give the live session of the browser."""
    token = cookies.session_token()
    return sessions.find(work, token) if token else None
