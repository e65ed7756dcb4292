"""A new master secret while people sign in: old and new processes behind one balancer, before, during and after the rotation."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle
from typing import Any

import flask
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp import messaging
from idp.oidc.keys.ring import ring_of
from idp.operations import resealing
from idp.operations.master_secret import check_master_secret
from idp.outbox.tables import Job
from idp.settings import Settings
from idp.unit_of_work import SYSTEM, Units
from tests import builders
from tests.conftest import MASTER_SECRET, closing_app, make_settings
from tests.http.oidc.browsing import ISSUER, Browser, registered, with_password
from tests.http.oidc.relying import RelyingParty, claims_of
from tests.visitor import deliver

NEW = "another secret for tests that is long enough to be one"
Start = Callable[..., flask.Flask]


class Balanced:
    """Nodes behind a balancer that sends each request to the next one."""

    def __init__(self, *apps: flask.Flask) -> None:
        self.clients = [app.test_client() for app in apps]
        for other in self.clients[1:]:
            other._cookies = self.clients[0]._cookies
        self.turns = cycle(self.clients)

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        return next(self.turns).open(*arguments, **options)

    def get(self, *arguments: Any, **options: Any) -> TestResponse:
        return self.open(*arguments, method="GET", **options)

    def post(self, *arguments: Any, **options: Any) -> TestResponse:
        return self.open(*arguments, method="POST", **options)


def browser_of(*apps: flask.Flask) -> Browser:
    browser = Browser(apps[-1])
    browser.client = Balanced(*apps)  # type: ignore[assignment]
    return browser


def party_of(*apps: flask.Flask, client_id: str = "app") -> RelyingParty:
    party = RelyingParty(apps[-1], client_id)
    party.client = Balanced(*apps)  # type: ignore[assignment]
    return party


def units_of(app: flask.Flask) -> Units:
    return app.extensions["idp.units"]


@pytest.fixture
def settings_with(database: str, tmp_path) -> Callable[..., Settings]:
    """Settings of this installation with a master secret, and perhaps the one before."""

    def make(secret: str, previous: str = "") -> Settings:
        return make_settings(database, tmp_path, master_secret=secret, master_secret_previous=previous)

    return make


@pytest.fixture
def start(settings_with, clock) -> Iterator[Start]:
    """Start a process with these secrets, as `idp serve` does."""
    with ExitStack() as running:

        def begin(secret: str, previous: str = "") -> flask.Flask:
            settings = settings_with(secret, previous)
            check_master_secret(settings)
            return running.enter_context(closing_app(settings, clock))

        yield begin


@pytest.fixture
def old(start: Start) -> flask.Flask:
    """A process that knows nothing of a new secret."""
    return start(MASTER_SECRET)


@pytest.fixture
def person(old: flask.Flask):
    """Max Muster, who confirms his sign-ins by PIN, and two apps."""
    with units_of(old).write(SYSTEM) as work:
        registered(work)
        registered(work, "pairwise", subject_type="pairwise")
    return with_password(units_of(old), builders.administrator)


def tokens_of(browser: Browser, party: RelyingParty, person: Any) -> dict[str, Any]:
    """Sign in with password and PIN as far as the tokens."""
    asked = {"client_id": party.client_id, "scope": "openid offline_access"}
    resumed = browser.sign_in(browser.authorize(**asked), person)
    code = browser.get(resumed.location).location.partition("code=")[2].partition("&")[0]
    answer = party.redeem(code)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def mail_a_link(app: flask.Flask) -> str:
    with units_of(app).write(SYSTEM) as work:
        person = {"salutation": "", "given_name": "Max", "family_name": "Muster", "username": "max"}
        link = {"link": f"{ISSUER}/link"}
        return messaging.send_mail(work, "mail/password_reset", "max@example.com", "de", person, secret_values=link)


def states_of_jobs(app: flask.Flask) -> set[str]:
    deliver(app)
    with units_of(app).read() as work:
        return set(work.db.execute(select(Job.state)).scalars())


def test_a_sign_in_goes_on_over_old_and_new_processes_and_the_tokens_stay_good(old: flask.Flask, start: Start, person) -> None:
    before = tokens_of(browser_of(old), party_of(old), person)
    own_before = tokens_of(browser_of(old), party_of(old, client_id="pairwise"), person)
    new = start(NEW, MASTER_SECRET)
    # the balancer sends each step of a sign-in to another process
    mixed, party = browser_of(old, new), party_of(new, old)
    tokens_of(mixed, party, person)
    mixed_own = tokens_of(browser_of(new, old), party_of(old, new, client_id="pairwise"), person)
    assert claims_of(mixed_own["id_token"])["sub"] == claims_of(own_before["id_token"])["sub"] != person.sub
    for nodes in (old, new):
        before = party_of(nodes).refresh(before["refresh_token"]).json
    # what the new one seals, the old one's worker can send
    mail_a_link(new)
    assert states_of_jobs(old) == {"sent"}


def test_during_and_after_a_rotation_nothing_that_people_and_apps_hold_becomes_invalid(start: Start, old: flask.Flask, person) -> None:
    tokens = tokens_of(browser_of(old), party_of(old), person)
    own = tokens_of(browser_of(old), party_of(old, client_id="pairwise"), person)
    session = browser_of(old)
    signed_in = session.sign_in(session.authorize(), person)
    first, second = start(NEW, MASTER_SECRET), start(NEW, MASTER_SECRET)
    mail_a_link(old)
    underway = browser_of(first, second)
    asked = underway.authorize(prompt="login")
    resealing.rotate(units_of(first))
    underway.sign_in(asked, person)
    assert states_of_jobs(second) == {"sent"}
    tokens = party_of(first, second).refresh(tokens["refresh_token"]).json
    # the secret before is taken away
    alone = start(NEW)
    assert party_of(alone).refresh(tokens["refresh_token"]).status_code == 200
    own_now = tokens_of(browser_of(alone), party_of(alone, client_id="pairwise"), person)
    assert claims_of(own_now["id_token"])["sub"] == claims_of(own["id_token"])["sub"]
    assert ring_of(units_of(alone)).current().verify(own["id_token"])
    session.client = Balanced(alone)  # type: ignore[assignment]
    session.client.clients[0]._cookies = underway.client.clients[0]._cookies  # type: ignore[attr-defined]
    assert "code=" in session.authorize().location
    assert signed_in.status_code == 303
