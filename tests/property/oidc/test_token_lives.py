"""Which tokens live, whatever is done with codes, refresh tokens, revocations and logouts in whatever order: a model says so, too."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import flask
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from idp.authn import sessions
from idp.authn.events import EndReason
from idp.authn.sessions import Session
from idp.unit_of_work import SYSTEM
from tests import builders
from tests.conftest import SettableClock
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser, answered
from tests.http.oidc.relying import RelyingParty

CODE_LIVES, ACCESS_LIVES, GRACE = timedelta(seconds=60), timedelta(seconds=300), timedelta(seconds=60)
any_of = st.integers(0, 10_000)
"""Chooses from a list by the rest of the division."""


@dataclass
class SignedIn:
    """A browser and its session."""

    browser: Browser
    session: Session
    lives: bool = True


@dataclass
class Access:
    """An access token."""

    text: str
    ends_at: datetime
    revoked: bool = False


@dataclass
class Family:
    """What came from one code: its refresh tokens, oldest first, and its access tokens."""

    of: SignedIn
    offline: bool
    refresh: list[str]
    access: list[Access]
    ended: bool = False
    rotated_at: datetime | None = None

    @property
    def lives(self) -> bool:
        return not self.ended and (self.offline or self.of.lives)


@dataclass
class Code:
    """An authorization code."""

    text: str
    of: SignedIn
    offline: bool
    ends_at: datetime
    used: bool = False
    family: Family | None = field(default=None)


class TokenLives(RuleBasedStateMachine):
    """The provider and the model, side by side; times are short enough that no session ends by itself."""

    def __init__(self, app: flask.Flask, clock: SettableClock) -> None:
        super().__init__()
        self.app, self.clock = app, clock
        self.party = RelyingParty(app)
        with self.party.units.write(SYSTEM) as work:
            self.account = builders.active_account(work)
        self.people: list[SignedIn] = []
        self.codes: list[Code] = []
        self.families: list[Family] = []

    @initialize()
    def begin(self) -> None:
        self.sign_in()
        self.authorize(0, offline=False)
        self.redeem(0)

    @precondition(lambda self: len(self.people) < 3)
    @rule()
    def sign_in(self) -> None:
        browser = Browser(self.app)
        self.people.append(SignedIn(browser, browser.with_session(self.account)))

    @rule(chosen=any_of, offline=st.booleans())
    def authorize(self, chosen: int, offline: bool) -> None:
        person = self.people[chosen % len(self.people)]
        response = person.browser.authorize(scope="openid offline_access" if offline else "openid", prompt="none")
        answer = answered(response)
        assert answer.get("error") == (None if person.lives else "login_required")
        if person.lives:
            self.codes.append(Code(answer["code"], person, offline, self.clock() + CODE_LIVES))

    @rule(chosen=any_of)
    def redeem(self, chosen: int) -> None:
        code = self.codes[chosen % len(self.codes)]
        response = self.party.redeem(code.text)
        if code.used or self.clock() >= code.ends_at or not code.of.lives:
            assert (response.status_code, response.json["error"]) == (400, "invalid_grant")
            if code.used and code.family:
                code.family.ended = True
            if not code.of.lives and self.clock() < code.ends_at:
                code.used = True
            return
        tokens = self.granted(response)
        code.used, code.family = True, Family(code.of, code.offline, [tokens["refresh_token"]], [self.access(tokens)])
        self.families.append(code.family)

    @rule(chosen=any_of, age=st.integers(0, 2))
    def refresh(self, chosen: int, age: int) -> None:
        family = self.families[chosen % len(self.families)]
        age = min(age, len(family.refresh) - 1)
        response = self.party.refresh(family.refresh[-1 - age])
        in_grace = age == 1 and family.rotated_at is not None and self.clock() < family.rotated_at + GRACE
        if not family.lives or (age > 0 and not in_grace):
            assert (response.status_code, response.json["error"]) == (400, "invalid_grant")
            family.ended = family.ended or family.lives  # an old token in wrong hands ends all
            return
        tokens = self.granted(response)
        family.access.append(self.access(tokens))
        if age == 0:
            assert tokens["refresh_token"] not in family.refresh
            family.refresh.append(tokens["refresh_token"])
            family.rotated_at = self.clock()
        assert tokens["refresh_token"] == family.refresh[-1], "in the grace the same successor"

    @rule(chosen=any_of, which=any_of)
    def revoke_access(self, chosen: int, which: int) -> None:
        family = self.families[chosen % len(self.families)]
        token = family.access[which % len(family.access)]
        assert self.party.post("/revoke", {"token": token.text}).status_code == 200
        token.revoked = True

    @rule(chosen=any_of, age=st.integers(0, 2))
    def revoke_refresh(self, chosen: int, age: int) -> None:
        family = self.families[chosen % len(self.families)]
        token = family.refresh[max(-1 - age, -len(family.refresh))]
        assert self.party.post("/revoke", {"token": token}).status_code == 200
        family.ended = True

    @rule(chosen=any_of)
    def log_out(self, chosen: int) -> None:
        person = self.people[chosen % len(self.people)]
        with self.party.units.write(SYSTEM) as work:
            sessions.end(work, [person.session.id], EndReason.LOGOUT)
        person.lives = False

    @rule(seconds=st.sampled_from([1, 10, 59, 60, 61]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @invariant()
    def model_and_provider_agree(self) -> None:
        for family in self.families[-3:]:
            for token in family.access[-2:]:
                lives = family.lives and not token.revoked and self.clock() < token.ends_at
                assert self.party.is_active(token.text) == lives
            told = [self.party.is_active(token) for token in family.refresh[-2:]]
            assert told == [False] * (len(told) - 1) + [family.lives]

    def granted(self, response: Any) -> dict[str, Any]:
        assert response.status_code == 200, response.text
        return dict(response.json)

    def access(self, tokens: dict[str, Any]) -> Access:
        return Access(tokens["access_token"], self.clock() + ACCESS_LIVES)


@pytest.fixture
def machine(app: flask.Flask, clock: SettableClock, unit):
    """Makes the machine on the test's application."""
    with unit() as work:
        builders.customer(work)
        browsing.registered(work)
    return lambda: TokenLives(app, clock)


relaxed = settings(max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))


def test_tokens_live_as_long_as_the_model_says(machine) -> None:
    run_state_machine_as_test(machine, settings=relaxed)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_so_they_do_in_many_more_orders(machine) -> None:
    run_state_machine_as_test(machine, settings=settings(relaxed, max_examples=150, stateful_step_count=24))
