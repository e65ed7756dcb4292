"""A request's way through the browser: begun by one request, kept when its person is needed, taken up by the browser it belongs to."""

import re
from dataclasses import replace
from datetime import timedelta

from idp.identifiers import AuthorizationRequestId, BrowserHash, SigninId, new_id
from idp.oidc.authorization import store
from idp.oidc.authorization.request import AuthorizationRequest, OpenRequest, StartAgain
from idp.oidc.clients import clients, redirect_uris
from idp.oidc.clients.clients import Client
from idp.unit_of_work import UnitOfWork

_ID = re.compile(r"[A-Za-z0-9_-]{22}")


def begin(work: UnitOfWork, asked: AuthorizationRequest, browser: BrowserHash | None) -> OpenRequest:
    """Begin a request; without a browser it belongs to the first one that takes it up."""
    life = timedelta(minutes=work.settings.authorization_request_minutes)
    return OpenRequest(AuthorizationRequestId(new_id()), asked, browser, work.now + life)


def keep(work: UnitOfWork, opened: OpenRequest) -> None:
    """Keep a request that cannot be answered at once."""
    if not opened.stored:
        store.add_request(work.db, opened, work.now)


def keep_with_signin(work: UnitOfWork, opened: OpenRequest, signin_id: SigninId, acr: str | None) -> None:
    """Keep a request with the sign-in that was started for it, and the level that one is for."""
    if opened.stored:
        store.note_signin(work.db, opened.id, signin_id, acr)
    else:
        store.add_request(work.db, replace(opened, signin_id=signin_id, asked_acr=acr), work.now)


def take_up(work: UnitOfWork, request_id: str, browser: BrowserHash) -> OpenRequest:
    """Give an open request to its browser, or bind it to this one if it has none. Raises: StartAgain."""
    if not _ID.fullmatch(request_id):
        raise StartAgain("not an id")
    opened = store.find_request(work.db, request_id, browser, work.now) or store.take_request(work.db, request_id, browser, work.now)
    if opened is None:
        raise StartAgain("unknown, over, or of another browser")
    return opened


def find(work: UnitOfWork, request_id: str, browser: BrowserHash | None) -> OpenRequest:
    """Give an open request of this browser. Raises: StartAgain."""
    opened = store.find_request(work.db, request_id, browser, work.now) if browser and _ID.fullmatch(request_id) else None
    if opened is None:
        raise StartAgain("unknown, over, or of another browser")
    return opened


def answered_to(work: UnitOfWork, request_id: str, browser: BrowserHash | None) -> Client | None:
    """Give the client to which this browser's request was answered a short while ago: somebody came back to it."""
    opened = store.find_answered(work.db, request_id, browser, work.now) if browser and _ID.fullmatch(request_id) else None
    return clients.find(work, opened.asked.client_id) if opened else None


def close(work: UnitOfWork, opened: OpenRequest) -> None:
    """End a request that was answered without a code. Raises: StartAgain when it is over already."""
    if not store.answer_request(work.db, opened.id, work.now):
        raise StartAgain("answered already")


def client_of(work: UnitOfWork, opened: OpenRequest) -> Client:
    """Give the client that asks, if answers may still go where they were to go. Raises: StartAgain."""
    client = clients.find(work, opened.asked.client_id)
    if client is None or not redirect_uris.matches(client, work.settings, opened.asked.target.redirect_uri):
        raise StartAgain("the client is gone, or its redirect URI")
    return client
