"""A drill: an installation is exported, read into a new database of the other kind, and people and apps go on there."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import flask
import pytest
from sqlalchemy import create_engine, select

from idp import audit, messaging
from idp.authn import sessions
from idp.authn.events import EndReason
from idp.messaging import demo
from idp.oidc.authorization.tables import Consent
from idp.oidc.keys.ring import ring_of
from idp.operations.export import export
from idp.operations.restore import restore
from idp.outbox.jobs import release_held
from idp.unit_of_work import OPERATOR_AT_SHELL, SYSTEM, Units
from tests import builders
from tests.conftest import MASTER_SECRET, NOON, closing_app, make_settings
from tests.http.oidc.browsing import Browser, csrf_token, registered, with_password
from tests.http.oidc.relying import RelyingParty, claims_of
from tests.migrated import empty_database, postgres_migrated, sqlite_migrated
from tests.signing_keys import add_signing_keys
from tests.visitor import deliver

__all__ = ["empty_database", "postgres_migrated", "sqlite_migrated"]


def units_of(app: flask.Flask) -> Units:
    return app.extensions["idp.units"]


class Drill:
    """What stood in the old installation, and the new one with a copy of it."""

    def __init__(self, old: flask.Flask) -> None:
        self.old = old
        with units_of(old).write(SYSTEM) as work:
            registered(work)
            registered(work, "pairwise", subject_type="pairwise")
            registered(work, "third", first_party=False)
        self.person = with_password(units_of(old), builders.administrator)

    def signed_in(self, app: flask.Flask, client_id: str) -> dict[str, Any]:
        browser, party = Browser(app), RelyingParty(app, client_id)
        asked = {"client_id": client_id, "scope": "openid offline_access"}
        resumed = browser.sign_in(browser.authorize(**asked), self.person)
        code = browser.get(resumed.location).location.partition("code=")[2].partition("&")[0]
        answer = party.redeem(code)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def consent_to(self, client_id: str) -> None:
        browser = Browser(self.old)
        asked = browser.authorize(client_id=client_id, scope="openid profile")
        page = browser.get(browser.sign_in(asked, self.person).location)
        form = {"csrf_token": csrf_token(page), "account": self.person.id, "decision": "allow"}
        assert "code=" in browser.get(browser.post(f"{page.request.path}/consent", form).location).location

    def signed_in_browser(self) -> Browser:
        browser = Browser(self.old)
        browser.sign_in(browser.authorize(), self.person)
        assert "code=" in browser.authorize(prompt="none").location
        return browser


@pytest.fixture
def kinds(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Of which kinds the old and the new database are."""
    return getattr(request, "param", ("sqlite", "sqlite"))


@pytest.fixture
def opened(tmp_path: Path, clock) -> Iterator[Any]:
    """Start an installation on a database."""
    with ExitStack() as at_end:

        def start(database: str) -> flask.Flask:
            return at_end.enter_context(closing_app(make_settings(database, tmp_path), clock))

        yield start


@pytest.fixture
def drill(kinds: tuple[str, str], empty_database, opened) -> Drill:
    database = empty_database(kinds[0])
    engine = create_engine(database)
    add_signing_keys(engine, MASTER_SECRET, NOON)
    engine.dispose()
    return Drill(opened(database))


@pytest.fixture
def moved(drill: Drill, kinds: tuple[str, str], empty_database, opened, tmp_path: Path):
    """Export, and import into a new database; gives the installation on it."""

    def move(**options: bool) -> flask.Flask:
        export(units_of(drill.old), tmp_path / "backup.jsonl.gz")
        new = opened(empty_database(kinds[1]))
        restore(units_of(new), tmp_path / "backup.jsonl.gz", **options)
        return new

    return move


@pytest.mark.parametrize("kinds", [("sqlite", "postgresql"), ("postgresql", "sqlite")], ids="-to-".join, indirect=True)
def test_after_a_restore_people_and_apps_go_on(drill: Drill, moved, clock) -> None:
    tokens = drill.signed_in(drill.old, "app")
    own_sub = claims_of(drill.signed_in(drill.old, "pairwise")["id_token"])["sub"]
    drill.consent_to("third")
    clock.advance(minutes=5)
    audit.seal(units_of(drill.old))
    with units_of(drill.old).write(SYSTEM) as work:
        given = {row.client_id: row.scopes for row in work.db.execute(select(Consent.client_id, Consent.scopes))}
        assert given
    new = moved()
    # an app's offline access goes on, and what was signed before is still ours
    assert RelyingParty(new).refresh(tokens["refresh_token"]).status_code == 200
    assert ring_of(units_of(new)).current().verify(tokens["id_token"]).claims["sub"] == drill.person.sub
    hinted = Browser(new).get("/end-session", query_string={"id_token_hint": tokens["id_token"]})
    assert hinted.status_code == 200, hinted.text
    # people sign in by password and PIN, and apps know them by the same names
    assert claims_of(drill.signed_in(new, "app")["id_token"])["sub"] == drill.person.sub
    assert claims_of(drill.signed_in(new, "pairwise")["id_token"])["sub"] == own_sub
    with units_of(new).write(SYSTEM) as work:
        assert {row.client_id: row.scopes for row in work.db.execute(select(Consent.client_id, Consent.scopes))} == given
    # the log is what it was, and goes on
    clock.advance(minutes=5)
    assert audit.seal(units_of(new))
    with units_of(new).read() as work:
        found = audit.verify(work)
    assert (found.broken, found.seals, found.unsealed) == ((), 2, 0)


def test_a_restore_revives_no_session_that_ended_since(drill: Drill, moved) -> None:
    session = drill.signed_in_browser()
    new = moved()
    with units_of(drill.old).write(SYSTEM) as work:
        living = sessions.live_of(work, drill.person.id)
        sessions.end(work, [one.id for one in living], EndReason.LOGOUT)
    cookies = session.client._cookies
    session = Browser(new)
    session.client._cookies = cookies
    assert "error=login_required" in session.authorize(prompt="none").location


def test_after_a_move_that_nobody_noticed_sessions_go_on(drill: Drill, moved) -> None:
    session = drill.signed_in_browser()
    cookies = session.client._cookies
    session = Browser(moved(keep_sessions=True))
    session.client._cookies = cookies
    assert "code=" in session.authorize(prompt="none").location


def mails_to(app: flask.Flask, address: str) -> int:
    deliver(app)
    with units_of(app).read() as work:
        return len(demo.messages(work, address))


@pytest.fixture
def waiting(drill: Drill) -> str:
    """The address of somebody whose invitation waits, while a PIN waits too."""
    with units_of(drill.old).write(SYSTEM) as work:
        invited = builders.invited_account(work)
        messaging.send_sms(work, "sms/pin", builders.MOBILE, "de", secret_values={"pin": "1234567"})
    return invited.email


def test_a_restore_sends_nothing_until_it_is_told_to(drill: Drill, moved, waiting: str) -> None:
    new = moved()
    assert mails_to(new, waiting) == 0
    assert mails_to(drill.old, waiting) == 1
    with units_of(new).write(OPERATOR_AT_SHELL) as work:
        assert release_held(work, 10) == 2  # the main contact's too
    assert mails_to(new, waiting) == 1


def test_waiting_messages_leave_if_told_so_but_never_a_pin(moved, waiting: str) -> None:
    new = moved(send_waiting=True)
    sent_to_phone = mails_to(new, builders.MOBILE)
    assert (mails_to(new, waiting), sent_to_phone) == (1, 0)
