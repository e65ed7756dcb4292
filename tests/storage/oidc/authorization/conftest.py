"""Units of work with one app, and requests of it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from idp.identifiers import AccountId, BrowserHash, ClientId
from idp.oidc.authorization import opening
from idp.oidc.authorization.request import AuthorizationRequest, OpenRequest, Target
from idp.oidc.clients.clients import Client
from idp.oidc.protocol import ResponseMode
from idp.oidc.tokens.grants import Grant
from idp.settings import Settings
from idp.unit_of_work import SYSTEM, UnitOfWork, Units, retry_once
from tests.conftest import SettableClock
from tests.http.oidc import browsing
from tests.http.oidc.browsing import CHALLENGE, REDIRECT_URI
from tests.recording import noting_units

Result = TypeVar("Result")
BROWSER = BrowserHash("b" * 64)
OTHER_BROWSER = BrowserHash("c" * 64)


@pytest.fixture
def units(settings: Settings, clock: SettableClock) -> Iterator[Units]:
    """Units of work without the application."""
    with noting_units(settings, clock) as (units, _):
        yield units


@pytest.fixture
def app_client(unit) -> Client:
    """The app that asks."""
    with unit() as work:
        return browsing.registered(work).client


def asked(**changes) -> AuthorizationRequest:
    """What an app asks for."""
    target = Target(ClientId("app"), REDIRECT_URI, ResponseMode.QUERY, "a state")
    return AuthorizationRequest(**({"target": target, "scopes": ("openid",), "code_challenge": CHALLENGE} | changes))


def granted(**changes) -> Grant:
    """What it gets."""
    return Grant(**({"client_id": ClientId("app"), "scopes": ("openid",), "account_id": AccountId("an-account")} | changes))


def kept(work: UnitOfWork, browser: BrowserHash | None = BROWSER, **changes) -> OpenRequest:
    """A request that waits for its person."""
    opened = opening.begin(work, asked(**changes), browser)
    opening.keep(work, opened)
    return opened


def at_once(units: Units, steps: Sequence[Callable[[UnitOfWork], Result]]) -> list[Result | Exception]:
    """Do several things at the same time, each in a unit of its own, as views do; give results and refusals."""

    def run(step: Callable[[UnitOfWork], Result]) -> Result | Exception:
        def once() -> Result:
            with units.write(SYSTEM) as work:
                return step(work)

        try:
            return retry_once(once)
        except Exception as error:  # noqa: BLE001 - handed back
            return error

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))
