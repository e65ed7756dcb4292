"""Nothing of another customer is reachable by any request of the console, whatever its routes will be."""

import flask
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from idp.database import Base
from idp.directory import access_requests
from idp.directory.access_requests import AccessWish
from tests import builders
from tests.http.console.administrator import new_person
from tests.visitor import deliver, mails_of

OTHER = "2300230"
WATCHED = ("accounts", "invitations", "contract_grants", "contact_changes", "access_requests", "jobs", "customers")


@pytest.fixture
def foreign(app: flask.Flask, unit, units) -> dict[str, list[str]]:
    """The ids of another customer's accounts (one of each kind) and access request, by the names of the routes' parameters."""
    with unit() as work:
        other = builders.customer(work, OTHER)
        people = [builders.administrator(work, other), builders.active_account(work, other), builders.invited_account(work, other)]
        wish = AccessWish(
            customer_number=OTHER, given_name="Nora", family_name="Neu", email="nora@example.net", username="nora.neu", locale="de"
        )
        access_requests.receive(work, wish, network="192.0.2.9")
    deliver(app)
    token = mails_of(app, "nora@example.net")[-1].link.rpartition("/")[2]
    with unit() as work:
        access_requests.verify(work, token)
        (request,) = access_requests.list_waiting(work, other.id)
    deliver(app)
    return {"account_id": [person.id for person in people], "request_id": [request.id]}


def targets(app: flask.Flask) -> list[tuple[str, str, str]]:
    """Every route of the console that takes an id: method, rule, name of the parameter."""
    return [
        (method, rule.rule, next(iter(rule.arguments)))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("console") and rule.arguments
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]


def snapshot(units) -> dict[str, list[tuple]]:
    """Everything that a request could change."""
    with units.read() as work:
        return {name: sorted(map(tuple, work.db.execute(select(Base.metadata.tables[name])).all()), key=repr) for name in WATCHED}


def ask(console, method: str, rule: str, parameter: str, value: str):
    """Send one request with an id in its address, and everything that a form could carry."""
    address = rule.replace(f"<{parameter}>", value)
    if method == "GET":
        return console.visitor.client.get(address)
    fields = {name: said for name, said in new_person().items() if isinstance(said, str)}
    return console.visitor.client.post(address, data=fields | {"csrf_token": console.token, "send_at": "2026-04-01T10:00"})


def test_another_customers_ids_are_found_by_no_route_and_nothing_changes(console, app, units, foreign) -> None:
    routes = targets(app)
    assert {parameter for _, _, parameter in routes} == set(foreign)
    before = snapshot(units)
    for method, rule, parameter in routes:
        for value in foreign[parameter]:
            assert ask(console, method, rule, parameter, value).status_code == 404, (method, rule)
    assert snapshot(units) == before


def test_no_page_shows_anything_of_another_customer(console, app, foreign) -> None:
    pages = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("console.") and not rule.arguments]
    for page in pages:
        for query in ("", f"?search={OTHER}", "?search=nora", "?search=example.net"):
            shown = console.visitor.client.get(page + query).text
            shown = shown.replace(query[8:], "") if query else shown
            assert not any(said in shown for said in (OTHER, "nora", *foreign["account_id"], *foreign["request_id"])), page + query


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=st.text(st.characters(blacklist_characters="/?#\\", blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_made_up_ids_are_never_more_than_not_found(console, app, value: str) -> None:
    for method, rule, parameter in targets(app):
        assert ask(console, method, rule, parameter, value).status_code < 500
