"""A consent is taken back at the very moment at which something is made of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import flask
import pytest

from idp.directory.accounts import Account
from idp.identifiers import ClientId
from idp.oidc.authorization import consent, store
from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty

A_MOMENT = 0.3
"""Seconds in which a revocation that waits for nobody would be done."""


@pytest.fixture
def third_party(app: flask.Flask, units: Units, account: Account) -> RelyingParty:
    """Another's app that the person lets see the mail address."""
    with units.write() as work:
        client = browsing.registered(work, first_party=False).client
        consent.remember(work, client, account.id, ("openid", "email"))
    return RelyingParty(app)


@pytest.fixture
def revoke(units: Units, account: Account) -> Callable[[], bool]:
    def run() -> bool:
        with units.write() as work:
            return consent.revoke(work, account.id, ClientId("app"))

    return run


def pausing(monkeypatch: pytest.MonkeyPatch, name: str) -> tuple[Event, Event]:
    """Let a statement of the store wait once it is done: the first event tells that it is, the second lets it go on."""
    done, go_on = Event(), Event()
    statement = getattr(store, name)

    def slowly(*arguments: object) -> object:
        found = statement(*arguments)
        done.set()
        go_on.wait(A_MOMENT)
        return found

    monkeypatch.setattr(store, name, slowly)
    return done, go_on


def test_tokens_that_are_being_issued_end_with_the_consent(
    third_party: RelyingParty, signed_in: Browser, revoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = third_party.code(signed_in, scope="openid email")
    read, revoked = pausing(monkeypatch, "hold_consent")
    with ThreadPoolExecutor(2) as threads:
        redeeming = threads.submit(third_party.redeem, code)
        assert read.wait(10)
        revoking = threads.submit(revoke)
        revoking.add_done_callback(lambda _: revoked.set())
        assert revoking.result()
        answer = redeeming.result()
    assert answer.status_code == 200
    assert not third_party.is_active(answer.json["access_token"])


def test_a_yes_given_at_the_same_moment_brings_nothing_back(
    third_party: RelyingParty, account: Account, units: Units, revoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def agree() -> None:
        with units.write() as work:
            client = clients.find(work, "app")
            assert client
            consent.remember(work, client, account.id, ("phone",))

    read, revoked = pausing(monkeypatch, "consent_to_change")
    with ThreadPoolExecutor(2) as threads:
        agreeing = threads.submit(agree)
        assert read.wait(10)
        revoking = threads.submit(revoke)
        revoking.add_done_callback(lambda _: revoked.set())
        revoking.result()
        agreeing.result()
    with units.read() as work:
        assert "email" not in store.consented_scopes(work.db, account.id, "app")
