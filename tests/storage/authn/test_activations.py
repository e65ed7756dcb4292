"""Activations when several act at the same moment, on each database."""

import threading

import pytest
from sqlalchemy import func, select, update

from idp.authn import activations, links, passwords, pins, resets
from idp.authn.activations import Done
from idp.authn.errors import ActivationOver, LinkOver
from idp.authn.links import Purpose
from idp.authn.passwords import Judgement
from idp.authn.tables import PasswordReset
from idp.authn.throttling import Caller
from idp.directory import accounts, invitations
from idp.directory.tables import Account
from tests import builders
from tests.storage.authn.conftest import HERE

THERE = Caller("another browser", "198.51.100.7", "")
GOOD = Judgement(None)


@pytest.fixture
def token(unit) -> str:
    """The token of an administrator's invitation."""
    with unit() as work:
        return builders.link_token(work, builders.main_account(work, builders.customer(work)))


def begin(unit, token: str, caller: Caller, password_hash: str) -> tuple[str, str]:
    """Begin an activation; gives its id and PIN."""
    with unit() as work:
        choice = activations.read_choice(work, Purpose.INVITATION, token)
        activation_id = activations.begin(work, choice, password_hash, GOOD, caller)
    with unit() as work:
        return activation_id, pins.derive(work.secrets, pins.look(work, activation_id).challenge.id)


def test_of_two_activations_confirmed_at_once_exactly_one_wins(at_once, unit, token, units):
    started = [(*begin(unit, token, caller, f"hash of {caller.browser}"), caller) for caller in (HERE, THERE)]
    left, taken = list(started), threading.local()

    def finish(work) -> str:
        if not hasattr(taken, "one"):  # a second try is of the same activation
            taken.one = left.pop()
        activation_id, pin, caller = taken.one
        activations.confirm_pin(work, activation_id, pin, caller)
        return caller.browser

    results = at_once(finish, 2)
    winners = [result for result in results if isinstance(result, str)]
    assert len(winners) == 1
    assert set(results) - set(winners) <= {LinkOver, ActivationOver}
    with units.read() as work:
        account = links.find(work, Purpose.INVITATION, token).account
        assert account.is_active
        assert passwords.credentials(work, account.id).hash == f"hash of {winners[0]}"


def test_one_activation_confirmed_many_times_at_once_is_done_once(at_once, unit, token, units):
    activation_id, pin = begin(unit, token, HERE, "a hash")
    results = at_once(lambda work: activations.confirm_pin(work, activation_id, pin, HERE), 5)
    assert results == [None] * 5
    with units.read() as work:
        assert isinstance(activations.next_step(work, activations.find(work, activation_id, HERE.browser)), Done)


def test_of_many_who_set_a_password_without_pin_by_one_link_one_wins(at_once, unit, units):
    with unit() as work:
        builders.customer(work)
        token = builders.link_token(work, builders.invited_account(work))
    with units.read() as work:
        choice = activations.read_choice(work, Purpose.INVITATION, token)
    results = at_once(lambda work: bool(activations.begin(work, choice, "a hash", GOOD, HERE)), 5)
    assert (results.count(True), results.count(LinkOver)) == (1, 4)


def test_an_activation_ends_after_half_an_hour(unit, token, clock):
    activation_id, pin = begin(unit, token, HERE, "a hash")
    clock.advance(minutes=30)
    with pytest.raises(ActivationOver), unit() as work:
        activations.confirm_pin(work, activation_id, pin, HERE)


def test_the_waiting_hash_is_forgotten_when_the_activation_ends(unit, token, units):
    activation_id, _ = begin(unit, token, HERE, "a hash")
    with unit() as work:
        account = links.find(work, Purpose.INVITATION, token).account
        invitations.resend(work, account.customer_id, account.id)
    with units.read() as work:
        found = activations.find(work, activation_id, HERE.browser)
    assert (found.ended_at is not None, found.password_hash) == (True, None)


def test_an_account_deactivated_meanwhile_is_not_activated(unit, token, units):
    activation_id, pin = begin(unit, token, HERE, "a hash")
    with unit() as work:
        account = links.find(work, Purpose.INVITATION, token).account
        work.db.execute(update(Account).where(Account.id == account.id).values(locked_at=work.now))
    with pytest.raises(ActivationOver), unit() as work:
        activations.confirm_pin(work, activation_id, pin, HERE)
    with units.read() as work:
        assert accounts.find(work, account.id).activated_at is None


def test_of_many_requests_at_once_three_links_an_hour_are_sent(at_once, admin, units):
    at_once(lambda work: resets.send_link(work, admin.id), 6)
    with units.read() as work:
        rows = work.db.execute(select(func.count(), func.count(PasswordReset.ended_at))).one()
    assert tuple(rows) == (3, 2)
