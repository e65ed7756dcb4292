"""When a session will do, and which level a sign-in has to reach."""

from datetime import UTC, datetime, timedelta

import pytest

from idp.authn.levels import ACR_MFA, ACR_PASSWORD, ACR_PHR
from idp.authn.requirements import Requirement
from idp.authn.store.sessions import Session

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def session(acr: str = ACR_PASSWORD, age: int = 0) -> Session:
    return Session(
        id="s",
        account_id="a",
        browser_hash="b",
        acr=acr,
        amr=("pwd",),
        auth_time=NOW - timedelta(seconds=age),
        signin_id=None,
        device_label="",
        created_at=NOW,
        active_at=NOW,
        expires_at=NOW,
    )


@pytest.mark.parametrize(
    ("requirement", "given", "does"),
    [
        (Requirement(), session(), True),
        (Requirement(fresh=True), session(), False),
        (Requirement(account_hint="a"), session(), True),
        (Requirement(account_hint="other"), session(), False),
        (Requirement(max_age=60), session(age=60), True),
        (Requirement(max_age=60), session(age=61), False),
        (Requirement(max_age=0), session(age=1), False),
        (Requirement(acr=ACR_MFA), session(), False),
        (Requirement(acr=ACR_MFA), session(ACR_MFA), True),
        (Requirement(acr=ACR_PASSWORD), session(ACR_MFA), True),
        (Requirement(acr=ACR_MFA, acr_is_wish=True), session(), True),
    ],
)
def test_when_a_session_will_do(requirement, given, does):
    assert requirement.satisfied_by(given, NOW, ACR_PASSWORD) is does


def test_what_the_account_itself_demands_is_never_a_wish():
    assert not Requirement(acr=ACR_PASSWORD, acr_is_wish=True).satisfied_by(session(), NOW, ACR_MFA)


@pytest.mark.parametrize(
    ("requirement", "needed", "reachable", "level"),
    [
        (Requirement(), ACR_PASSWORD, (ACR_PASSWORD, ACR_MFA), ACR_PASSWORD),
        (Requirement(), ACR_MFA, (ACR_PASSWORD, ACR_MFA), ACR_MFA),
        (Requirement(acr=ACR_MFA), ACR_PASSWORD, (ACR_PASSWORD, ACR_MFA), ACR_MFA),
        (Requirement(acr=ACR_MFA), ACR_PASSWORD, (ACR_PASSWORD,), None),
        (Requirement(acr=ACR_MFA, acr_is_wish=True), ACR_PASSWORD, (ACR_PASSWORD,), ACR_PASSWORD),
        (Requirement(acr=ACR_PHR), ACR_PASSWORD, (ACR_PASSWORD, ACR_MFA), None),
        (Requirement(acr=ACR_PHR, acr_is_wish=True), ACR_PASSWORD, (ACR_PASSWORD, ACR_MFA), ACR_MFA),
        (Requirement(acr=ACR_PASSWORD, acr_is_wish=True), ACR_MFA, (ACR_PASSWORD,), None),
        (Requirement(acr="urn:unknown"), ACR_PASSWORD, (ACR_PASSWORD,), ACR_PASSWORD),
    ],
)
def test_which_level_a_sign_in_has_to_reach(requirement, needed, reachable, level):
    assert requirement.level_for(needed, reachable) == level
