"""Many redeem the same thing at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import flask
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from idp.authn import sessions
from idp.authn.events import EndReason
from idp.oidc.clients import clients
from idp.oidc.tokens import session_clients, store
from idp.oidc.tokens.grants import Grant
from idp.oidc.tokens.issue import issue
from idp.oidc.tokens.narrowing import Asked
from idp.outbox.tables import Job
from idp.unit_of_work import Units
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty

MANY = 8


@pytest.fixture
def together(app: flask.Flask) -> Callable[[Callable[[RelyingParty], TestResponse]], list[TestResponse]]:
    """Let eight apps of one client do the same at the same moment, each over its own connection."""

    def run(act: Callable[[RelyingParty], TestResponse]) -> list[TestResponse]:
        start = Barrier(MANY)

        def one(party: RelyingParty) -> TestResponse:
            start.wait(10)
            return act(party)

        with ThreadPoolExecutor(MANY) as threads:
            return list(threads.map(one, [RelyingParty(app) for _ in range(MANY)]))

    return run


def test_rfc6749_4_1_2_of_parallel_redemptions_of_a_code_exactly_one_succeeds(party: RelyingParty, signed_in: Browser, together) -> None:
    code = party.code(signed_in)
    answers = together(lambda app: app.redeem(code))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (MANY - 1)
    assert {answer.json["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}


def test_parallel_redemptions_of_a_refresh_token_rotate_once_and_share_the_successor(
    party: RelyingParty, signed_in: Browser, together, clock
) -> None:
    token = party.tokens(signed_in)["refresh_token"]
    answers = together(lambda app: app.refresh(token))
    assert [answer.status_code for answer in answers] == [200] * MANY
    (successor,) = {answer.json["refresh_token"] for answer in answers}
    assert len({answer.json["access_token"] for answer in answers}) == MANY
    assert party.refresh(successor).status_code == 200, "the family lives"


def test_the_same_after_the_grace_revokes_the_family(party: RelyingParty, signed_in: Browser, together, clock) -> None:
    token = party.tokens(signed_in)["refresh_token"]
    successor = party.refresh(token).json["refresh_token"]
    clock.advance(seconds=61)
    answers = together(lambda app: app.refresh(token))
    assert {(answer.status_code, answer.json["error"]) for answer in answers} == {(400, "invalid_grant")}
    assert party.refresh(successor).json["error"] == "invalid_grant"


def test_of_parallel_registrations_of_one_client_id_one_succeeds(app: flask.Flask, units: Units) -> None:
    start = Barrier(MANY)

    def register(_: int) -> bool:
        start.wait(10)
        try:
            with units.write() as work:
                clients.register(work, {"redirect_uris": ["https://app.example/cb"]}, client_id="wanted")
        except clients.ClientIdTaken:
            return False
        return True

    with ThreadPoolExecutor(MANY) as threads:
        assert sorted(threads.map(register, range(MANY))) == [False] * (MANY - 1) + [True]


def test_a_logout_waits_for_a_redemption_and_ends_what_it_issued(app: flask.Flask, units: Units, account, signed_in: Browser) -> None:
    ended = Event()

    def log_out() -> None:
        with units.write() as work:
            sessions.end_all_of(work, [account.id], EndReason.LOGOUT)
        ended.set()

    with units.write() as work:
        browsing.registered(work, backchannel_logout_uri="https://app.example/backchannel-logout")
        (session,) = sessions.live_of(work, account.id)
    with ThreadPoolExecutor(1) as threads:
        with units.write() as work:
            held = sessions.hold(work, session.id)
            assert held
            waiting = threads.submit(log_out)
            assert not ended.wait(0.2)
            client = clients.record(work, "app").client
            grant = Grant(client.id, ("openid",), account_id=account.id, session_id=session.id)
            family = issue(work, grant, client, Asked(), account=account, session=held).family_id
            session_clients.remember(work, session.id, client)
        waiting.result(10)
    with units.read() as work:
        found = store.find_family(work.db, family)
        assert found
        assert found.ended_at
        jobs = work.db.execute(select(Job.payload).where(Job.kind == "logout_token")).scalars().all()
    assert [job["client_id"] for job in jobs] == ["app"]
