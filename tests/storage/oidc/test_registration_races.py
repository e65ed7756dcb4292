"""Clients that manage themselves many times at the same moment, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import flask
import pytest
from sqlalchemy import func, select

from idp.directory.accounts import Account
from idp.oidc.authorization import consent
from idp.oidc.clients import initial_tokens, registration
from idp.oidc.clients.tables import Client, ClientSecret
from idp.oidc.logout import backchannel
from idp.outbox.tables import Job
from idp.unit_of_work import Units, retry_once
from tests.http.oidc.browsing import REDIRECT_URI, registered
from tests.http.oidc.registration.conftest import Registrar, bearer

MANY = 6


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all at the same moment; give what came of them in order."""
    start = Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        start.wait(10)
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(one, acts))


@pytest.fixture
def registrar(app: flask.Flask, units: Units) -> Registrar:
    """Somebody whom the operator lets register one client."""
    with units.write() as work:
        made = initial_tokens.create(work, "the tests", uses=1)
    return Registrar(app, made.secret)


def count(units: Units, table: type) -> int:
    with units.read() as work:
        return int(work.db.execute(select(func.count()).select_from(table)).scalar_one())


def test_rfc7591_3_a_token_for_one_client_registers_one_however_many_ask(app: flask.Flask, registrar: Registrar, units: Units) -> None:
    answers = at_once(*[lambda: Registrar(app, registrar.token).register()] * MANY)
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * (MANY - 1)
    assert count(units, Client) == 1


def test_rfc7592_updates_at_the_same_moment_leave_one_whole_client(app: flask.Flask, registrar: Registrar, units: Units) -> None:
    made = registrar.made()
    path, headers = f"/register/{made['client_id']}", bearer(made["registration_access_token"])

    def update(number: int) -> Any:
        method = "none" if number % 2 else "client_secret_basic"
        document = {"client_id": made["client_id"], "redirect_uris": [f"{REDIRECT_URI}/{number}"], "client_name": f"Name {number}"}
        return app.test_client().put(path, json=document | {"token_endpoint_auth_method": method}, headers=headers)

    answers = at_once(*[lambda number=number: update(number) for number in range(MANY)])
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert 200 in {answer.status_code for answer in answers}
    told = app.test_client().get(path, headers=headers).json
    assert told["redirect_uris"] == [f"{REDIRECT_URI}/{told['client_name'].removeprefix('Name ')}"]
    assert count(units, ClientSecret) == (0 if told["token_endpoint_auth_method"] == "none" else 1)


def test_rfc7592_2_3_of_deletions_and_updates_at_the_same_moment_nothing_is_left(
    app: flask.Flask, registrar: Registrar, units: Units
) -> None:
    made = registrar.made()
    path, headers = f"/register/{made['client_id']}", bearer(made["registration_access_token"])
    document = {"client_id": made["client_id"], "redirect_uris": [REDIRECT_URI]}

    def remove() -> Any:
        return app.test_client().delete(path, headers=headers)

    def update() -> Any:
        return app.test_client().put(path, json=document, headers=headers)

    statuses = [answer.status_code for answer in at_once(remove, update, remove, update, remove, update)]
    assert statuses[::2].count(204) == 1
    assert set(statuses) <= {200, 204, 401, 503}
    assert (count(units, Client), count(units, ClientSecret)) == (0, 0)


def test_of_renewals_of_a_registration_token_at_the_same_moment_the_last_counts(registrar: Registrar, units: Units) -> None:
    made = registrar.made()

    def renew() -> str:
        with units.write() as work:
            return registration.renew_token(work, made["client_id"])

    tokens = at_once(*[lambda: retry_once(renew)] * MANY)
    assert [registrar.managing(made, token=token).status_code for token in tokens].count(200) == 1


def test_a_consent_that_is_revoked_many_times_at_once_is_told_once(units: Units, account: Account) -> None:
    with units.write() as work:
        client = registered(work, "listening", first_party=False, backchannel_logout_uri="https://app.example/logout").client
        consent.remember(work, client, account.id, ("openid",))

    def revoke() -> bool:
        with units.write() as work:
            return consent.revoke(work, account.id, client.id)

    assert at_once(*[lambda: retry_once(revoke)] * MANY).count(True) == 1
    with units.read() as work:
        assert len(work.db.execute(select(Job.id).where(Job.kind == backchannel.KIND)).all()) == 1
