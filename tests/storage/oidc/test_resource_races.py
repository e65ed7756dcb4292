"""A resource goes or changes at the very moment at which a client begins to use it, on both databases."""

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from idp.oidc.clients import clients, resources
from idp.oidc.clients.resources import ResourceChangedMeanwhile, ResourceInUse
from idp.oidc.clients.store import clients as client_store
from idp.oidc.clients.store import resources as store
from idp.oidc.protocol import OAuthError
from idp.unit_of_work import Units

IDENTIFIER = "https://phones.example/api"
A_MOMENT = 0.3
"""Seconds in which whoever waits for nobody would be done."""


@pytest.fixture(autouse=True)
def phones(units: Units) -> resources.Resource:
    with units.write() as work:
        return resources.create(work, IDENTIFIER, scopes=["calls:read"])


def register(units: Units) -> None:
    with units.write() as work:
        metadata = {"grant_types": ["client_credentials"], "scope": "calls:read", "resources": [IDENTIFIER]}
        clients.register(work, metadata, client_id="app")


def delete(units: Units) -> None:
    with units.write() as work:
        resources.delete(work, IDENTIFIER)


def take_the_scope_away(units: Units) -> None:
    with units.write() as work:
        resources.change(work, IDENTIFIER, name="", scopes=[], introspection_client_id=None)


def overtaken(
    monkeypatch: pytest.MonkeyPatch, units: Units, first: Callable, statement: Callable, second: Callable
) -> list[BaseException | None]:
    """Let the second begin when the first has run a statement of the store; give what the two ended in."""
    reached, waits = Event(), [True]

    def slowly(*arguments: object, **options: object) -> object:
        found = statement(*arguments, **options)
        if waits.pop() if waits else False:
            reached.set()
            ended.wait(A_MOMENT)
        return found

    monkeypatch.setattr(sys.modules[statement.__module__], statement.__name__, slowly)
    ended = Event()
    with ThreadPoolExecutor(2) as threads:
        running: list[Future] = [threads.submit(first, units)]
        assert reached.wait(10)
        running.append(threads.submit(second, units))
        running[1].add_done_callback(lambda _: ended.set())
        return [one.exception() for one in running]


@pytest.mark.parametrize("change", [delete, take_the_scope_away])
def test_what_a_client_is_being_registered_for_stays(units: Units, monkeypatch: pytest.MonkeyPatch, change: Callable) -> None:
    registered, changed = overtaken(monkeypatch, units, register, store.list_all, change)
    assert registered is None
    assert isinstance(changed, ResourceInUse)


@pytest.mark.parametrize("change", [delete, take_the_scope_away])
def test_a_client_is_not_registered_for_what_is_going(units: Units, monkeypatch: pytest.MonkeyPatch, change: Callable) -> None:
    changed, registered = overtaken(monkeypatch, units, change, client_store.mentioning, register)
    assert changed is None
    assert isinstance(registered, OAuthError)


def test_of_two_changes_of_what_was_seen_one_counts(units: Units, phones: resources.Resource, monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(units: Units) -> None:
        with units.write() as work:
            resources.change(work, IDENTIFIER, name="neu", scopes=phones.scopes, introspection_client_id=None, seen=phones.state)

    first, second = overtaken(monkeypatch, units, rename, store.find_to_change, rename)
    assert first is None
    assert isinstance(second, ResourceChangedMeanwhile)


def test_a_client_that_is_being_deleted_is_let_ask_about_nothing(units: Units, monkeypatch: pytest.MonkeyPatch) -> None:
    with units.write() as work:
        clients.register(work, {"grant_types": ["client_credentials"]}, client_id="gateway")

    def let_ask(units: Units) -> None:
        with units.write() as work:
            resources.change(work, IDENTIFIER, name="", scopes=["calls:read"], introspection_client_id="gateway")

    def delete_client(units: Units) -> None:
        with units.write() as work:
            clients.delete(work, "gateway")

    overtaken(monkeypatch, units, let_ask, store.change, delete_client)
    with units.read() as work:
        assert resources.show(work, IDENTIFIER).introspection_client_id is None
