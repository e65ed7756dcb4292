"""An administrator sees where a person is signed in, and signs them out there (»abmelden«); their apps hear of it."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.authn import sessions
from idp.authn.areas import Area
from idp.authn.events import EndReason
from idp.authn.sessions import Session
from idp.directory.accounts import Account
from idp.oidc.tokens import session_clients
from idp.outbox.tables import Job
from idp.unit_of_work import Units
from tests import builders
from tests.http.oidc import browsing

PASSWORD_LEVEL = {"acr": "urn:idp:acr:password", "amr": ("pwd",), "signin_id": None, "replaces": None}


@pytest.fixture
def tanja(people) -> Account:
    return people("active_account", username="Tanja.Testerin")


@pytest.fixture
def sign_in(unit) -> Callable[..., Session]:
    """Sign somebody in with a further browser: `sign_in(account, "Firefox, Windows")`."""

    def make(account: Account, device: str, **other: object) -> Session:
        with unit() as work:
            started, _ = sessions.start(work, account, browser="b" * 64, device_label=device, **(PASSWORD_LEVEL | other))
        return started

    return make


def page_of(account: Account) -> str:
    return f"/console/accounts/{account.id}"


def sign_out(account: Account, session: Session | None = None) -> str:
    return page_of(account) + "/sign-out" + (f"?session={session.id}" if session else "")


@pytest.fixture
def live(units: Units) -> Callable[[Account], list[str]]:
    """The devices on which somebody is signed in."""

    def read(account: Account) -> list[str]:
        with units.read() as work:
            return sorted(session.device_label for session in sessions.live_of(work, account.id))

    return read


def test_the_page_of_an_account_lists_device_since_and_last_use(console, tanja: Account, sign_in, clock) -> None:
    sign_in(tanja, "Firefox, Windows")
    clock.advance(minutes=5)
    sign_in(tanja, "")
    console.open(page_of(tanja))
    assert [(row["Gerät"], row["Angemeldet seit"]) for row in console.rows] == [
        ("Unbekanntes Gerät", "Mo., 02.03.2026, 13:05 Uhr"),
        ("Firefox, Windows", "Mo., 02.03.2026, 13:00 Uhr"),
    ]


def test_without_sessions_there_is_no_list(console, tanja: Account) -> None:
    assert "Wo diese Person angemeldet ist" not in console.open(page_of(tanja)).text


def test_an_ended_or_idle_session_is_not_listed(console, tanja: Account, sign_in, clock, unit) -> None:
    ended = sign_in(tanja, "Ended")
    with unit() as work:
        sessions.end(work, [ended.id], EndReason.LOGOUT)
    sign_in(tanja, "Idle")
    clock.advance(minutes=29)
    console.open(page_of(tanja))
    clock.advance(minutes=2)
    assert "Laufende Sitzungen" not in console.open(page_of(tanja)).text


def test_opening_the_question_changes_nothing(console, tanja: Account, sign_in, live) -> None:
    console.open(sign_out(tanja, sign_in(tanja, "Firefox, Windows")))
    assert console.heading == "Tanja Testerin (Tanja.Testerin) an dieser Stelle abmelden?"
    assert live(tanja) == ["Firefox, Windows"]


def test_one_session_ends_and_the_others_live_on(console, tanja: Account, sign_in, live) -> None:
    first = sign_in(tanja, "Firefox, Windows")
    sign_in(tanja, "Safari, iPhone")
    console.submit(sign_out(tanja, first))
    console.follow()
    assert console.flashes == ["Tanja Testerin ist abgemeldet."]
    assert live(tanja) == ["Safari, iPhone"]


def test_all_sessions_end_at_once(console, tanja: Account, sign_in, live) -> None:
    sign_in(tanja, "Firefox, Windows")
    sign_in(tanja, "Safari, iPhone")
    console.open(sign_out(tanja))
    assert console.heading == "Tanja Testerin (Tanja.Testerin) überall abmelden?"
    console.submit(sign_out(tanja))
    assert live(tanja) == []


def test_the_apps_are_told_by_the_back_channel(console, tanja: Account, sign_in, unit, units: Units) -> None:
    session = sign_in(tanja, "Firefox, Windows")
    with unit() as work:
        client = browsing.registered(work, backchannel_logout_uri="https://app.example/backchannel").client
        sid = session_clients.remember(work, session.id, client)
    console.submit(sign_out(tanja, session))
    with units.read() as work:
        (told,) = work.db.scalars(select(Job.payload).where(Job.kind == "logout_token"))
    assert told == {"client_id": "app", "sid": sid, "account_id": tanja.id}


def test_the_log_says_who_was_signed_out_by_whom(console, max_muster: Account, tanja: Account, sign_in, units: Units) -> None:
    session = sign_in(tanja, "Firefox, Windows")
    console.submit(sign_out(tanja, session))
    with units.read() as work:
        query = select(AuditEvent.actor_id, AuditEvent.account_id, AuditEvent.detail).where(AuditEvent.event == "session.ended")
        (noted,) = work.db.execute(query).all()
    assert noted[:2] == (max_muster.id, tanja.id)
    assert noted.detail == {"reason": "signed_out_by_admin", "sessions": [session.id]}


def test_asking_twice_says_that_it_is_done(console, tanja: Account, sign_in) -> None:
    session = sign_in(tanja, "Firefox, Windows")
    console.submit(sign_out(tanja, session))
    console.submit(sign_out(tanja, session))
    console.follow()
    assert console.flashes[-1] == "Tanja Testerin war bereits abgemeldet."


def test_the_own_running_session_is_marked_and_stays(console, max_muster: Account, sign_in, live) -> None:
    sign_in(max_muster, "Safari, iPhone", acr="urn:idp:acr:mfa", amr=("pwd", "sms", "mfa"))
    console.open(page_of(max_muster))
    assert {row["Gerät"] for row in console.rows} == {"Test (diese Sitzung)", "Safari, iPhone"}
    assert "An allen anderen Stellen abmelden" in console.page.text
    console.submit(sign_out(max_muster))
    assert live(max_muster) == ["Test"]


def test_the_session_of_another_person_is_not_ended_by_its_id(console, tanja: Account, people, sign_in, live) -> None:
    other = people("active_account")
    session = sign_in(other, "Firefox, Windows")
    console.submit(sign_out(tanja, session))
    assert live(other) == ["Firefox, Windows"]


def test_another_customers_person_is_not_found(console, unit, sign_in, live) -> None:
    with unit() as work:
        stranger = builders.active_account(work, builders.customer(work, builders.OTHER_NUMBER))
    session = sign_in(stranger, "Firefox, Windows")
    assert console.post(sign_out(stranger, session)).status_code == 404
    assert console.post(sign_out(stranger)).status_code == 404
    assert live(stranger) == ["Firefox, Windows"]


def test_without_token_nothing_ends(console, tanja: Account, sign_in, live) -> None:
    sign_in(tanja, "Firefox, Windows")
    assert console.visitor.post(sign_out(tanja)).status_code == 400
    assert live(tanja) == ["Firefox, Windows"]


@pytest.mark.parametrize("session", ["%00", "x" * 3000, "%ED%A0%80", "' OR 1=1 --"])
def test_an_impossible_session_ends_nothing(console, tanja: Account, sign_in, live, session: str) -> None:
    sign_in(tanja, "Firefox, Windows")
    assert console.post(f"{page_of(tanja)}/sign-out?session={session}").status_code == 303
    assert live(tanja) == ["Firefox, Windows"]


def test_a_staff_session_is_no_session_of_the_public_area(unit, sign_in, units: Units) -> None:
    with unit() as work:
        operator = builders.staff_account(work)
    session = sign_in(operator, "Firefox, Windows", area=Area.STAFF)
    with units.read() as work:
        assert sessions.find_by_id(work, session.id) is None
        assert sessions.hold(work, session.id) is None
        assert sessions.live_of(work, operator.id) == []
        assert sessions.find_by_id(work, session.id, Area.STAFF) == session


def test_a_device_name_is_shown_as_text(console, tanja: Account, sign_in) -> None:
    sign_in(tanja, "<script>alert(1)</script>")
    page = console.open(page_of(tanja)).text
    assert "<script>alert" not in page
    assert re.search("&lt;script&gt;alert", page)
