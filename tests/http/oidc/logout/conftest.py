"""The provider with one app that wants to be told of logouts, and a browser that is signed in."""

from collections.abc import Callable
from typing import Any

import flask
import pytest

from idp.authn.sessions import Session
from idp.directory.accounts import Account
from idp.oidc.clients import clients
from idp.oidc.keys.jose import Algorithm, sign
from idp.oidc.keys.ring import ring_of
from idp.oidc.tokens import session_clients
from idp.unit_of_work import Units
from tests.http.oidc import browsing
from tests.http.oidc.browsing import ISSUER, Browser

GOODBYE = "https://app.example/goodbye"


@pytest.fixture
def visitor(app: flask.Flask, unit) -> Browser:
    """A browser; the app `app` is registered."""
    with unit() as work:
        browsing.registered(work, post_logout_redirect_uris=[GOODBYE])
    return Browser(app)


@pytest.fixture
def account(units: Units) -> Account:
    """A phone administrator."""
    return browsing.with_password(units, browsing.phone_admin)


@pytest.fixture
def session(visitor: Browser, account: Account) -> Session:
    """The browser's live session."""
    return visitor.with_session(account)


@pytest.fixture
def id_token(units: Units, clock) -> Callable[..., str]:
    """Make an ID token as the token endpoint would: `id_token(account, session, aud="other")`."""

    def make(account: Account, session: Session | None, **changes: Any) -> str:
        now = int(clock().timestamp())
        claims = {"iss": ISSUER, "sub": account.sub, "aud": "app", "iat": now, "exp": now + 300}
        if session:
            with units.read() as work:
                claims["sid"] = session_clients.sid_of(work, session.id, clients.record(work, "app").client)
        typ = changes.pop("typ", "JWT")
        return sign(claims | changes, ring_of(units).current().active(Algorithm.RS256), typ=typ)

    return make
