"""Secrets are renewed with an overlap; apps are switched off and on, and deleted."""

from sqlalchemy import select

from idp.audit.tables import AuditEvent
from idp.oidc.clients import clients
from idp.unit_of_work import Units
from tests.http.oidc import browsing
from tests.http.oidc.browsing import Browser
from tests.http.oidc.relying import RelyingParty
from tests.http.staff.operating import APP, confirmed, known_ids, record, said, shown_values
from tests.visitor import Visitor


def accepts(app, secret: str) -> bool:
    relying = RelyingParty(app)
    relying.auth = ("app", secret)
    return relying.post("/introspect", {"token": "x"}).status_code == 200


def test_a_new_secret_overlaps_with_the_old_one_until_that_is_ended(staff: Visitor, app, registered, clock) -> None:
    registered()
    first = browsing.secret_of("app")
    clock.advance(minutes=1)
    page = confirmed(staff, f"{APP}/secret")
    assert page.status_code == 201
    second = shown_values(page.text)[1]
    assert accepts(app, first)
    assert accepts(app, second)
    assert "Altes Secret, noch gültig" in staff.open(APP).text
    assert confirmed(staff, f"{APP}/secret/end-old").status_code == 303
    assert not accepts(app, first)
    assert accepts(app, second)


def test_a_third_secret_ends_the_first(staff: Visitor, app, registered, clock) -> None:
    registered()
    made = []
    for _ in range(2):
        clock.advance(minutes=1)
        made.append(shown_values(confirmed(staff, f"{APP}/secret").text)[1])
    assert not accepts(app, browsing.secret_of("app"))
    assert all(accepts(app, secret) for secret in made)


def test_asking_for_a_new_secret_twice_makes_one(staff: Visitor, app, registered, clock, units: Units) -> None:
    registered()
    clock.advance(minutes=1)
    staff.open(f"{APP}/secret")
    fields = staff.form("seen").fields
    assert staff.post(f"{APP}/secret", **fields).status_code == 201
    clock.advance(seconds=1)
    assert staff.post(f"{APP}/secret", **fields).location == APP
    assert accepts(app, browsing.secret_of("app"))
    with units.read() as work:
        assert len(clients.secrets_made_at(work, "app")) == 2


def test_a_form_that_says_nothing_of_what_was_seen_makes_no_secret(staff: Visitor, registered, units: Units) -> None:
    registered()
    staff.open(f"{APP}/secret")
    token = staff.form("seen").fields["csrf_token"]
    for seen in ("", "nonsense", "2026-03-02T12:00:00"):
        assert staff.post(f"{APP}/secret", csrf_token=token, seen=seen).status_code == 303
    with units.read() as work:
        assert len(clients.secrets_made_at(work, "app")) == 1


def test_an_app_without_secret_is_offered_none(staff: Visitor, registered) -> None:
    registered(token_endpoint_auth_method="none")
    assert "Secret" not in said(staff.open(APP).text)
    staff.open(f"{APP}/secret")
    assert staff.address == APP


def test_switching_off_ends_the_tokens_and_switching_on_brings_none_back(staff: Visitor, app, registered, units: Units) -> None:
    registered()
    account = browsing.with_password(units, browsing.phone_admin)
    browser = Browser(app)
    browser.with_session(account)
    relying = RelyingParty(app)
    tokens = relying.tokens(browser)
    assert confirmed(staff, f"{APP}/disable").status_code == 303
    assert relying.userinfo(tokens["access_token"]).status_code == 401
    assert relying.refresh(tokens["refresh_token"]).status_code == 401
    assert confirmed(staff, f"{APP}/enable").status_code == 303
    assert relying.userinfo(tokens["access_token"]).status_code == 401
    assert relying.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_opening_the_questions_changes_nothing(staff: Visitor, registered, units: Units) -> None:
    registered()
    before = record(units, "app")
    for page in ("disable", "enable", "delete", "secret", "secret/end-old"):
        staff.open(f"{APP}/{page}")
    assert record(units, "app") == before


def test_deleting_names_the_app_and_is_final(staff: Visitor, registered, units: Units, operator) -> None:
    registered(client_name="Kalender")
    staff.open(f"{APP}/delete")
    assert staff.heading == "Kalender (app) löschen?"
    confirmed(staff, f"{APP}/delete")
    assert known_ids(units) == []
    assert staff.open(APP).status_code == 404
    with units.read() as work:
        query = select(AuditEvent.actor_kind, AuditEvent.actor_id).where(AuditEvent.event == "client.deleted")
        assert work.db.execute(query).all() == [("staff", operator.id)]
